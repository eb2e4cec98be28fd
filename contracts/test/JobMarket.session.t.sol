// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../src/interfaces/IJobMarket.sol";
import {IThawErrors} from "../src/interfaces/IThawErrors.sol";
import {MarketTest} from "./utils/MarketTest.sol";
import {Signing} from "./utils/Signing.sol";
import {vm} from "./utils/Vm.sol";

/// @notice authorizeSession, startRevokeSession, reclaimSession, allotFor, startUnallotFor, finishUnallotFor.
contract JobMarketSessionTest is MarketTest {
    uint96 private constant CAP = 300;
    uint64 private constant EXPIRY = START + 30 days;

    function setUp() public override {
        super.setUp();
        deposit(alice, 1_000);
        authorize(alice, SESSION_KEY, CAP, EXPIRY);
    }

    function revoke() private {
        vm.prank(alice);
        market.startRevokeSession(session);
    }

    function reclaim(address account) private {
        vm.prank(account);
        market.reclaimSession(session);
    }

    function test_authorizeSession_recordsTheKey() public {
        bytes32 digest = Signing.grantDigest(separator(), bob, relayer, 5, EXPIRY);
        expectRevert(IJobMarket.InvalidSignature.selector);
        vm.prank(bob);
        market.authorizeSession(relayer, 5, EXPIRY, Signing.long(SESSION_KEY, digest));
        (address account, uint96 cap, uint96 drawn, uint64 expiry, uint64 thawEnd) = market.sessions(session);
        vm.assertEq(account, alice);
        vm.assertEq(uint256(cap), CAP);
        vm.assertEq(uint256(drawn), 0);
        vm.assertEq(uint256(expiry), EXPIRY);
        vm.assertEq(uint256(thawEnd), 0);
    }

    function test_authorizeSession_emits() public {
        uint256 key = 0x5E56;
        bytes memory proof = Signing.short(key, Signing.grantDigest(separator(), bob, vm.addr(key), 7, EXPIRY));
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.SessionAuthorized(bob, vm.addr(key), 7, EXPIRY);
        vm.prank(bob);
        market.authorizeSession(vm.addr(key), 7, EXPIRY, proof);
    }

    function test_authorizeSession_revertsWith_SessionTaken_whenAnotherAccountHasTheKey() public {
        bytes32 digest = Signing.grantDigest(separator(), bob, session, CAP, EXPIRY);
        vm.expectRevert(abi.encodeWithSelector(IJobMarket.SessionTaken.selector, session, alice));
        vm.prank(bob);
        market.authorizeSession(session, CAP, EXPIRY, Signing.long(SESSION_KEY, digest));
    }

    function test_authorizeSession_revertsWith_InvalidSession_forItselfOrByASession() public {
        bytes memory proof = Signing.long(ALICE_KEY, Signing.grantDigest(separator(), alice, alice, 1, EXPIRY));
        expectRevert(IJobMarket.InvalidSession.selector, alice);
        vm.prank(alice);
        market.authorizeSession(alice, 1, EXPIRY, proof);
        proof = Signing.long(BOB_KEY, Signing.grantDigest(separator(), session, bob, 1, EXPIRY));
        expectRevert(IJobMarket.InvalidSession.selector, bob);
        vm.prank(session);
        market.authorizeSession(bob, 1, EXPIRY, proof);
    }

    function testFuzz_authorizeSession_revertsWith_InvalidSignature_whenAnyFieldDiffers(uint8 field) public {
        uint256 key = 0x5E57;
        bytes memory proof = Signing.long(key, Signing.grantDigest(separator(), bob, vm.addr(key), 7, EXPIRY));
        field = field % 3;
        expectRevert(IJobMarket.InvalidSignature.selector);
        vm.prank(field == 0 ? relayer : bob);
        market.authorizeSession(vm.addr(key), field == 1 ? 8 : 7, field == 2 ? EXPIRY + 1 : EXPIRY, proof);
    }

    function test_session_drawsWhatItLacks_andPaysByItsOwnVouchers() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.SessionDrawn(alice, session, 100);
        vm.prank(session);
        market.allot(provider, 100);
        vm.assertEq(uint256(freeOf(alice)), 900);
        vm.assertEq(uint256(drawnOf(session)), 100);
        vm.assertEq(uint256(market.capacity(session, provider)), 100);
        vm.assertEq(uint256(market.capacity(alice, provider)), 0);
        vm.assertEq(uint256(redeem(SESSION_KEY, 60)), 60);
    }

    function test_session_allotsBySignature_andFundsItsService() public {
        allotBy(SESSION_KEY, provider, 100, 1);
        allotBy(SESSION_KEY, SERVICE, 50, 2);
        vm.assertEq(uint256(drawnOf(session)), 150);
        vm.assertEq(uint256(redeemService(SESSION_KEY, other, 20)), 20);
        vm.assertEq(uint256(freeOf(alice)), 850);
    }

    function test_session_usesItsOwnMoneyFirst() public {
        vm.prank(relayer);
        market.deposit(session, 40);
        vm.prank(session);
        market.allot(provider, 100);
        vm.assertEq(uint256(drawnOf(session)), 60);
        vm.assertEq(uint256(freeOf(session)), 0);
        vm.assertEq(uint256(freeOf(alice)), 940);
    }

    function test_session_revertsWith_SessionCapExceeded_oneWeiAbove() public {
        vm.prank(session);
        market.allot(provider, CAP);
        expectRevert(IJobMarket.SessionCapExceeded.selector, CAP + 1, CAP);
        vm.prank(session);
        market.allot(provider, 1);
    }

    function test_session_revertsWith_InsufficientBalance_whenTheAccountIsShort() public {
        vm.prank(alice);
        market.startWithdraw(950);
        expectRevert(IThawErrors.InsufficientBalance.selector, 50, 51);
        vm.prank(session);
        market.allot(provider, 51);
    }

    function test_session_revertsWith_SessionEnded_fromTheExpiryOn() public {
        vm.warp(EXPIRY - 1);
        vm.prank(session);
        market.allot(provider, 1);
        vm.warp(EXPIRY);
        expectRevert(IJobMarket.SessionEnded.selector, session);
        vm.prank(session);
        market.allot(provider, 1);
    }

    function test_stranger_drawsNothing() public {
        expectRevert(IThawErrors.InsufficientBalance.selector, 0, 1);
        allot(bob, provider, 1);
    }

    function test_authorizeSession_again_setsCapAndExpiry_andKeepsWhatWasDrawn() public {
        vm.prank(session);
        market.allot(provider, CAP);
        revoke();
        authorize(alice, SESSION_KEY, CAP + 50, EXPIRY + 1);
        vm.prank(session);
        market.allot(provider, 50);
        vm.assertEq(uint256(drawnOf(session)), CAP + 50);
        expectRevert(IJobMarket.SessionCapExceeded.selector, CAP + 51, CAP + 50);
        vm.prank(session);
        market.allot(provider, 1);
    }

    function test_startRevokeSession_stopsDrawingAtOnce() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.SessionRevokeStarted(alice, session, START + DAYS_3);
        revoke();
        expectRevert(IJobMarket.SessionEnded.selector, session);
        vm.prank(session);
        market.allot(provider, 1);
        expectRevert(IJobMarket.SessionEnded.selector, session);
        revoke();
    }

    function test_onlyTheAccount_manages() public {
        expectRevert(IJobMarket.InvalidSession.selector, session);
        vm.prank(bob);
        market.startRevokeSession(session);
        expectRevert(IJobMarket.InvalidSession.selector, session);
        reclaim(bob);
        expectRevert(IJobMarket.InvalidSession.selector, session);
        vm.prank(bob);
        market.allotFor(session, provider, 1);
        expectRevert(IJobMarket.InvalidSession.selector, session);
        vm.prank(bob);
        market.startUnallotFor(session, provider, 1);
        expectRevert(IJobMarket.InvalidSession.selector, session);
        vm.prank(bob);
        market.finishUnallotFor(session, provider);
        expectRevert(IJobMarket.InvalidSession.selector, relayer);
        vm.prank(bob);
        market.startRevokeSession(relayer);
    }

    function test_allotFor_fundsAChannelOfTheKey_withinTheCap() public {
        vm.prank(alice);
        market.allotFor(session, provider, 200);
        vm.prank(alice);
        market.allotFor(session, SERVICE, 50);
        vm.assertEq(uint256(market.capacity(session, provider)), 200);
        vm.assertEq(uint256(serviceRest(session)), 50);
        vm.assertEq(uint256(drawnOf(session)), 250);
        expectRevert(IJobMarket.SessionCapExceeded.selector, CAP + 1, CAP);
        vm.prank(alice);
        market.allotFor(session, provider, 51);
    }

    function test_moneyOfTheKey_goesBackToItsAccountOnly() public {
        vm.prank(session);
        market.allot(provider, 200);
        vm.prank(provider);
        market.unallot(session);
        vm.assertEq(uint256(freeOf(session)), 200);
        expectRevert(IJobMarket.SessionCannotWithdraw.selector, alice);
        vm.prank(session);
        market.startWithdraw(1);
        revoke();
        vm.warp(START + DAYS_3 - 1);
        expectRevert(IThawErrors.StillThawing.selector, START + DAYS_3);
        reclaim(alice);
        vm.warp(START + DAYS_3);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.SessionReclaimed(alice, session, 200);
        reclaim(alice);
        vm.assertEq(uint256(freeOf(alice)), 1_000);
        vm.assertEq(uint256(freeOf(session)), 0);
        expectRevert(IThawErrors.ZeroAmount.selector);
        reclaim(alice);
    }

    function test_reclaimSession_worksFromTheExpiryOn_orTheThaw_whicheverIsFirst() public {
        vm.prank(relayer);
        market.deposit(session, 40);
        expectRevert(IThawErrors.StillThawing.selector, EXPIRY);
        reclaim(alice);
        vm.warp(EXPIRY - 1);
        revoke();
        expectRevert(IThawErrors.StillThawing.selector, EXPIRY);
        reclaim(alice);
        vm.warp(EXPIRY);
        reclaim(alice);
        vm.assertEq(uint256(freeOf(alice)), 1_040);
    }

    function test_unallotFor_bringsALostKeysMoneyBack() public {
        vm.prank(session);
        market.allot(provider, 200);
        vm.prank(session);
        market.allotService(100);
        vm.prank(alice);
        market.startUnallotFor(session, provider, 200);
        vm.prank(alice);
        market.startUnallotFor(session, SERVICE, 100);
        revoke();
        vm.warp(START + DAYS_3);
        vm.prank(alice);
        market.finishUnallotFor(session, provider);
        vm.prank(alice);
        market.finishUnallotFor(session, SERVICE);
        reclaim(alice);
        vm.assertEq(uint256(freeOf(alice)), 1_000);
    }

    /// @notice Whatever the key does, its account loses at most the cap.
    function testFuzz_session_neverDrawsMoreThanTheCap(uint96[8] memory amounts, uint8[8] memory what) public {
        for (uint256 i = 0; i < amounts.length; ++i) {
            uint96 amount = bound(amounts[i], 1, CAP);
            if (what[i] % 4 == 3) {
                vm.prank(provider);
                try market.unallot(session) {} catch {}
                continue;
            }
            vm.prank(session);
            if (what[i] % 4 == 0) try market.allot(provider, amount) {} catch {}
            if (what[i] % 4 == 1) try market.allot(other, amount) {} catch {}
            if (what[i] % 4 == 2) try market.allotService(amount) {} catch {}
            vm.assertLe(drawnOf(session), CAP);
            vm.assertEq(uint256(freeOf(alice)) + drawnOf(session), 1_000);
        }
    }
}
