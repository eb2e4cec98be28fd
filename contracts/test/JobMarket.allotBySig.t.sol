// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../src/interfaces/IJobMarket.sol";
import {IThawErrors} from "../src/interfaces/IThawErrors.sol";
import {Allotment} from "../src/types/Signed.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {Signing} from "./utils/Signing.sol";
import {vm} from "./utils/Vm.sol";

contract JobMarketAllotBySigTest is MeshTest {
    function order(uint96 amount, uint64 nonce) private view returns (Allotment memory) {
        return Allotment(alice, provider, amount, nonce, START + 60);
    }

    function digest(Allotment memory a) private view returns (bytes32) {
        return Signing.allotmentDigest(registry.domainSeparator(), a.payer, a.provider, a.amount, a.nonce, a.deadline);
    }

    function send(Allotment memory a, bytes memory signature) private {
        vm.prank(relayer);
        market.allotBySig(a, signature);
    }

    function testFuzz_allotBySig_worksForAnySender(uint96 amount, uint64 nonce, bool short) public {
        amount = bound(amount, 1, FUNDS);
        deposit(alice, amount);
        Allotment memory a = order(amount, nonce);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.Allotted(alice, provider, amount);
        send(a, short ? Signing.short(ALICE_KEY, digest(a)) : Signing.long(ALICE_KEY, digest(a)));
        vm.assertEq(uint256(market.capacity(alice, provider)), amount);
        vm.assertTrue(market.isNonceUsed(alice, nonce));
        vm.assertTrue(!market.isNonceUsed(alice, nonce ^ 1));
        vm.assertTrue(!market.isNonceUsed(bob, nonce));
    }

    function test_allotBySig_revertsWith_NonceUsed_whenReplayed() public {
        deposit(alice, 10);
        Allotment memory a = order(4, 300);
        send(a, Signing.long(ALICE_KEY, digest(a)));
        bytes memory again = Signing.short(ALICE_KEY, digest(a));
        vm.expectRevert(abi.encodeWithSelector(IJobMarket.NonceUsed.selector, alice, 300));
        send(a, again);
        vm.assertEq(uint256(freeOf(alice)), 6);
    }

    function test_allotBySig_takesNoncesInAnyOrder() public {
        deposit(alice, 10);
        uint64[4] memory nonces = [uint64(7), 6, 255, 256];
        for (uint256 i = 0; i < 4; ++i) {
            Allotment memory a = order(1, nonces[i]);
            send(a, Signing.long(ALICE_KEY, digest(a)));
        }
        vm.assertEq(uint256(market.capacity(alice, provider)), 4);
    }

    function test_allotBySig_works_atTheDeadline() public {
        deposit(alice, 10);
        Allotment memory a = order(1, 0);
        vm.warp(a.deadline);
        send(a, Signing.long(ALICE_KEY, digest(a)));
        vm.assertEq(uint256(market.capacity(alice, provider)), 1);
    }

    function test_allotBySig_revertsWith_JOB_EXPIRED_whenPastDeadline() public {
        deposit(alice, 10);
        Allotment memory a = order(1, 0);
        bytes memory signature = Signing.long(ALICE_KEY, digest(a));
        vm.warp(uint256(a.deadline) + 1);
        expectRevert(IJobMarket.JOB_EXPIRED.selector, a.deadline);
        send(a, signature);
    }

    function test_allotBySig_revertsWith_InvalidSignature_whenAnotherSigned() public {
        deposit(alice, 10);
        Allotment memory a = order(1, 0);
        bytes memory signature = Signing.long(BOB_KEY, digest(a));
        expectRevert(IJobMarket.InvalidSignature.selector);
        send(a, signature);
    }

    function testFuzz_allotBySig_revertsWith_InvalidSignature_whenAnyFieldDiffers(uint8 field) public {
        deposit(alice, 10);
        deposit(bob, 10);
        Allotment memory a = order(1, 0);
        bytes memory signature = Signing.long(ALICE_KEY, digest(a));
        field = field % 5;
        if (field == 0) a.payer = bob;
        if (field == 1) a.provider = other;
        if (field == 2) a.amount = 2;
        if (field == 3) a.nonce = 1;
        if (field == 4) a.deadline += 1;
        expectRevert(IJobMarket.InvalidSignature.selector);
        send(a, signature);
    }

    function test_allotBySig_revertsWith_InvalidSignature_whenPayerIsZero() public {
        Allotment memory a = Allotment(address(0), provider, 1, 0, START + 60);
        expectRevert(IJobMarket.InvalidSignature.selector);
        send(a, new bytes(65));
    }

    function test_allotBySig_keepsTheNonce_whenTheAccountIsShort() public {
        Allotment memory a = order(4, 1);
        bytes memory signature = Signing.long(ALICE_KEY, digest(a));
        expectRevert(IThawErrors.InsufficientBalance.selector, 0, 4);
        send(a, signature);
        vm.assertTrue(!market.isNonceUsed(alice, 1));
        deposit(alice, 4);
        send(a, signature);
        vm.assertEq(uint256(market.capacity(alice, provider)), 4);
    }

    function test_allotBySig_revertsWith_INVALID_PROVIDER_whenNeverRegistered() public {
        deposit(alice, 10);
        Allotment memory a = Allotment(alice, bob, 1, 0, START + 60);
        bytes memory signature = Signing.long(ALICE_KEY, digest(a));
        expectRevert(IJobMarket.INVALID_PROVIDER.selector, bob);
        send(a, signature);
    }

    function test_allotBySig_cannotBeUsedAsAVoucher_norTheReverse() public {
        open(alice, 10);
        Allotment memory a = order(4, 1);
        bytes memory signature = Signing.long(ALICE_KEY, digest(a));
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.finalizeJob(voucherOf(alice, 4), signature);
        signature = Signing.long(ALICE_KEY, digestOf(voucherOf(alice, 4)));
        expectRevert(IJobMarket.InvalidSignature.selector);
        send(a, signature);
    }
}
