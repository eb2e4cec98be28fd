// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../src/interfaces/IJobMarket.sol";
import {IThawErrors} from "../src/interfaces/IThawErrors.sol";
import {MarketTest} from "./utils/MarketTest.sol";
import {Vm, vm} from "./utils/Vm.sol";

/// @notice allotService, startUnallotService, cancelUnallotService, finishUnallotService, finalizeService.
contract JobMarketServiceTest is MarketTest {
    function setUp() public override {
        super.setUp();
        deposit(alice, 1_000);
        allotService(alice, 500);
    }

    function test_allotService_movesFreeMoney() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.Allotted(alice, SERVICE, 100);
        allotService(alice, 100);
        (uint96 allotted, uint96 redeemed, uint96 thawing, uint64 thawEnd) = market.service(alice);
        vm.assertEq(uint256(allotted), 600);
        vm.assertEq(uint256(redeemed), 0);
        vm.assertEq(uint256(thawing), 0);
        vm.assertEq(uint256(thawEnd), 0);
        vm.assertEq(uint256(freeOf(alice)), 400);
    }

    function test_allotService_revertsWith_InsufficientBalance_whenTheAccountIsShort() public {
        expectRevert(IThawErrors.InsufficientBalance.selector, 500, 501);
        allotService(alice, 501);
    }

    function test_allot_revertsWith_INVALID_PROVIDER_whenZero() public {
        expectRevert(IJobMarket.INVALID_PROVIDER.selector, address(0));
        allot(alice, SERVICE, 1);
    }

    function test_finalizeService_paysEachWhoServes_fromOnePool() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.ServiceFinalized(provider, 200, 1, 2);
        vm.assertEq(uint256(redeemService(ALICE_KEY, provider, 200)), 200);
        vm.assertEq(uint256(redeemService(ALICE_KEY, other, 100)), 100);
        vm.assertEq(uint256(redeemService(ALICE_KEY, provider, 250)), 50);
        vm.assertEq(uint256(earnedOf(provider)), 248);
        vm.assertEq(uint256(earnedOf(other)), 99);
        vm.assertEq(uint256(market.redeemedService(alice, provider)), 250);
        vm.assertEq(uint256(market.redeemedService(alice, other)), 100);
        vm.assertEq(uint256(serviceRest(alice)), 150);
    }

    function test_finalizeService_takesABatchOfPayers() public {
        deposit(bob, 100);
        allotService(bob, 100);
        bytes memory packed = bytes.concat(serviceEntry(ALICE_KEY, provider, 30), serviceEntry(BOB_KEY, provider, 40));
        vm.assertEq(uint256(market.finalizeService(provider, packed)), 70);
        vm.assertEq(uint256(earnedOf(provider)), 70);
    }

    function test_finalizeService_skips_andSaysWhy() public {
        redeemService(ALICE_KEY, provider, 100);
        bytes memory forged = serviceEntry(BOB_KEY, provider, 1);
        for (uint256 i = 0; i < 20; ++i) {
            forged[i] = bytes20(alice)[i];
        }
        bytes memory packed =
            bytes.concat(forged, serviceEntry(ALICE_KEY, provider, 100), serviceEntry(ALICE_KEY, provider, 501));
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.VoucherSkipped(provider, alice, 0, IJobMarket.InvalidSignature.selector);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.VoucherSkipped(provider, alice, 1, IJobMarket.ALREADY_FINALIZED.selector);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.VoucherSkipped(provider, alice, 2, IJobMarket.AllotmentExceeded.selector);
        vm.assertEq(uint256(market.finalizeService(provider, packed)), 0);
        vm.assertEq(uint256(earnedOf(provider)), 99);
    }

    function test_finalizeService_withNothingToPay_emitsNoPayment() public {
        vm.recordLogs();
        market.finalizeService(provider, serviceEntry(ALICE_KEY, provider, 501));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 1);
        vm.assertEq(logs[0].topics[0], IJobMarket.VoucherSkipped.selector);
    }

    function test_finalizeService_paysNothingBeyondThePool() public {
        redeemService(ALICE_KEY, provider, 400);
        vm.assertEq(uint256(redeemService(ALICE_KEY, other, 101)), 0);
        vm.assertEq(uint256(redeemService(ALICE_KEY, other, 100)), 100);
        vm.assertEq(uint256(serviceRest(alice)), 0);
    }

    function test_finalizeService_revertsWith_INVALID_PROVIDER_whenNeverRegistered() public {
        bytes memory packed = serviceEntry(ALICE_KEY, bob, 1);
        expectRevert(IJobMarket.INVALID_PROVIDER.selector, bob);
        market.finalizeService(bob, packed);
        expectRevert(IJobMarket.INVALID_PROVIDER.selector, SERVICE);
        market.finalizeService(SERVICE, packed);
    }

    function test_finalizeService_revertsWith_BatchLength_whenNotWholeEntries() public {
        expectRevert(IJobMarket.BatchLength.selector, 0);
        market.finalizeService(provider, "");
        expectRevert(IJobMarket.BatchLength.selector, 97);
        market.finalizeService(provider, new bytes(97));
        expectRevert(IJobMarket.BatchLength.selector, 96 * 1_001);
        market.finalizeService(provider, new bytes(96 * 1_001));
    }

    function test_serviceVoucher_isNoVoucher_norTheReverse() public {
        allot(alice, provider, 100);
        bytes memory service = serviceEntry(ALICE_KEY, provider, 50);
        bytes memory channel = entry(ALICE_KEY, 50);
        vm.assertEq(uint256(market.finalizeJobs(provider, service)), 0);
        vm.assertEq(uint256(market.finalizeService(provider, channel)), 0);
        vm.assertEq(uint256(market.finalizeJobs(provider, channel)), 50);
        vm.assertEq(uint256(market.finalizeService(provider, service)), 50);
    }

    function test_redeemingService_leavesChannelsAlone() public {
        allot(alice, provider, 100);
        redeemService(ALICE_KEY, provider, 500);
        vm.assertEq(uint256(market.capacity(alice, provider)), 100);
        vm.assertEq(uint256(redeem(ALICE_KEY, 100)), 100);
    }

    function test_unallotService_thaws() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.UnallotStarted(alice, SERVICE, 300, START + DAYS_3);
        vm.prank(alice);
        market.startUnallotService(300);
        vm.warp(START + DAYS_3 - 1);
        expectRevert(IThawErrors.StillThawing.selector, START + DAYS_3);
        vm.prank(alice);
        market.finishUnallotService();
        // a seat may still redeem what thaws, and the thaw shrinks by it
        redeemService(ALICE_KEY, provider, 300);
        vm.warp(START + DAYS_3);
        vm.prank(alice);
        market.finishUnallotService();
        vm.assertEq(uint256(freeOf(alice)), 700);
        vm.assertEq(uint256(serviceRest(alice)), 0);
    }

    function test_cancelUnallotService_keepsTheMoney() public {
        vm.prank(alice);
        market.startUnallotService(300);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.UnallotCancelled(alice, SERVICE, 300);
        vm.prank(alice);
        market.cancelUnallotService();
        vm.warp(START + DAYS_3);
        expectRevert(IThawErrors.NotThawing.selector);
        vm.prank(alice);
        market.finishUnallotService();
    }

    function test_nobodyElse_canReleaseTheServiceAllotment() public {
        expectRevert(IThawErrors.ZeroAmount.selector);
        vm.prank(provider);
        market.unallot(alice);
        vm.assertEq(uint256(serviceRest(alice)), 500);
    }

    function test_allotBySig_withTheZeroProvider_fundsTheService() public {
        allotBy(ALICE_KEY, SERVICE, 50, 1);
        vm.assertEq(uint256(serviceRest(alice)), 550);
    }

    function testFuzz_finalizeService_paysTheHighest_whateverTheOrder(
        uint8[10] memory cumulatives,
        bool second
    )
        public
    {
        address to = second ? other : provider;
        uint96 highest = 0;
        for (uint256 i = 0; i < cumulatives.length; ++i) {
            uint96 c = bound(cumulatives[i], 1, 255);
            uint96 paid = redeemService(ALICE_KEY, to, c);
            vm.assertEq(uint256(paid), c > highest ? c - highest : 0);
            if (c > highest) highest = c;
        }
        vm.assertEq(uint256(earnedOf(to)), highest - highest / 100);
        vm.assertEq(uint256(market.redeemedService(alice, to)), highest);
    }
}
