// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../src/interfaces/IJobMarket.sol";
import {Voucher} from "../src/types/Signed.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {Signing} from "./utils/Signing.sol";
import {vm} from "./utils/Vm.sol";

contract JobMarketFinalizeJobTest is MeshTest {
    function setUp() public override {
        super.setUp();
        open(alice, 100);
    }

    function test_finalizeJob_creditsTheDifference() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.JobFinalized(provider, 30, 1, 0);
        vm.assertEq(uint256(redeem(ALICE_KEY, 30)), 30);
        vm.assertEq(uint256(redeem(ALICE_KEY, 45)), 15);
        vm.assertEq(uint256(earnedOf(provider)), 45);
        vm.assertEq(uint256(redeemedOf(alice)), 45);
        vm.assertEq(uint256(market.capacity(alice, provider)), 55);
        vm.assertEq(uint256(earnedOf(relayer)), 0);
    }

    function test_finalizeJob_acceptsTheCompactSignature() public {
        Voucher memory voucher = voucherOf(alice, 30);
        market.finalizeJob(voucher, Signing.short(ALICE_KEY, digestOf(voucher)));
        vm.assertEq(uint256(earnedOf(provider)), 30);
    }

    function test_finalizeJob_paysUpToTheAllotment() public {
        vm.assertEq(uint256(redeem(ALICE_KEY, 100)), 100);
        vm.assertEq(uint256(market.capacity(alice, provider)), 0);
    }

    function test_finalizeJob_revertsWith_AllotmentExceeded_whenOneWeiAbove() public {
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucherOf(alice, 101)));
        expectRevert(IJobMarket.AllotmentExceeded.selector, 101, 100);
        market.finalizeJob(voucherOf(alice, 101), signature);
    }

    function test_finalizeJob_revertsWith_ALREADY_FINALIZED_whenTwice() public {
        redeem(ALICE_KEY, 30);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucherOf(alice, 30)));
        expectRevert(IJobMarket.ALREADY_FINALIZED.selector, 30);
        market.finalizeJob(voucherOf(alice, 30), signature);
    }

    function test_finalizeJob_revertsWith_ALREADY_FINALIZED_whenStale() public {
        redeem(ALICE_KEY, 30);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucherOf(alice, 29)));
        expectRevert(IJobMarket.ALREADY_FINALIZED.selector, 30);
        market.finalizeJob(voucherOf(alice, 29), signature);
    }

    function test_finalizeJob_revertsWith_ALREADY_FINALIZED_whenZero() public {
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucherOf(alice, 0)));
        expectRevert(IJobMarket.ALREADY_FINALIZED.selector, 0);
        market.finalizeJob(voucherOf(alice, 0), signature);
    }

    function test_finalizeJob_revertsWith_InvalidSignature_whenTheProviderSigned() public {
        Voucher memory voucher = voucherOf(alice, 30);
        bytes memory signature = Signing.long(BOB_KEY, digestOf(voucher));
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.finalizeJob(voucher, signature);
    }

    function test_finalizeJob_revertsWith_InvalidEpoch_whenNotZero() public {
        Voucher memory voucher = Voucher(alice, provider, 30, 1);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucher));
        expectRevert(IJobMarket.InvalidEpoch.selector, 1);
        market.finalizeJob(voucher, signature);
    }

    function testFuzz_finalizeJob_revertsWith_InvalidSignature_whenAnyFieldDiffers(uint96 signed, uint96 sent) public {
        signed = bound(signed, 1, 100);
        sent = bound(sent, 1, 100);
        vm.assume(signed != sent);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucherOf(alice, signed)));
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.finalizeJob(voucherOf(alice, sent), signature);
    }

    function test_finalizeJob_revertsWith_InvalidSignature_whenForAnotherProvider() public {
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucherOf(alice, 30)));
        deposit(alice, 50);
        allot(alice, other, 50);
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.finalizeJob(Voucher(alice, other, 30, 0), signature);
    }

    function test_finalizeJob_burnsAHundredth_ofTheSupply() public {
        uint256 supply = token.totalSupply();
        open(bob, 5e18);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.JobFinalized(provider, 3e18, 1, 0.03e18);
        vm.assertEq(uint256(redeem(BOB_KEY, 3e18)), 3e18);
        vm.assertEq(uint256(earnedOf(provider)), 2.97e18);
        vm.assertEq(token.totalSupply(), supply - 0.03e18);
        vm.assertEq(token.balanceOf(address(market)), 100 + 2e18 + 2.97e18);
    }

    function test_finalizeJob_revertsWith_INVALID_PROVIDER_whenForTheServiceAllotment() public {
        // the zero provider is nobody: what it redeemed would be lost
        deposit(alice, 50);
        vm.prank(alice);
        market.allotService(50);
        Voucher memory voucher = Voucher(alice, address(0), 30, 0);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucher));
        expectRevert(IJobMarket.INVALID_PROVIDER.selector, address(0));
        market.finalizeJob(voucher, signature);
        expectRevert(IJobMarket.INVALID_PROVIDER.selector, address(0));
        market.finalizeJobs(address(0), new bytes(96));
    }

    function testFuzz_finalizeJob_paysTheHighest_whateverTheOrder(uint8[12] memory cumulatives) public {
        uint96 highest = 0;
        for (uint256 i = 0; i < cumulatives.length; ++i) {
            uint96 c = bound(cumulatives[i], 1, 100);
            Voucher memory voucher = voucherOf(alice, c);
            bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucher));
            try market.finalizeJob(voucher, signature) returns (uint96 paid) {
                vm.assertEq(uint256(paid), c - highest);
                highest = c;
            } catch {
                vm.assertTrue(c <= highest);
            }
        }
        vm.assertEq(uint256(earnedOf(provider)), highest - highest / 100);
    }
}
