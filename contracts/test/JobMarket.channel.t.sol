// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../src/interfaces/IJobMarket.sol";
import {IThawErrors} from "../src/interfaces/IThawErrors.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {vm} from "./utils/Vm.sol";

/// @notice allot, startUnallot, cancelUnallot, finishUnallot, unallot.
contract JobMarketChannelTest is MeshTest {
    uint64 private constant THAW = 3 days;

    function startUnallot(address payer, uint96 amount) private {
        vm.prank(payer);
        market.startUnallot(provider, amount);
    }

    function finishUnallot(address payer) private {
        vm.prank(payer);
        market.finishUnallot(provider);
    }

    function test_allot_movesFreeMoneyIntoTheChannel() public {
        deposit(alice, 10);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.Allotted(alice, provider, 4);
        allot(alice, provider, 4);
        vm.assertEq(uint256(freeOf(alice)), 6);
        vm.assertEq(uint256(market.capacity(alice, provider)), 4);
        allot(alice, provider, 6);
        vm.assertEq(uint256(allottedOf(alice)), 10);
    }

    function test_allot_revertsWith_InsufficientBalance_whenTheAccountIsShort() public {
        deposit(alice, 10);
        expectRevert(IThawErrors.InsufficientBalance.selector, 10, 11);
        allot(alice, provider, 11);
    }

    function test_allot_revertsWith_ZeroAmount_whenZero() public {
        expectRevert(IThawErrors.ZeroAmount.selector);
        allot(alice, provider, 0);
    }

    function test_allot_revertsWith_INVALID_PROVIDER_whenNeverRegistered() public {
        deposit(alice, 10);
        expectRevert(IJobMarket.INVALID_PROVIDER.selector, bob);
        allot(alice, bob, 1);
        expectRevert(IJobMarket.INVALID_PROVIDER.selector, operator);
        allot(alice, operator, 1);
    }

    function test_startUnallot_lowersTheCapacityAtOnce() public {
        open(alice, 10);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.UnallotStarted(alice, provider, 4, START + THAW);
        startUnallot(alice, 4);
        vm.assertEq(uint256(market.capacity(alice, provider)), 6);
        (uint96 allotted, uint96 redeemed, uint96 thawing, uint64 thawEnd) = market.channels(alice, provider);
        vm.assertEq(uint256(allotted), 10);
        vm.assertEq(uint256(redeemed), 0);
        vm.assertEq(uint256(thawing), 4);
        vm.assertEq(uint256(thawEnd), START + THAW);
    }

    function test_startUnallot_revertsWith_InsufficientBalance_whenMoreThanTheRest() public {
        open(alice, 10);
        redeem(ALICE_KEY, 4);
        expectRevert(IThawErrors.InsufficientBalance.selector, 6, 7);
        startUnallot(alice, 7);
    }

    function test_startUnallot_revertsWith_ZeroAmount_whenZero() public {
        open(alice, 10);
        expectRevert(IThawErrors.ZeroAmount.selector);
        startUnallot(alice, 0);
    }

    function test_startUnallot_replacesTheRunningOne_andRestartsTheClock() public {
        open(alice, 10);
        startUnallot(alice, 1);
        vm.warp(START + THAW);
        startUnallot(alice, 10);
        expectRevert(IThawErrors.StillThawing.selector, START + 2 * THAW);
        finishUnallot(alice);
    }

    function test_cancelUnallot_restoresTheCapacity() public {
        open(alice, 10);
        startUnallot(alice, 4);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.UnallotCancelled(alice, provider, 4);
        vm.prank(alice);
        market.cancelUnallot(provider);
        vm.assertEq(uint256(market.capacity(alice, provider)), 10);
        expectRevert(IThawErrors.NotThawing.selector);
        finishUnallot(alice);
    }

    function test_cancelUnallot_revertsWith_NotThawing_whenNothingThaws() public {
        open(alice, 10);
        expectRevert(IThawErrors.NotThawing.selector);
        vm.prank(alice);
        market.cancelUnallot(provider);
    }

    function test_finishUnallot_givesTheMoneyBack() public {
        open(alice, 10);
        startUnallot(alice, 4);
        vm.warp(START + THAW);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.Unallotted(alice, provider, 4);
        finishUnallot(alice);
        vm.assertEq(uint256(freeOf(alice)), 4);
        vm.assertEq(uint256(allottedOf(alice)), 6);
        expectRevert(IThawErrors.NotThawing.selector);
        finishUnallot(alice);
    }

    function test_finishUnallot_revertsWith_NotThawing_whenNeverStarted() public {
        open(alice, 10);
        expectRevert(IThawErrors.NotThawing.selector);
        finishUnallot(alice);
    }

    function test_redeem_eatsThawingMoney_andTheThawShrinks() public {
        open(alice, 10);
        startUnallot(alice, 8);
        redeem(ALICE_KEY, 7);
        vm.assertEq(uint256(thawingOf(alice)), 3);
        vm.assertEq(uint256(market.capacity(alice, provider)), 0);
        vm.warp(START + THAW);
        finishUnallot(alice);
        vm.assertEq(uint256(freeOf(alice)), 3);
        vm.assertEq(uint256(earnedOf(provider)), 7);
    }

    function test_redeem_endsTheThaw_whenItEatsAllOfIt() public {
        open(alice, 10);
        startUnallot(alice, 8);
        redeem(ALICE_KEY, 10);
        (,, uint96 thawing, uint64 thawEnd) = market.channels(alice, provider);
        vm.assertEq(uint256(thawing), 0);
        vm.assertEq(uint256(thawEnd), 0);
    }

    function test_allot_afterAnEatenThaw_isNotOnItsWayOut() public {
        open(alice, 10);
        startUnallot(alice, 8);
        redeem(ALICE_KEY, 10);
        open(alice, 8);
        vm.warp(START + THAW);
        vm.assertEq(uint256(market.capacity(alice, provider)), 8);
        expectRevert(IThawErrors.NotThawing.selector);
        finishUnallot(alice);
    }

    function test_allot_duringAThaw_addsToTheCapacityOnly() public {
        open(alice, 10);
        startUnallot(alice, 10);
        open(alice, 5);
        vm.assertEq(uint256(market.capacity(alice, provider)), 5);
        vm.warp(START + THAW);
        finishUnallot(alice);
        vm.assertEq(uint256(market.capacity(alice, provider)), 5);
    }

    function test_unallot_byTheProvider_freesTheRestAtOnce() public {
        open(alice, 10);
        redeem(ALICE_KEY, 3);
        startUnallot(alice, 2);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.Unallotted(alice, provider, 7);
        vm.prank(provider);
        market.unallot(alice);
        vm.assertEq(uint256(freeOf(alice)), 7);
        (uint96 allotted, uint96 redeemed, uint96 thawing, uint64 thawEnd) = market.channels(alice, provider);
        vm.assertEq(uint256(allotted), 3);
        vm.assertEq(uint256(redeemed), 3);
        vm.assertEq(uint256(thawing), 0);
        vm.assertEq(uint256(thawEnd), 0);
    }

    function test_unallot_revertsWith_ZeroAmount_whenNothingIsLeft() public {
        open(alice, 10);
        redeem(ALICE_KEY, 10);
        expectRevert(IThawErrors.ZeroAmount.selector);
        vm.prank(provider);
        market.unallot(alice);
    }

    function test_unallot_byAnybodyElse_touchesNothing() public {
        open(alice, 10);
        expectRevert(IThawErrors.ZeroAmount.selector);
        vm.prank(other);
        market.unallot(alice);
        expectRevert(IThawErrors.ZeroAmount.selector);
        vm.prank(alice);
        market.unallot(alice);
        vm.assertEq(uint256(market.capacity(alice, provider)), 10);
    }

    function testFuzz_channel_conservesMoney(uint96 amount, uint96 paid, uint96 back, uint96 late) public {
        // within what the stake allows in a period
        amount = bound(amount, 2, STAKE);
        paid = bound(paid, 1, amount - 1);
        back = bound(back, 1, amount - paid);
        late = bound(late, paid, amount);
        open(alice, amount);
        redeem(ALICE_KEY, paid);
        startUnallot(alice, back);
        if (late > paid) redeem(ALICE_KEY, late);
        vm.warp(START + THAW);
        uint96 left = amount - late < back ? amount - late : back;
        if (left != 0) finishUnallot(alice);
        vm.assertEq(uint256(freeOf(alice)), left);
        vm.assertEq(uint256(earnedOf(provider)), late - late / 100);
        vm.assertEq(uint256(market.capacity(alice, provider)), amount - late - left);
        vm.assertEq(token.balanceOf(address(market)), amount - late / 100);
    }
}
