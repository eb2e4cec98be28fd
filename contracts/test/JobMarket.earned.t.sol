// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../src/interfaces/IJobMarket.sol";
import {IThawErrors} from "../src/interfaces/IThawErrors.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {vm} from "./utils/Vm.sol";

/// @notice startWithdrawEarned, cancelWithdrawEarned, withdrawEarned.
contract JobMarketEarnedTest is MeshTest {
    uint64 private constant THAW = 3 days;

    function setUp() public override {
        super.setUp();
        open(alice, 100);
        redeem(ALICE_KEY, 60);
    }

    function start(uint96 amount) private {
        vm.prank(provider);
        market.startWithdrawEarned(amount);
    }

    function withdraw(address to) private {
        vm.prank(provider);
        market.withdrawEarned(to);
    }

    function test_startWithdrawEarned_startsTheThaw() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.EarnedWithdrawStarted(provider, 60, START + THAW);
        start(60);
        (uint96 total, uint96 thawing, uint64 thawEnd) = market.earned(provider);
        vm.assertEq(uint256(total), 60);
        vm.assertEq(uint256(thawing), 60);
        vm.assertEq(uint256(thawEnd), START + THAW);
    }

    function test_startWithdrawEarned_revertsWith_InsufficientBalance_whenMoreThanEarned() public {
        expectRevert(IThawErrors.InsufficientBalance.selector, 60, 61);
        start(61);
    }

    function test_startWithdrawEarned_revertsWith_ZeroAmount_whenZero() public {
        expectRevert(IThawErrors.ZeroAmount.selector);
        start(0);
    }

    function test_startWithdrawEarned_byTheOperator_findsNothing() public {
        expectRevert(IThawErrors.InsufficientBalance.selector, 0, 60);
        vm.prank(operator);
        market.startWithdrawEarned(60);
    }

    function test_cancelWithdrawEarned_keepsTheMoneyHere() public {
        start(60);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.EarnedWithdrawCancelled(provider, 60);
        vm.prank(provider);
        market.cancelWithdrawEarned();
        vm.warp(START + THAW);
        expectRevert(IThawErrors.NotThawing.selector);
        withdraw(provider);
    }

    function test_cancelWithdrawEarned_revertsWith_NotThawing_whenNothingThaws() public {
        expectRevert(IThawErrors.NotThawing.selector);
        vm.prank(provider);
        market.cancelWithdrawEarned();
    }

    function test_withdrawEarned_revertsWith_StillThawing_oneSecondBeforeTheEnd() public {
        start(60);
        vm.warp(START + THAW - 1);
        expectRevert(IThawErrors.StillThawing.selector, START + THAW);
        withdraw(provider);
    }

    function test_withdrawEarned_paysOnce_atTheEnd() public {
        start(50);
        vm.warp(START + THAW);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.EarnedWithdrawn(provider, relayer, 50);
        withdraw(relayer);
        vm.assertEq(token.balanceOf(relayer), FUNDS + 50);
        vm.assertEq(uint256(earnedOf(provider)), 10);
        expectRevert(IThawErrors.NotThawing.selector);
        withdraw(relayer);
    }

    function test_withdrawEarned_leavesLaterEarningsBehind() public {
        start(60);
        vm.warp(START + THAW);
        redeem(ALICE_KEY, 90);
        withdraw(provider);
        vm.assertEq(token.balanceOf(provider), 60);
        vm.assertEq(uint256(earnedOf(provider)), 30);
    }

    function test_redeeming_doesNotDelayARunningThaw() public {
        start(60);
        vm.warp(START + 1 days);
        redeem(ALICE_KEY, 61);
        (,, uint64 thawEnd) = market.earned(provider);
        vm.assertEq(uint256(thawEnd), START + THAW);
    }

    function testFuzz_withdrawEarned_neverPaysEarlierOrMore(uint96 asked, uint32 wait) public {
        asked = bound(asked, 1, 60);
        start(asked);
        vm.warp(START + uint256(wait));
        vm.prank(provider);
        try market.withdrawEarned(provider) {
            vm.assertGe(wait, THAW);
            vm.assertEq(token.balanceOf(provider), asked);
        } catch {
            vm.assertTrue(wait < THAW);
        }
    }
}
