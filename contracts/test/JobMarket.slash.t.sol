// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../src/interfaces/IJobMarket.sol";
import {IThawErrors} from "../src/interfaces/IThawErrors.sol";
import {MarketTest} from "./utils/MarketTest.sol";
import {vm} from "./utils/Vm.sol";

/// @notice slashEarned: what was redeemed stays within reach until it left.
contract JobMarketSlashTest is MarketTest {
    bytes32 private constant FAULT = keccak256("fault");

    function setUp() public override {
        super.setUp();
        open(alice, 1_000);
        redeem(ALICE_KEY, 1_000);
    }

    function slash(uint96 amount) private returns (uint96) {
        vm.prank(disputes);
        return market.slashEarned(provider, amount, FAULT);
    }

    function start(uint96 amount) private {
        vm.prank(provider);
        market.startWithdrawEarned(amount);
    }

    function test_slashEarned_sendsTheMoneyToTheDisputes() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.EarnedSlashed(provider, 400, FAULT);
        vm.assertEq(uint256(slash(400)), 400);
        vm.assertEq(uint256(earnedOf(provider)), 590);
        vm.assertEq(token.balanceOf(disputes), 400);
        vm.assertEq(token.balanceOf(address(market)), 590);
    }

    function test_slashEarned_takesWhatIsThere() public {
        vm.assertEq(uint256(slash(5_000)), 990);
        vm.assertEq(uint256(earnedOf(provider)), 0);
        vm.assertEq(uint256(slash(1)), 0);
        vm.assertEq(token.balanceOf(disputes), 990);
    }

    function test_slashEarned_revertsWith_NotDisputes_whenAnybodyElseCalls() public {
        expectRevert(IJobMarket.NotDisputes.selector, address(this));
        market.slashEarned(provider, 1, FAULT);
        expectRevert(IJobMarket.NotDisputes.selector, governance);
        vm.prank(governance);
        market.slashEarned(provider, 1, FAULT);
    }

    function test_slashEarned_shrinksAThaw_toWhatIsLeft() public {
        start(900);
        slash(500);
        (uint96 total, uint96 thawing, uint64 thawEnd) = market.earned(provider);
        vm.assertEq(uint256(total), 490);
        vm.assertEq(uint256(thawing), 490);
        vm.assertEq(uint256(thawEnd), START + DAYS_3);
        slash(490);
        (, thawing, thawEnd) = market.earned(provider);
        vm.assertEq(uint256(thawing), 0);
        vm.assertEq(uint256(thawEnd), 0);
        vm.warp(START + DAYS_3);
        expectRevert(IThawErrors.NotThawing.selector);
        vm.prank(provider);
        market.withdrawEarned(provider);
    }

    function test_slashEarned_leavesASmallerThawAlone() public {
        start(100);
        slash(500);
        (, uint96 thawing,) = market.earned(provider);
        vm.assertEq(uint256(thawing), 100);
    }

    function test_slashEarned_reachesAMaturedThaw_untilItIsDrawn() public {
        // a matured thaw is a loaded gun: it counts until the money left
        start(990);
        vm.warp(START + 100 days);
        uint256 snapshot = vm.snapshotState();
        vm.assertEq(uint256(slash(990)), 990);
        vm.revertToState(snapshot);
        vm.prank(provider);
        market.withdrawEarned(provider);
        vm.assertEq(uint256(slash(990)), 0);
    }

    function test_slashEarned_touchesNobodyElse() public {
        deposit(bob, 100);
        allot(bob, other, 100);
        market.finalizeJobs(other, entryFor(BOB_KEY, other, 50));
        slash(type(uint96).max);
        vm.assertEq(uint256(earnedOf(other)), 50);
        vm.assertEq(uint256(market.capacity(bob, other)), 50);
        vm.assertEq(token.balanceOf(address(market)), 100);
    }

    function testFuzz_slashEarned_conservesMoney(uint96 thawing, uint96 amount, bool later) public {
        thawing = bound(thawing, 1, 990);
        start(thawing);
        uint96 taken = slash(amount);
        vm.assertEq(uint256(taken), amount < 990 ? amount : 990);
        if (later) vm.warp(START + DAYS_3);
        (uint96 total, uint96 left,) = market.earned(provider);
        vm.assertEq(uint256(total) + taken, 990);
        vm.assertEq(uint256(left), thawing < total ? thawing : total);
        if (later && left != 0) {
            vm.prank(provider);
            market.withdrawEarned(provider);
            vm.assertEq(token.balanceOf(provider), left);
        }
    }
}
