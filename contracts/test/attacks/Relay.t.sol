// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../../src/interfaces/IJobMarket.sol";
import {IThawErrors} from "../../src/interfaces/IThawErrors.sol";
import {Deposit, RedeemGroup, TokenPermit, Unallotment} from "../../src/types/Signed.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";

/// @notice What relayers, and those who watch the mempool, may try with orders that others signed.
contract RelayAttackTest is MarketTest {
    TokenPermit private none;

    function test_permit_withoutAnOrder_movesNothing() public {
        // alice approved the market for life and signed a permit; bob has both, but no order of hers
        TokenPermit memory permit = permitOf(ALICE_KEY, 10, START + 60);
        Deposit memory d = Deposit(alice, 10, provider, 10, 1, START + 60);
        bytes memory forged = Signing.long(BOB_KEY, Signing.depositDigest(separator(), d));
        expectRevert(IJobMarket.InvalidSignature.selector);
        vm.prank(bob);
        market.depositBySig(d, forged, permit);
        vm.prank(bob);
        market.depositWithPermit(10, permit.deadline, permit.v, permit.r, permit.s);
        vm.assertEq(token.balanceOf(alice), FUNDS);
        vm.assertEq(uint256(freeOf(alice)), 0);
        vm.assertEq(token.balanceOf(bob), FUNDS - 10);
    }

    function test_orderWithADeposit_isNoAllotment_norTheReverse() public {
        deposit(alice, 100);
        Deposit memory d = Deposit(alice, 10, provider, 10, 1, START + 60);
        bytes memory asAllotment =
            Signing.long(ALICE_KEY, Signing.allotmentDigest(separator(), alice, provider, 10, 1, START + 60));
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.depositBySig(d, asAllotment, none);
    }

    function test_nonces_areSharedByAllOrdersOfAPayer() public {
        deposit(alice, 100);
        allotBy(ALICE_KEY, provider, 5, 1);
        Deposit memory d = Deposit(alice, 10, provider, 10, 1, START + 60);
        bytes memory signature = Signing.long(ALICE_KEY, Signing.depositDigest(separator(), d));
        vm.expectRevert(abi.encodeWithSelector(IJobMarket.NonceUsed.selector, alice, 1));
        market.depositBySig(d, signature, none);
    }

    function test_order_isWorthNothingOnAForkOfTheChain() public {
        Deposit memory d = Deposit(alice, 10, provider, 10, 1, START + 60);
        bytes memory signature = Signing.long(ALICE_KEY, Signing.depositDigest(separator(), d));
        deposit(alice, 10);
        allot(alice, signer, 10);
        Unallotment memory u = Unallotment(alice, signer, 1, START + 60);
        bytes memory release =
            Signing.long(OPERATOR_KEY, Signing.unallotmentDigest(separator(), alice, signer, 1, START + 60));
        vm.chainId(4242);
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.depositBySig(d, signature, none);
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.unallotBySig(u, release);
    }

    function test_malleatedOrders_areRefused() public {
        deposit(alice, 10);
        allot(alice, signer, 10);
        Unallotment memory u = Unallotment(alice, signer, 1, START + 60);
        bytes32 digest = Signing.unallotmentDigest(separator(), alice, signer, 1, START + 60);
        bytes memory malleated = Signing.malleated(OPERATOR_KEY, digest);
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.unallotBySig(u, malleated);
    }

    function test_watcher_cannotTakeTheFeeOfARelayer() public {
        // the thief sees the relayer's transaction and sends the same groups first: it redeems and takes nothing
        deposit(alice, 1_000);
        allot(alice, signer, 1_000);
        RedeemGroup[] memory groups = new RedeemGroup[](1);
        groups[0] = group(signer, entryFor(ALICE_KEY, signer, 1_000), 100, 1, OPERATOR_KEY);
        vm.prank(bob);
        vm.assertEq(uint256(market.finalizeMany(groups)), 0);
        vm.prank(bob);
        market.finalizeJobs(signer, groups[0].packed);
        vm.assertEq(uint256(earnedOf(bob)), 0);
        vm.assertEq(uint256(earnedOf(signer)), 990);
        // the relayer lost gas, the permit is not used
        vm.assertEq(uint256(redeemMany(groups)), 0);
        vm.assertTrue(!market.isNonceUsed(signer, 1));
    }

    function test_relayer_cannotTakeMoreThanSigned() public {
        deposit(alice, 1_000);
        allot(alice, signer, 1_000);
        RedeemGroup[] memory groups = new RedeemGroup[](1);
        groups[0] = group(signer, entryFor(ALICE_KEY, signer, 1_000), 10, 1, OPERATOR_KEY);
        groups[0].permit.feeBps = 100;
        vm.assertEq(uint256(redeemMany(groups)), 0);
        groups[0].permit.feeBps = 10;
        redeemMany(groups);
        vm.assertEq(uint256(earnedOf(relayer)), 1);
    }

    function test_oneRottenGroup_doesNotHoldUpTheOthers() public {
        deposit(alice, 2_000);
        allot(alice, signer, 1_000);
        allot(alice, provider, 1_000);
        RedeemGroup[] memory groups = new RedeemGroup[](2);
        groups[0] = group(signer, entryFor(ALICE_KEY, signer, 500), 100, 1, BOB_KEY);
        groups[1] = group(provider, entryFor(ALICE_KEY, provider, 500));
        vm.assertEq(uint256(redeemMany(groups)), 500);
    }

    function test_fee_staysSlashable_andThaws() public {
        deposit(alice, 1_000);
        allot(alice, signer, 1_000);
        RedeemGroup[] memory groups = new RedeemGroup[](1);
        groups[0] = group(signer, entryFor(ALICE_KEY, signer, 1_000), 100, 1, OPERATOR_KEY);
        redeemMany(groups);
        vm.prank(relayer);
        market.startWithdrawEarned(10);
        vm.warp(START + DAYS_3 - 1);
        expectRevert(IThawErrors.StillThawing.selector, START + DAYS_3);
        vm.prank(relayer);
        market.withdrawEarned(relayer);
        vm.prank(disputes);
        vm.assertEq(uint256(market.slashEarned(relayer, 10, 0)), 10);
    }

    function test_replacedOperator_releasesNothing() public {
        deposit(alice, 10);
        allot(alice, signer, 10);
        vm.prank(signer);
        registry.startOperatorRotation(address(0x1234));
        vm.warp(START + 30 days);
        vm.prank(signer);
        registry.finishOperatorRotation();
        Unallotment memory u = Unallotment(alice, signer, 1, START + 60 days);
        bytes32 digest = Signing.unallotmentDigest(separator(), alice, signer, 1, START + 60 days);
        bytes memory signature = Signing.long(OPERATOR_KEY, digest);
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.unallotBySig(u, signature);
    }
}
