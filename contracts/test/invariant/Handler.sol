// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckToken} from "../../src/DuckToken.sol";
import {JobMarket} from "../../src/JobMarket.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {Allotment, Voucher} from "../../src/types/Signed.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Three payers and three providers doing everything the contracts offer, in any order. Each action folds its
/// arguments into what is allowed, so a revert is a bug. After each action no cover may have shrunk but the one that
/// the action is about.
contract Handler {
    uint256 public constant ACTORS = 3;

    DuckToken private immutable token;
    ProviderRegistry private immutable registry;
    JobMarket private immutable market;

    /// @notice Sum of what redemptions said they paid, per provider and per channel.
    mapping(address => uint256) public paidTo;
    mapping(address => mapping(address => uint256)) public paidBy;
    /// @notice Sum of what left the market by withdrawEarned, per provider.
    mapping(address => uint256) public earnedOut;
    /// @notice Highest `redeemed` ever seen per channel.
    mapping(address => mapping(address => uint256)) public highest;

    uint64 private nonce;
    uint256[9] private covers;

    constructor(DuckToken token_, ProviderRegistry registry_, JobMarket market_) {
        (token, registry, market) = (token_, registry_, market_);
    }

    /// @dev `payer` and `provider` are indices; a cover may shrink only for that pair and only if `mayShrink`
    modifier guarded(uint256 payer, uint256 provider, bool mayShrink) {
        for (uint256 i = 0; i < 9; ++i) {
            covers[i] = coverOf(i);
        }
        _;
        for (uint256 i = 0; i < 9; ++i) {
            if (i == (payer % 3) * 3 + provider % 3) {
                if (!mayShrink) vm.assertGe(coverOf(i), covers[i], "cover shrank");
            } else {
                vm.assertEq(coverOf(i), covers[i], "foreign cover changed");
            }
        }
    }

    function payerKey(uint256 i) public pure returns (uint256) {
        return 0xAA00 + (i % ACTORS);
    }

    function payerOf(uint256 i) public pure returns (address) {
        return vm.addr(payerKey(i));
    }

    function providerOf(uint256 i) public pure returns (address) {
        return address(uint160(0x500 + (i % ACTORS)));
    }

    function pass(uint256 time) external guarded(0, 0, false) {
        vm.warp(block.timestamp + (time % 5 days));
    }

    function deposit(uint256 from, uint256 payer, uint256 amount) external guarded(0, 0, false) {
        uint96 value = fold(amount, token.balanceOf(payerOf(from)));
        if (value == 0) return;
        vm.prank(payerOf(from));
        market.deposit(payerOf(payer), value);
    }

    function depositWithPermit(uint256 payer, uint256 amount) external guarded(0, 0, false) {
        uint96 value = fold(amount, token.balanceOf(payerOf(payer)));
        if (value == 0) return;
        vm.prank(payerOf(payer));
        market.depositWithPermit(value, 0, 27, 0, 0);
    }

    function startWithdraw(uint256 payer, uint256 amount) external guarded(0, 0, false) {
        (uint96 free, uint96 thawing,) = market.accounts(payerOf(payer));
        uint96 value = fold(amount, free + thawing);
        if (value == 0) return;
        vm.prank(payerOf(payer));
        market.startWithdraw(value);
    }

    function cancelWithdraw(uint256 payer) external guarded(0, 0, false) {
        (, uint96 thawing,) = market.accounts(payerOf(payer));
        if (thawing == 0) return;
        vm.prank(payerOf(payer));
        market.cancelWithdraw();
    }

    function withdraw(uint256 payer) external guarded(0, 0, false) {
        (, uint96 thawing, uint64 thawEnd) = market.accounts(payerOf(payer));
        if (thawing == 0 || block.timestamp < thawEnd) return;
        uint256 before = token.balanceOf(payerOf(payer));
        vm.prank(payerOf(payer));
        market.withdraw(payerOf(payer));
        vm.assertEq(token.balanceOf(payerOf(payer)) - before, thawing);
    }

    function allot(uint256 payer, uint256 provider, uint256 amount) external guarded(payer, provider, false) {
        (uint96 free,,) = market.accounts(payerOf(payer));
        uint96 value = fold(amount, free);
        if (value == 0) return;
        vm.prank(payerOf(payer));
        market.allot(providerOf(provider), value);
    }

    function allotBySig(uint256 payer, uint256 provider, uint256 amount) external guarded(payer, provider, false) {
        (uint96 free,,) = market.accounts(payerOf(payer));
        uint96 value = fold(amount, free);
        if (value == 0) return;
        uint64 deadline = uint64(block.timestamp);
        Allotment memory a = Allotment(payerOf(payer), providerOf(provider), value, nonce++, deadline);
        bytes32 digest =
            Signing.allotmentDigest(registry.domainSeparator(), a.payer, a.provider, a.amount, a.nonce, a.deadline);
        market.allotBySig(a, Signing.long(payerKey(payer), digest));
    }

    function startUnallot(uint256 payer, uint256 provider, uint256 amount) external guarded(payer, provider, true) {
        (uint96 allotted, uint96 redeemed,,) = market.channels(payerOf(payer), providerOf(provider));
        uint96 value = fold(amount, allotted - redeemed);
        if (value == 0) return;
        vm.prank(payerOf(payer));
        market.startUnallot(providerOf(provider), value);
    }

    function cancelUnallot(uint256 payer, uint256 provider) external guarded(payer, provider, false) {
        (,, uint96 thawing,) = market.channels(payerOf(payer), providerOf(provider));
        if (thawing == 0) return;
        vm.prank(payerOf(payer));
        market.cancelUnallot(providerOf(provider));
    }

    function finishUnallot(uint256 payer, uint256 provider) external guarded(payer, provider, false) {
        (,, uint96 thawing, uint64 thawEnd) = market.channels(payerOf(payer), providerOf(provider));
        if (thawing == 0 || block.timestamp < thawEnd) return;
        vm.prank(payerOf(payer));
        market.finishUnallot(providerOf(provider));
    }

    function unallot(uint256 payer, uint256 provider) external guarded(payer, provider, true) {
        (uint96 allotted, uint96 redeemed,,) = market.channels(payerOf(payer), providerOf(provider));
        if (allotted == redeemed) return;
        vm.prank(providerOf(provider));
        market.unallot(payerOf(payer));
    }

    function finalizeJob(uint256 payer, uint256 provider, uint256 amount) external guarded(payer, provider, true) {
        Voucher memory voucher = nextVoucher(payer, provider, amount);
        if (voucher.cumulative == 0) return;
        uint96 paid = market.finalizeJob(voucher, Signing.long(payerKey(payer), digestOf(voucher)));
        note(voucher, paid);
    }

    /// @dev one batch of all payers for one provider, with a stale copy of each voucher behind it
    function finalizeJobs(uint256 provider, uint256[3] calldata amounts) external {
        bytes memory packed;
        for (uint256 i = 0; i < ACTORS; ++i) {
            Voucher memory voucher = nextVoucher(i, provider, amounts[i]);
            bytes memory signature = Signing.short(payerKey(i), digestOf(voucher));
            packed = abi.encodePacked(packed, voucher.payer, voucher.cumulative, signature);
            packed = abi.encodePacked(packed, voucher.payer, voucher.cumulative, signature);
        }
        uint256[3] memory before;
        for (uint256 i = 0; i < ACTORS; ++i) {
            (, before[i]) = totals(i, provider);
        }
        uint256 sum = 0;
        uint256 total = market.finalizeJobs(providerOf(provider), packed);
        for (uint256 i = 0; i < ACTORS; ++i) {
            (, uint256 afterwards) = totals(i, provider);
            uint96 paid = uint96(afterwards - before[i]);
            sum += paid;
            note(Voucher(payerOf(i), providerOf(provider), uint96(afterwards), 0), paid);
        }
        vm.assertEq(sum, total, "batch total");
    }

    function startWithdrawEarned(uint256 provider, uint256 amount) external guarded(0, 0, false) {
        (uint96 total,,) = market.earned(providerOf(provider));
        uint96 value = fold(amount, total);
        if (value == 0) return;
        vm.prank(providerOf(provider));
        market.startWithdrawEarned(value);
    }

    function cancelWithdrawEarned(uint256 provider) external guarded(0, 0, false) {
        (, uint96 thawing,) = market.earned(providerOf(provider));
        if (thawing == 0) return;
        vm.prank(providerOf(provider));
        market.cancelWithdrawEarned();
    }

    function withdrawEarned(uint256 provider) external guarded(0, 0, false) {
        (, uint96 thawing, uint64 thawEnd) = market.earned(providerOf(provider));
        if (thawing == 0 || block.timestamp < thawEnd) return;
        vm.prank(providerOf(provider));
        market.withdrawEarned(providerOf(provider));
        earnedOut[providerOf(provider)] += thawing;
    }

    function addStake(uint256 provider, uint256 amount) external guarded(0, 0, false) {
        uint96 value = fold(amount, token.balanceOf(providerOf(provider)));
        if (value == 0) return;
        vm.prank(providerOf(provider));
        registry.addStake(value);
    }

    function startUnstake(uint256 provider, uint256 amount) external guarded(0, 0, false) {
        uint96 value = fold(amount, registry.providers(providerOf(provider)).stake);
        if (value == 0) return;
        vm.prank(providerOf(provider));
        registry.startUnstake(value);
    }

    function cancelUnstake(uint256 provider) external guarded(0, 0, false) {
        if (registry.providers(providerOf(provider)).thawing == 0) return;
        vm.prank(providerOf(provider));
        registry.cancelUnstake();
    }

    function withdrawStake(uint256 provider) external guarded(0, 0, false) {
        IProviderRegistry.Provider memory p = registry.providers(providerOf(provider));
        if (p.thawing == 0 || block.timestamp < p.thawEnd) return;
        vm.prank(providerOf(provider));
        registry.withdrawStake(providerOf(provider));
    }

    function setPeer(uint256 provider, bytes32 peerKey) external guarded(0, 0, false) {
        if (peerKey == 0) return;
        vm.prank(providerOf(provider));
        registry.setPeer(peerKey, "");
    }

    function totals(uint256 payer, uint256 provider) public view returns (uint256 allotted, uint256 redeemed) {
        (allotted, redeemed,,) = market.channels(payerOf(payer), providerOf(provider));
    }

    function coverOf(uint256 pair) private view returns (uint256) {
        return market.capacity(payerOf(pair / 3), providerOf(pair % 3));
    }

    /// @dev a voucher above what is redeemed and within the allotment; cumulative zero when there is no room
    function nextVoucher(uint256 payer, uint256 provider, uint256 amount) private view returns (Voucher memory v) {
        (uint256 allotted, uint256 redeemed) = totals(payer, provider);
        v = Voucher(payerOf(payer), providerOf(provider), 0, 0);
        if (allotted > redeemed) v.cumulative = uint96(redeemed) + fold(amount, allotted - redeemed);
    }

    function note(Voucher memory voucher, uint96 paid) private {
        paidTo[voucher.provider] += paid;
        paidBy[voucher.payer][voucher.provider] += paid;
        vm.assertGe(voucher.cumulative, highest[voucher.payer][voucher.provider], "redeemed fell");
        highest[voucher.payer][voucher.provider] = voucher.cumulative;
    }

    function digestOf(Voucher memory v) private view returns (bytes32) {
        return Signing.voucherDigest(registry.domainSeparator(), v.payer, v.provider, v.cumulative, v.epoch);
    }

    /// @dev `value` folded into [1, most], zero when there is nothing
    function fold(uint256 value, uint256 most) private pure returns (uint96) {
        return most == 0 ? 0 : uint96(1 + value % most);
    }
}
