// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../src/interfaces/IJobMarket.sol";
import {MarketTest} from "./utils/MarketTest.sol";
import {Signing} from "./utils/Signing.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What a provider may redeem in a period is what it has at stake when the period begins.
contract JobMarketLimitTest is MarketTest {
    uint64 private constant PERIOD = 3 days;

    function setUp() public override {
        super.setUp();
        open(alice, FUNDS);
        open(bob, FUNDS);
    }

    function roomOf(address who) private view returns (uint256 room) {
        (room,) = market.redeemable(who);
    }

    function test_redeemable_isTheEligibleStake_beforeTheFirstRedemption() public view {
        (uint256 room, uint64 periodEnd) = market.redeemable(provider);
        vm.assertEq(room, STAKE);
        vm.assertEq(uint256(periodEnd), 0);
    }

    function test_redeemable_falls_andComesBackWithTheNextPeriod() public {
        redeem(ALICE_KEY, 500e18);
        (uint256 room, uint64 periodEnd) = market.redeemable(provider);
        vm.assertEq(room, STAKE - 500e18);
        vm.assertEq(uint256(periodEnd), START + PERIOD);
        vm.warp(START + PERIOD - 1);
        vm.assertEq(roomOf(provider), STAKE - 500e18);
        vm.warp(START + PERIOD);
        vm.assertEq(roomOf(provider), STAKE);
    }

    function test_finalizeJob_paysInPart_whereTheLimitEnds() public {
        vm.assertEq(uint256(redeem(ALICE_KEY, STAKE + 5)), STAKE);
        vm.assertEq(uint256(redeemedOf(alice)), STAKE);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucherOf(alice, STAKE + 5)));
        expectRevert(IJobMarket.RedemptionLimitReached.selector);
        market.finalizeJob(voucherOf(alice, STAKE + 5), signature);
        // the same voucher pays the rest in the next period
        vm.warp(START + PERIOD);
        vm.assertEq(uint256(market.finalizeJob(voucherOf(alice, STAKE + 5), signature)), 5);
        vm.assertEq(uint256(redeemedOf(alice)), STAKE + 5);
    }

    function test_finalizeJobs_paysUpToTheLimit_andSkipsTheRest() public {
        bytes memory packed = bytes.concat(entry(ALICE_KEY, 1_500e18), entry(BOB_KEY, 800e18), entry(BOB_KEY, 900e18));
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.VoucherSkipped(provider, bob, 1, IJobMarket.RedemptionLimitReached.selector);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.VoucherSkipped(provider, bob, 2, IJobMarket.RedemptionLimitReached.selector);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.JobFinalized(provider, STAKE, 2, STAKE / 100);
        vm.assertEq(uint256(redeemBatch(packed)), STAKE);
        vm.assertEq(uint256(redeemedOf(bob)), 500e18);
        vm.warp(START + PERIOD);
        vm.assertEq(uint256(redeemBatch(packed)), 400e18);
        vm.assertEq(uint256(redeemedOf(bob)), 900e18);
    }

    function test_finalizeJobs_atTheLimitExactly_skipsNothing() public {
        vm.recordLogs();
        redeemBatch(bytes.concat(entry(ALICE_KEY, 1_500e18), entry(BOB_KEY, 500e18)));
        // JobFinalized of the market and Transfer of the burn
        vm.assertEq(vm.getRecordedLogs().length, 2);
        vm.assertEq(roomOf(provider), 0);
    }

    function test_service_sharesTheLimit() public {
        deposit(relayer, 1);
        vm.prank(alice);
        market.startUnallot(provider, FUNDS - STAKE);
        vm.warp(START + PERIOD);
        vm.prank(alice);
        market.finishUnallot(provider);
        allotService(alice, FUNDS - STAKE);
        redeem(ALICE_KEY, 1_900e18);
        vm.assertEq(uint256(redeemService(ALICE_KEY, provider, 150e18)), 100e18);
        vm.assertEq(uint256(market.redeemedService(alice, provider)), 100e18);
        vm.assertEq(uint256(redeemService(ALICE_KEY, provider, 150e18)), 0);
        vm.warp(block.timestamp + PERIOD);
        vm.assertEq(uint256(redeemService(ALICE_KEY, provider, 150e18)), 50e18);
    }

    function test_stakeAddedInAPeriod_countsInTheNext() public {
        redeem(ALICE_KEY, STAKE);
        token.mint(provider, STAKE);
        vm.prank(provider);
        registry.addStake(STAKE);
        vm.assertEq(roomOf(provider), 0);
        vm.warp(START + PERIOD);
        vm.assertEq(roomOf(provider), 2 * STAKE);
    }

    function test_thawingStake_countsForNothing_butStaysSlashableThroughThePeriod() public {
        redeem(ALICE_KEY, 1);
        vm.prank(provider);
        registry.startUnstake(STAKE);
        // this period was opened with the stake, which can be slashed for longer than it lasts
        vm.assertEq(roomOf(provider), STAKE - 1);
        vm.assertGe(registry.durations().unbonding, PERIOD);
        vm.warp(START + PERIOD);
        vm.assertEq(roomOf(provider), 0);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucherOf(alice, 2)));
        expectRevert(IJobMarket.RedemptionLimitReached.selector);
        market.finalizeJob(voucherOf(alice, 2), signature);
        vm.prank(provider);
        registry.cancelUnstake();
        vm.assertEq(uint256(redeem(ALICE_KEY, 2)), 1);
    }

    function test_failedRedemptions_openNoPeriod() public {
        redeemBatch(entry(ALICE_KEY, type(uint96).max));
        (, uint64 periodEnd) = market.redeemable(provider);
        vm.assertEq(uint256(periodEnd), 0);
    }

    function test_allotmentExceeded_isToldFirst_evenWithoutRoom() public {
        redeem(ALICE_KEY, STAKE);
        bytes memory signature = Signing.long(BOB_KEY, digestOf(voucherOf(bob, FUNDS + 1)));
        expectRevert(IJobMarket.AllotmentExceeded.selector, FUNDS + 1, FUNDS);
        market.finalizeJob(voucherOf(bob, FUNDS + 1), signature);
    }

    /// @notice Over any sequence no period pays more than the stake, and in the end everything is paid.
    function testFuzz_limit_holdsInEveryPeriod(uint96[12] memory raises, uint32[12] memory waits) public {
        uint96 signed = 0;
        uint256 inPeriod = 0;
        uint256 periodEnd = 0;
        for (uint256 i = 0; i < raises.length; ++i) {
            vm.warp(block.timestamp + (waits[i] % 2 days));
            signed += bound(raises[i], 1, 800e18);
            if (block.timestamp >= periodEnd) inPeriod = 0;
            uint96 paid = redeemBatch(entry(ALICE_KEY, signed));
            if (paid != 0 && block.timestamp >= periodEnd) periodEnd = block.timestamp + PERIOD;
            inPeriod += paid;
            vm.assertLe(inPeriod, STAKE);
            vm.assertTrue(redeemedOf(alice) == signed || inPeriod == STAKE);
        }
        while (redeemedOf(alice) < signed) {
            vm.warp(block.timestamp + PERIOD);
            redeemBatch(entry(ALICE_KEY, signed));
        }
        vm.assertEq(uint256(earnedOf(provider)), signed - signed / 100);
    }

    /// @notice The burn is a hundredth of the sum, however the sum is cut up.
    function testFuzz_burn_isOfTheSum(uint16[8] memory raises, bool batched) public {
        uint256 supply = token.totalSupply();
        uint96 signed = 0;
        bytes memory packed;
        for (uint256 i = 0; i < raises.length; ++i) {
            signed += 1 + raises[i] % 250;
            if (batched) packed = bytes.concat(packed, entry(ALICE_KEY, signed));
            else redeem(ALICE_KEY, signed);
        }
        if (batched) redeemBatch(packed);
        vm.assertEq(supply - token.totalSupply(), signed / 100);
        vm.assertEq(uint256(earnedOf(provider)), signed - signed / 100);
    }
}
