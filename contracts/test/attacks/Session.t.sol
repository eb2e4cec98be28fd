// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../../src/interfaces/IJobMarket.sol";
import {IThawErrors} from "../../src/interfaces/IThawErrors.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";
import {RefusingWallet} from "./Payer.t.sol";

/// @notice What the account of a session key, the key itself, and strangers may try.
contract SessionAttackTest is MarketTest {
    uint64 private constant EXPIRY = START + 30 days;

    function setUp() public override {
        super.setUp();
        deposit(alice, 1_000);
        authorize(alice, SESSION_KEY, 500, EXPIRY);
        vm.prank(session);
        market.allot(provider, 100);
        vm.prank(session);
        market.allotService(100);
    }

    function test_revokingTheSession_doesNotVoidItsVouchers() public {
        vm.prank(alice);
        market.startRevokeSession(session);
        vm.assertEq(uint256(redeem(SESSION_KEY, 40)), 40);
        vm.warp(START + DAYS_3);
        vm.assertEq(uint256(redeem(SESSION_KEY, 70)), 30);
        vm.assertEq(uint256(redeemService(SESSION_KEY, other, 100)), 100);
        vm.warp(EXPIRY + 365 days);
        vm.assertEq(uint256(redeem(SESSION_KEY, 100)), 30);
    }

    function test_loweringTheCap_doesNotVoidItsVouchers() public {
        authorize(alice, SESSION_KEY, 0, START);
        vm.assertEq(uint256(redeem(SESSION_KEY, 100)), 100);
    }

    function test_reclaiming_doesNotReachTheChannels() public {
        vm.prank(alice);
        market.startRevokeSession(session);
        vm.warp(START + DAYS_3);
        expectRevert(IThawErrors.ZeroAmount.selector);
        vm.prank(alice);
        market.reclaimSession(session);
        vm.assertEq(uint256(market.capacity(session, provider)), 100);
    }

    function test_releaseByTheAccount_isSeenForTheWholeThaw_andTheVoucherWinsTheRace() public {
        vm.prank(alice);
        market.startUnallotFor(session, provider, 100);
        vm.warp(START + DAYS_3 - 1);
        expectRevert(IThawErrors.StillThawing.selector, START + DAYS_3);
        vm.prank(alice);
        market.finishUnallotFor(session, provider);
        vm.assertEq(uint256(redeem(SESSION_KEY, 100)), 100);
        vm.warp(START + DAYS_3 + 1);
        expectRevert(IThawErrors.NotThawing.selector);
        vm.prank(alice);
        market.finishUnallotFor(session, provider);
    }

    function test_delegatingTheKey_doesNotVoidItsVouchers() public {
        bytes memory packed = serviceEntry(SESSION_KEY, other, 100);
        RefusingWallet wallet = new RefusingWallet();
        vm.signAndAttachDelegation(address(wallet), SESSION_KEY);
        vm.assertEq(uint256(redeem(SESSION_KEY, 100)), 100);
        vm.assertEq(uint256(market.finalizeService(other, packed)), 100);
    }

    function test_vouchersOfTheAccount_doNotSpendTheChannelsOfTheKey() public {
        vm.assertEq(uint256(redeemBatch(entry(ALICE_KEY, 50))), 0);
        vm.assertEq(uint256(market.capacity(session, provider)), 100);
        vm.assertEq(uint256(redeemService(ALICE_KEY, other, 50)), 0);
    }

    function test_stolenKey_cannotTakeTheMoneyOut() public {
        vm.prank(provider);
        market.unallot(session);
        expectRevert(IJobMarket.SessionCannotWithdraw.selector, alice);
        vm.prank(session);
        market.startWithdraw(1);
        expectRevert(IThawErrors.NotThawing.selector);
        vm.prank(session);
        market.withdraw(session);
    }

    function test_strangers_cannotAdoptTheKey() public {
        // with the proof that they saw for another account
        bytes memory proof = Signing.long(SESSION_KEY, Signing.grantDigest(separator(), alice, session, 500, EXPIRY));
        vm.expectRevert(abi.encodeWithSelector(IJobMarket.SessionTaken.selector, session, alice));
        vm.prank(bob);
        market.authorizeSession(session, 500, EXPIRY, proof);
    }

    function test_strangers_cannotBindAPayer_whoDidNotAgree() public {
        // a payer that is bound could not withdraw any longer
        bytes memory forged = Signing.long(BOB_KEY, Signing.grantDigest(separator(), bob, alice, 1, EXPIRY));
        expectRevert(IJobMarket.InvalidSignature.selector);
        vm.prank(bob);
        market.authorizeSession(alice, 1, EXPIRY, forged);
        vm.prank(alice);
        market.startWithdraw(1);
    }

    function test_grant_isWorthNothingOnAForkOfTheChain() public {
        uint256 key = 0x5E58;
        bytes memory proof = Signing.long(key, Signing.grantDigest(separator(), alice, vm.addr(key), 5, EXPIRY));
        vm.chainId(4242);
        expectRevert(IJobMarket.InvalidSignature.selector);
        vm.prank(alice);
        market.authorizeSession(vm.addr(key), 5, EXPIRY, proof);
    }

    function test_zeroKey_isNobodys() public {
        expectRevert(IJobMarket.InvalidSignature.selector);
        vm.prank(alice);
        market.authorizeSession(address(0), 5, EXPIRY, new bytes(65));
    }
}
