// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckToken} from "../../src/DuckToken.sol";
import {JobMarket} from "../../src/JobMarket.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {Durations} from "../../src/types/Durations.sol";
import {vm} from "../utils/Vm.sol";
import {Handler} from "./Handler.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What must hold after any sequence of calls.
contract MoneyInvariantTest {
    DuckToken private token;
    ProviderRegistry private registry;
    JobMarket private market;
    Handler private handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        token = new DuckToken(address(this));
        address marketAddress = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        Durations memory durations = Durations(14 days, 7 days, 3 days, 3 days, 3 days, 3 days);
        registry = new ProviderRegistry(IERC20(address(token)), marketAddress, durations);
        market = new JobMarket(registry);
        handler = new Handler(token, registry, market);
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            enlist(i);
        }
    }

    /// @dev read by forge: only the handler is called
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_market_holdsExactlyWhatItOwes() public view {
        uint256 owed = 0;
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            (uint96 free, uint96 thawing,) = market.accounts(handler.payerOf(i));
            (uint96 earned,,) = market.earned(handler.providerOf(i));
            owed += uint256(free) + thawing + earned;
            for (uint256 j = 0; j < handler.ACTORS(); ++j) {
                (uint256 allotted, uint256 redeemed) = handler.totals(i, j);
                owed += allotted - redeemed;
            }
        }
        vm.assertEq(token.balanceOf(address(market)), owed);
    }

    function invariant_registry_holdsExactlyTheStakes() public view {
        uint256 stakes = 0;
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            stakes += registry.providers(handler.providerOf(i)).stake;
        }
        vm.assertEq(token.balanceOf(address(registry)), stakes);
    }

    function invariant_channels_keepTheirOrder() public view {
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            for (uint256 j = 0; j < handler.ACTORS(); ++j) {
                checkChannel(handler.payerOf(i), handler.providerOf(j));
            }
        }
    }

    function invariant_thaws_areWithinTheirMoney() public view {
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            (, uint96 thawing, uint64 thawEnd) = market.accounts(handler.payerOf(i));
            vm.assertEq(thawing == 0, thawEnd == 0);
            (uint96 earned, uint96 earnedThawing, uint64 earnedEnd) = market.earned(handler.providerOf(i));
            vm.assertLe(earnedThawing, earned);
            vm.assertEq(earnedThawing == 0, earnedEnd == 0);
            IProviderRegistry.Provider memory p = registry.providers(handler.providerOf(i));
            vm.assertLe(p.thawing, p.stake);
            vm.assertEq(p.thawing == 0, p.thawEnd == 0);
            vm.assertEq(p.isActive, p.stake - p.thawing >= registry.MIN_STAKE());
        }
    }

    function invariant_earnings_areWhatRedemptionsPaid() public view {
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            address provider = handler.providerOf(i);
            (uint96 earned,,) = market.earned(provider);
            vm.assertEq(uint256(earned) + handler.earnedOut(provider), handler.paidTo(provider));
        }
    }

    function invariant_money_isNeitherMadeNorLost() public view {
        uint256 sum = token.balanceOf(address(market)) + token.balanceOf(address(registry));
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            sum += token.balanceOf(handler.payerOf(i)) + token.balanceOf(handler.providerOf(i));
        }
        vm.assertEq(sum, token.totalSupply());
    }

    /// @dev gives payer and provider number `i` their funds, and registers the provider
    function enlist(uint256 i) private {
        approve(handler.payerOf(i));
        address provider = handler.providerOf(i);
        approve(provider);
        vm.prank(provider);
        registry.registerProvider(address(uint160(0x900 + i)), bytes32(i + 1), "", "", 5_000e18);
    }

    function approve(address who) private {
        token.mint(who, 1_000_000e18);
        vm.prank(who);
        token.approve(address(market), type(uint256).max);
        vm.prank(who);
        token.approve(address(registry), type(uint256).max);
    }

    function checkChannel(address payer, address provider) private view {
        (uint96 allotted, uint96 redeemed, uint96 thawing, uint64 thawEnd) = market.channels(payer, provider);
        vm.assertLe(redeemed, allotted);
        vm.assertLe(thawing, allotted - redeemed);
        vm.assertEq(thawing == 0, thawEnd == 0);
        vm.assertEq(uint256(market.capacity(payer, provider)), uint256(allotted) - redeemed - thawing);
        // every wei redeemed was paid once, and only by vouchers
        vm.assertEq(handler.paidBy(payer, provider), redeemed);
        vm.assertEq(handler.highest(payer, provider), redeemed);
    }
}
