// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {JobMarket} from "../../src/JobMarket.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {IJobMarket} from "../../src/interfaces/IJobMarket.sol";
import {Allotment, Voucher} from "../../src/types/Signed.sol";
import {MeshTest} from "../utils/MeshTest.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";

/// @notice A signature is money exactly once, on one chain, at one market.
contract ReplayTest is MeshTest {
    function setUp() public override {
        super.setUp();
        open(alice, 100);
    }

    function test_voucher_isWorthNothingAtAnotherDeployment() public {
        Voucher memory voucher = voucherOf(alice, 30);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucher));
        (ProviderRegistry registry2, JobMarket market2) = deployPair();
        openAt(registry2, market2);
        expectRevert(IJobMarket.InvalidSignature.selector);
        market2.finalizeJob(voucher, signature);
        market.finalizeJob(voucher, signature);
    }

    function test_secondMarket_cannotShareTheDomain() public {
        // were it possible, a voucher redeemed here could be redeemed there again
        expectRevert(IJobMarket.WrongMarket.selector, address(market));
        new JobMarket(registry);
    }

    function test_voucher_isWorthNothingOnAForkOfTheChain() public {
        Voucher memory voucher = voucherOf(alice, 30);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucher));
        bytes memory packed = entry(ALICE_KEY, 30);
        uint256 home = block.chainid;
        vm.chainId(home + 1);
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.finalizeJob(voucher, signature);
        vm.assertEq(uint256(market.finalizeJobs(provider, packed)), 0);
        vm.chainId(home);
        vm.assertEq(uint256(market.finalizeJobs(provider, packed)), 30);
    }

    function test_voucher_signedOnAFork_worksThere() public {
        vm.chainId(4242);
        vm.assertEq(uint256(redeem(ALICE_KEY, 30)), 30);
    }

    function test_allotment_isWorthNothingOnAForkOfTheChain() public {
        deposit(alice, 10);
        Allotment memory a = Allotment(alice, provider, 10, 0, START);
        bytes32 digest = Signing.allotmentDigest(registry.domainSeparator(), alice, provider, 10, 0, START);
        vm.chainId(4242);
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.allotBySig(a, Signing.long(ALICE_KEY, digest));
    }

    function test_voucher_inBothEncodings_paysOnce() public {
        Voucher memory voucher = voucherOf(alice, 30);
        bytes memory short = Signing.short(ALICE_KEY, digestOf(voucher));
        market.finalizeJob(voucher, Signing.long(ALICE_KEY, digestOf(voucher)));
        expectRevert(IJobMarket.ALREADY_FINALIZED.selector, 30);
        market.finalizeJob(voucher, short);
        vm.assertEq(uint256(redeemBatch(entry(ALICE_KEY, 30))), 0);
        vm.assertEq(uint256(earnedOf(provider)), 30);
    }

    function test_malleatedVoucher_isRefused() public {
        Voucher memory voucher = voucherOf(alice, 30);
        bytes memory malleated = Signing.malleated(ALICE_KEY, digestOf(voucher));
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.finalizeJob(voucher, malleated);
    }

    function test_voucher_redeemedBeforeARelease_isNotWorthAnythingAfterANewAllotment() public {
        redeem(ALICE_KEY, 30);
        vm.prank(provider);
        market.unallot(alice);
        allot(alice, provider, 70);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucherOf(alice, 30)));
        expectRevert(IJobMarket.ALREADY_FINALIZED.selector, 30);
        market.finalizeJob(voucherOf(alice, 30), signature);
    }

    function test_serviceVoucher_isWorthNothingElsewhere() public {
        deposit(alice, 50);
        vm.prank(alice);
        market.allotService(50);
        bytes32 digest = Signing.serviceVoucherDigest(registry.domainSeparator(), alice, provider, 30);
        bytes memory packed = abi.encodePacked(alice, uint96(30), Signing.short(ALICE_KEY, digest));
        vm.assertEq(uint256(market.finalizeService(other, packed)), 0);
        uint256 home = block.chainid;
        vm.chainId(home + 1);
        vm.assertEq(uint256(market.finalizeService(provider, packed)), 0);
        vm.chainId(home);
        vm.assertEq(uint256(market.finalizeService(provider, packed)), 30);
        vm.assertEq(uint256(market.finalizeService(provider, packed)), 0);
    }

    function test_zeroPayer_inABatch_paysNothing() public {
        bytes memory packed = abi.encodePacked(address(0), uint96(1), bytes32(uint256(1)), bytes32(uint256(1)));
        vm.assertEq(uint256(redeemBatch(packed)), 0);
    }

    function openAt(ProviderRegistry registry2, JobMarket market2) private {
        token.mint(provider, STAKE);
        vm.prank(provider);
        token.approve(address(registry2), STAKE);
        vm.prank(provider);
        registry2.registerProvider(operator, bytes32(uint256(1)), "", "", STAKE);
        vm.prank(alice);
        token.approve(address(market2), 100);
        vm.prank(alice);
        market2.deposit(alice, 100);
        vm.prank(alice);
        market2.allot(provider, 100);
    }
}
