// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// amounts are folded below 2^96 before they are cast
// forge-lint: disable-start(unsafe-typecast)

import {DuckToken} from "../../src/DuckToken.sol";
import {JobMarket} from "../../src/JobMarket.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {Voucher} from "../../src/types/Signed.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Who acts in the invariant tests, what they remember of it, and what no action may ever do. Payers 0 to 2 are
/// accounts; 3 and 4 are session keys of payers 0 and 1.
abstract contract Actors {
    uint256 public constant PAYERS = 5;
    uint256 public constant ACCOUNTS = 3;
    uint256 public constant PROVIDERS = 3;
    uint256 private constant PAIRS = PAYERS * PROVIDERS;
    address internal constant DISPUTES = address(0xD15);
    address public constant RELAYER = address(0x4E1A);

    DuckToken internal immutable token;
    ProviderRegistry internal immutable registry;
    JobMarket internal immutable market;

    /// @notice Sum of what redemptions said they paid: per provider, per channel, and per service allotment.
    mapping(address => uint256) public paidTo;
    mapping(address => mapping(address => uint256)) public paidBy;
    mapping(address => mapping(address => uint256)) public servedBy;
    /// @notice What of it went to relayers, was slashed, and was withdrawn, per provider.
    mapping(address => uint256) public feesOf;
    mapping(address => uint256) public slashedOf;
    mapping(address => uint256) public earnedOut;
    /// @notice Highest `redeemed` ever seen per channel.
    mapping(address => mapping(address => uint256)) public highest;
    /// @notice Sum of all fees.
    uint256 public fees;
    /// @notice What was paid in the period that runs, and what it may pay.
    mapping(address => uint256) public paidInPeriod;
    mapping(address => uint256) public limitOfPeriod;
    /// @notice The highest cap each session key ever had.
    mapping(address => uint256) public highestCap;

    uint64 internal nonce;
    uint256[PAIRS] private covers;

    constructor(DuckToken token_, ProviderRegistry registry_, JobMarket market_) {
        (token, registry, market) = (token_, registry_, market_);
    }

    /// @dev `payer` and `provider` are indices; a cover may shrink only for that pair and only if `mayShrink`
    modifier guarded(uint256 payer, uint256 provider, bool mayShrink) {
        for (uint256 i = 0; i < PAIRS; ++i) {
            covers[i] = coverOf(i);
        }
        _;
        for (uint256 i = 0; i < PAIRS; ++i) {
            if (i == (payer % PAYERS) * PROVIDERS + provider % PROVIDERS) {
                if (!mayShrink) vm.assertGe(coverOf(i), covers[i], "cover shrank");
            } else {
                vm.assertEq(coverOf(i), covers[i], "foreign cover changed");
            }
        }
    }

    function payerKey(uint256 i) public pure returns (uint256) {
        return 0xAA00 + (i % PAYERS);
    }

    function payerOf(uint256 i) public pure returns (address) {
        return vm.addr(payerKey(i));
    }

    function accountOf(uint256 i) public pure returns (address) {
        return payerOf(i % ACCOUNTS);
    }

    /// @return the number of a session key; its account is that number less 3
    function sessionOf(uint256 i) internal pure returns (uint256) {
        return ACCOUNTS + i % (PAYERS - ACCOUNTS);
    }

    function operatorKey(uint256 i) public pure returns (uint256) {
        return 0xBB00 + (i % PROVIDERS);
    }

    function providerOf(uint256 i) public pure returns (address) {
        return address(uint160(0x500 + (i % PROVIDERS)));
    }

    function totals(uint256 payer, uint256 provider) public view returns (uint256 allotted, uint256 redeemed) {
        (allotted, redeemed,,) = market.channels(payerOf(payer), providerOf(provider));
    }

    function separator() internal view returns (bytes32) {
        return registry.domainSeparator();
    }

    function coverOf(uint256 pair) private view returns (uint256) {
        return market.capacity(payerOf(pair / PROVIDERS), providerOf(pair % PROVIDERS));
    }

    /// @dev what `payer` could allot now: its own money, and what it may draw
    function spendable(uint256 payer) internal view returns (uint256 most) {
        (most,,) = market.accounts(payerOf(payer));
        (address account, uint96 cap, uint96 drawn, uint64 expiry, uint64 thawEnd) = market.sessions(payerOf(payer));
        if (account == address(0) || thawEnd != 0 || block.timestamp >= expiry || drawn >= cap) return most;
        (uint96 there,,) = market.accounts(account);
        most += there < cap - drawn ? there : cap - drawn;
    }

    /// @dev a voucher above what is redeemed and within the allotment; cumulative zero when there is no room
    function nextVoucher(uint256 payer, uint256 provider, uint256 amount) internal view returns (Voucher memory v) {
        (uint256 allotted, uint256 redeemed) = totals(payer, provider);
        v = Voucher(payerOf(payer), providerOf(provider), 0, 0);
        if (allotted > redeemed) v.cumulative = uint96(redeemed) + fold(amount, allotted - redeemed);
    }

    function packedOf(Voucher memory v, uint256 key) internal view returns (bytes memory) {
        bytes32 digest = Signing.voucherDigest(separator(), v.payer, v.provider, v.cumulative, 0);
        return abi.encodePacked(v.payer, v.cumulative, Signing.short(key, digest));
    }

    /// @dev to be called before a redemption: what the period may pay if it begins now
    function openPeriod(address provider) internal returns (uint256 room) {
        uint64 periodEnd;
        (room, periodEnd) = market.redeemable(provider);
        if (periodEnd != 0) return room;
        (limitOfPeriod[provider], paidInPeriod[provider]) = (room, 0);
    }

    function notePaid(address provider, uint256 paid) internal {
        paidTo[provider] += paid;
        paidInPeriod[provider] += paid;
    }

    /// @dev books what the channel shows to have been redeemed since `before`
    function noteChannel(uint256 payer, uint256 provider, uint256 before) internal returns (uint256 paid) {
        (, uint256 redeemed) = totals(payer, provider);
        paid = redeemed - before;
        paidBy[payerOf(payer)][providerOf(provider)] += paid;
        vm.assertGe(redeemed, highest[payerOf(payer)][providerOf(provider)], "redeemed fell");
        highest[payerOf(payer)][providerOf(provider)] = redeemed;
    }

    /// @dev `value` folded into [1, most], zero when there is nothing
    function fold(uint256 value, uint256 most) internal pure returns (uint96) {
        return most == 0 ? 0 : uint96(1 + value % most);
    }
}
