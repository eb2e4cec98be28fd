// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../src/interfaces/IJobMarket.sol";
import {IThawErrors} from "../src/interfaces/IThawErrors.sol";
import {Deposit, TokenPermit, Unallotment} from "../src/types/Signed.sol";
import {MarketTest} from "./utils/MarketTest.sol";
import {Signing} from "./utils/Signing.sol";
import {vm} from "./utils/Vm.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @notice depositBySig and unallotBySig: orders that others send.
contract JobMarketOrdersTest is MarketTest {
    TokenPermit private none;

    function order(uint96 amount, uint96 allotted) private view returns (Deposit memory) {
        return Deposit(alice, amount, provider, allotted, 7, START + 60);
    }

    function unorder(address to) private pure returns (Unallotment memory) {
        return Unallotment(vm.addr(ALICE_KEY), to, 9, START + 60);
    }

    function disapprove() private {
        vm.prank(alice);
        token.approve(address(market), 0);
    }

    function testFuzz_depositBySig_depositsAndAllots_withoutApprovalOrGas(uint96 amount, uint96 allotted) public {
        amount = bound(amount, 1, FUNDS);
        allotted = bound(allotted, 0, amount);
        disapprove();
        TokenPermit memory permit = permitOf(ALICE_KEY, amount, START + 60);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.Deposited(alice, alice, amount);
        depositBy(ALICE_KEY, order(amount, allotted), permit);
        vm.assertEq(uint256(freeOf(alice)), amount - allotted);
        vm.assertEq(uint256(market.capacity(alice, provider)), allotted);
        vm.assertEq(token.allowance(alice, address(market)), 0);
        vm.assertEq(token.balanceOf(relayer), FUNDS);
        vm.assertTrue(market.isNonceUsed(alice, 7));
    }

    function test_depositBySig_fundsTheService_withTheZeroProvider() public {
        Deposit memory d = Deposit(alice, 10, SERVICE, 4, 7, START + 60);
        depositBy(ALICE_KEY, d, permitOf(ALICE_KEY, 10, START + 60));
        vm.assertEq(uint256(serviceRest(alice)), 4);
    }

    function test_depositBySig_usesAnAllowanceThatIsThere() public {
        depositBy(ALICE_KEY, order(10, 4), none);
        vm.assertEq(uint256(freeOf(alice)), 6);
    }

    function test_depositBySig_survivesAFrontRunPermit() public {
        disapprove();
        TokenPermit memory permit = permitOf(ALICE_KEY, 10, START + 60);
        vm.prank(bob);
        token.permit(alice, address(market), 10, permit.deadline, permit.v, permit.r, permit.s);
        depositBy(ALICE_KEY, order(10, 0), permit);
        vm.assertEq(uint256(freeOf(alice)), 10);
    }

    function test_depositBySig_revertsWith_InsufficientAllowance_whenThePermitIsBad() public {
        disapprove();
        TokenPermit memory permit = permitOf(BOB_KEY, 10, START + 60);
        bytes memory signature = Signing.long(ALICE_KEY, Signing.depositDigest(separator(), order(10, 0)));
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(market), 0, 10)
        );
        market.depositBySig(order(10, 0), signature, permit);
    }

    function test_depositBySig_revertsWith_NonceUsed_whenReplayed() public {
        depositBy(ALICE_KEY, order(10, 4), none);
        bytes memory signature = Signing.short(ALICE_KEY, Signing.depositDigest(separator(), order(10, 4)));
        vm.expectRevert(abi.encodeWithSelector(IJobMarket.NonceUsed.selector, alice, 7));
        market.depositBySig(order(10, 4), signature, none);
    }

    function test_depositBySig_revertsWith_JOB_EXPIRED_whenPastDeadline() public {
        bytes memory signature = Signing.long(ALICE_KEY, Signing.depositDigest(separator(), order(10, 4)));
        vm.warp(START + 61);
        expectRevert(IJobMarket.JOB_EXPIRED.selector, START + 60);
        market.depositBySig(order(10, 4), signature, none);
    }

    function test_depositBySig_revertsWith_ZeroAmount_whenZero() public {
        bytes memory signature = Signing.long(ALICE_KEY, Signing.depositDigest(separator(), order(0, 0)));
        expectRevert(IThawErrors.ZeroAmount.selector);
        market.depositBySig(order(0, 0), signature, none);
    }

    function testFuzz_depositBySig_revertsWith_InvalidSignature_whenAnyFieldDiffers(uint8 field) public {
        bytes memory signature = Signing.long(ALICE_KEY, Signing.depositDigest(separator(), order(10, 4)));
        Deposit memory d = order(10, 4);
        field = field % 6;
        if (field == 0) d.payer = bob;
        if (field == 1) d.amount = 11;
        if (field == 2) d.provider = other;
        if (field == 3) d.allotted = 5;
        if (field == 4) d.nonce = 8;
        if (field == 5) d.deadline += 1;
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.depositBySig(d, signature, none);
    }

    function test_unallotBySig_byTheOperator_freesTheChannel() public {
        deposit(alice, 100);
        allot(alice, signer, 100);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.Unallotted(alice, signer, 100);
        unallotBy(OPERATOR_KEY, unorder(signer));
        vm.assertEq(uint256(freeOf(alice)), 100);
        vm.assertTrue(market.isNonceUsed(signer, 9));
    }

    function test_unallotBySig_byTheOwner_works() public {
        // bob is a provider that owns and signs with the same hand
        register(bob, address(0xB0B09));
        deposit(alice, 100);
        allot(alice, bob, 100);
        unallotBy(BOB_KEY, unorder(bob));
        vm.assertEq(uint256(freeOf(alice)), 100);
    }

    function test_unallotBySig_revertsWith_NonceUsed_whenReplayed() public {
        deposit(alice, 100);
        allot(alice, signer, 60);
        unallotBy(OPERATOR_KEY, unorder(signer));
        allot(alice, signer, 60);
        bytes memory signature =
            Signing.long(OPERATOR_KEY, Signing.unallotmentDigest(separator(), alice, signer, 9, START + 60));
        vm.expectRevert(abi.encodeWithSelector(IJobMarket.NonceUsed.selector, signer, 9));
        market.unallotBySig(unorder(signer), signature);
    }

    function test_unallotBySig_revertsWith_JOB_EXPIRED_whenPastDeadline() public {
        vm.warp(START + 61);
        expectRevert(IJobMarket.JOB_EXPIRED.selector, START + 60);
        market.unallotBySig(unorder(signer), new bytes(65));
    }

    function testFuzz_unallotBySig_revertsWith_InvalidSignature_whenAnyFieldDiffers(uint8 field) public {
        bytes memory signature =
            Signing.long(OPERATOR_KEY, Signing.unallotmentDigest(separator(), alice, signer, 9, START + 60));
        Unallotment memory u = unorder(signer);
        field = field % 4;
        if (field == 0) u.payer = bob;
        if (field == 1) u.provider = provider;
        if (field == 2) u.nonce = 8;
        if (field == 3) u.deadline += 1;
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.unallotBySig(u, signature);
    }

    function test_unallotBySig_revertsWith_InvalidSignature_byThePayerOrForTheService() public {
        deposit(alice, 100);
        allotService(alice, 100);
        bytes32 digest = Signing.unallotmentDigest(separator(), alice, SERVICE, 9, START + 60);
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.unallotBySig(unorder(SERVICE), Signing.long(ALICE_KEY, digest));
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.unallotBySig(unorder(SERVICE), new bytes(65));
        digest = Signing.unallotmentDigest(separator(), alice, signer, 9, START + 60);
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.unallotBySig(unorder(signer), Signing.long(ALICE_KEY, digest));
    }
}
