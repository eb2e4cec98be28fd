// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckToken} from "../../src/DuckToken.sol";
import {JobMarket} from "../../src/JobMarket.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {Durations} from "../../src/types/Durations.sol";
import {Voucher} from "../../src/types/Signed.sol";
import {Expect} from "./Expect.sol";
import {Signing} from "./Signing.sol";
import {vm} from "./Vm.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice A deployment with one provider and two payers, and the words to speak about them.
abstract contract MeshTest is Expect {
    uint256 internal constant ALICE_KEY = 0xA11CE;
    uint256 internal constant BOB_KEY = 0xB0B;
    uint96 internal constant STAKE = 2_000e18;
    uint96 internal constant FUNDS = 10_000e18;
    uint64 internal constant START = 1_800_000_000;

    address internal alice = vm.addr(ALICE_KEY);
    address internal bob = vm.addr(BOB_KEY);
    address internal provider = address(0xD0C);
    address internal operator = address(0x09E7A704);
    address internal other = address(0x07E7);
    address internal relayer = address(0x9E1A);
    address internal disputes = address(0xD15);
    address internal governance = address(0x60E);

    DuckToken internal token;
    ProviderRegistry internal registry;
    JobMarket internal market;

    function setUp() public virtual {
        vm.warp(START);
        token = new DuckToken(address(this));
        (registry, market) = deployPair();
        fund(alice);
        fund(bob);
        fund(relayer);
        register(provider, operator);
        register(other, address(0x07E77));
    }

    /// @notice The public network's waiting times.
    function defaults() internal pure returns (Durations memory) {
        return Durations({
            unbonding: 14 days,
            faultWindow: 7 days,
            dispute: 3 days,
            reserve: 3 days,
            escrowThaw: 3 days,
            earnedThaw: 3 days,
            slashLock: 2 days,
            redeemPeriod: 3 days,
            epoch: 1 hours,
            turn: 1 minutes
        });
    }

    function deployPair() internal returns (ProviderRegistry newRegistry, JobMarket newMarket) {
        address marketAddress = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        newRegistry = new ProviderRegistry(IERC20(address(token)), marketAddress, disputes, governance, defaults());
        newMarket = new JobMarket(newRegistry);
    }

    function fund(address who) internal {
        token.mint(who, FUNDS);
        vm.prank(who);
        token.approve(address(market), type(uint256).max);
    }

    function register(address owner, address operatorKey) internal {
        token.mint(owner, STAKE);
        vm.prank(owner);
        token.approve(address(registry), type(uint256).max);
        vm.prank(owner);
        registry.registerProvider(operatorKey, bytes32(uint256(uint160(owner))), "/ip4/127.0.0.1/tcp/1", "", STAKE);
    }

    function deposit(address payer, uint96 amount) internal {
        vm.prank(payer);
        market.deposit(payer, amount);
    }

    function allot(address payer, address to, uint96 amount) internal {
        vm.prank(payer);
        market.allot(to, amount);
    }

    /// @notice Deposits and allots `amount` to the provider.
    function open(address payer, uint96 amount) internal {
        deposit(payer, amount);
        allot(payer, provider, amount);
    }

    function voucherOf(address payer, uint96 cumulative) internal view returns (Voucher memory) {
        return Voucher(payer, provider, cumulative, 0);
    }

    function digestOf(Voucher memory v) internal view returns (bytes32) {
        return Signing.voucherDigest(registry.domainSeparator(), v.payer, v.provider, v.cumulative, v.epoch);
    }

    /// @notice Redeems a voucher of the payer with `key` alone, sent by the relayer.
    function redeem(uint256 key, uint96 cumulative) internal returns (uint96) {
        Voucher memory voucher = voucherOf(vm.addr(key), cumulative);
        bytes memory signature = Signing.long(key, digestOf(voucher));
        vm.prank(relayer);
        return market.finalizeJob(voucher, signature);
    }

    /// @notice One entry of a batch for the provider.
    function entry(uint256 key, uint96 cumulative) internal view returns (bytes memory) {
        Voucher memory voucher = voucherOf(vm.addr(key), cumulative);
        return abi.encodePacked(voucher.payer, cumulative, Signing.short(key, digestOf(voucher)));
    }

    function redeemBatch(bytes memory packed) internal returns (uint96) {
        vm.prank(relayer);
        return market.finalizeJobs(provider, packed);
    }

    function freeOf(address payer) internal view returns (uint96 free) {
        (free,,) = market.accounts(payer);
    }

    function redeemedOf(address payer) internal view returns (uint96 redeemed) {
        (, redeemed,,) = market.channels(payer, provider);
    }

    function allottedOf(address payer) internal view returns (uint96 allotted) {
        (allotted,,,) = market.channels(payer, provider);
    }

    function thawingOf(address payer) internal view returns (uint96 thawing) {
        (,, thawing,) = market.channels(payer, provider);
    }

    function earnedOf(address who) internal view returns (uint96 total) {
        (total,,) = market.earned(who);
    }

    /// @notice `value` folded into [low, high].
    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint96) {
        return uint96(low + (value % (high - low + 1)));
    }

    function providerOf(address owner) internal view returns (IProviderRegistry.Provider memory) {
        return registry.providers(owner);
    }
}
