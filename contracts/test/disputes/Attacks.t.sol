// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEvidenceErrors} from "../../src/interfaces/IEvidenceErrors.sol";
import {IJobDisputes} from "../../src/interfaces/IJobDisputes.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {IReferees} from "../../src/interfaces/IReferees.sol";
import {JobOrder, Match, Receipt, SignedSeat} from "../../src/types/Evidence.sol";
import {vm} from "../utils/Vm.sol";
import {DisputesTest} from "./DisputesTest.sol";
import {Evidence} from "./Evidence.sol";

/// @notice Each way to escape a slash, to gain by one, or to harm the innocent, tried.
contract DisputeAttacksTest is DisputesTest {
    IJobDisputes.Outcome private constant FAULT = IJobDisputes.Outcome.Fault;
    uint96 private constant TENTH = STAKE / 10;

    function test_attack_slash_oneSecondBeforeTheThawEnds_stillReachesAll() public {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        vm.warp(block.timestamp + 14 days - 1);
        vm.assertEq(uint256(equivocate(1)), TENTH);
        vm.warp(block.timestamp + 1);
        vm.prank(provider);
        registry.withdrawStake(provider);
        vm.assertEq(token.balanceOf(provider), FUNDS + STAKE - TENTH);
    }

    function test_attack_slash_afterTheStakeLeft_takesNothing_andStaysOpenForLater() public {
        unstakeAll();
        (Receipt memory a, Receipt memory b) = contradiction(1);
        (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
        expectRevert(IEvidenceErrors.NothingAtStake.selector, provider);
        faults.disputeReceipts(a, signatureA, b, signatureB);
        // it stakes again, and the proof is as good as ever
        token.mint(provider, STAKE);
        vm.prank(provider);
        registry.addStake(STAKE);
        vm.assertEq(uint256(faults.disputeReceipts(a, signatureA, b, signatureB)), TENTH);
    }

    function test_attack_loadedGunThaw_aMaturedThawIsNoWeightAndIsSlashed() public {
        vm.prank(refereeOf(0));
        registry.startUnstake(STAKE);
        vm.prank(provider);
        registry.startUnstake(STAKE);
        vm.warp(block.timestamp + 14 days);
        // both thaws are over and could leave in this very block
        bytes32 id = open(1);
        vm.warp(disputes.disputes(id).drawAt);
        address[] memory one = new address[](1);
        one[0] = refereeOf(0);
        expectRevert(IReferees.NotEligible.selector, refereeOf(0));
        referees.enterReferees(id, one);
        uint256 frozen = registry.frozenStake(provider);
        vm.prank(provider);
        registry.withdrawStake(provider);
        vm.assertEq(uint256(stakeOf(provider)), frozen);
        referees.enterReferees(id, restOfReferees());
        resolve(id, FAULT);
        vm.assertEq(uint256(stakeOf(provider)), 0);
        vm.assertEq(uint256(disputes.disputes(id).amount), TENTH);
    }

    function test_attack_touchingTheStakeInTheSameBlock_doesNotBlockASlash() public {
        vm.prank(provider);
        registry.addStake(1);
        vm.prank(provider);
        registry.startUnstake(1);
        vm.assertEq(uint256(equivocate(1)), TENTH);
    }

    function test_attack_withdrawDuringADispute_leavesWhatIsHeld() public {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        vm.warp(block.timestamp + 14 days);
        bytes32 id = open(1);
        vm.prank(provider);
        registry.withdrawStake(provider);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.FrozenStake.selector, TENTH));
        vm.prank(provider);
        registry.withdrawStake(provider);
        vm.warp(disputes.disputes(id).deadline);
        disputes.expireDispute(id);
        vm.prank(provider);
        registry.withdrawStake(provider);
        vm.assertEq(token.balanceOf(provider), FUNDS + STAKE);
    }

    function test_attack_selfSlash_losesAtLeastHalf_evenAsItsOwnClient() public {
        // the provider is its own client and signs any price it likes
        uint256 before = token.balanceOf(provider);
        Receipt memory r = receiptOf(1);
        JobOrder memory order = orderOf(1);
        (order.payer, r.payer, r.amount) = (provider, provider, 1_000_000e18);
        r.jobId = digest(Evidence.hash(order));
        bytes memory signature = sign(OPERATOR_KEY, r);
        vm.prank(provider);
        bytes32 id = disputes.disputeJob(r, signature, order, "");
        vm.warp(disputes.disputes(id).drawAt);
        referees.enterReferees(id, allReferees());
        resolve(id, FAULT);
        vm.warp(block.timestamp + 2 days);
        disputes.payOut(id);
        vm.assertEq(token.balanceOf(provider) - before, STAKE / 2);
        vm.assertEq(uint256(stakeOf(provider)), 0);
    }

    function test_attack_selfReport_losesFourFifths_andShortensNoThaw() public {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        uint256 thawEnd = registry.providers(provider).thawEnd;
        (Receipt memory a, Receipt memory b) = contradiction(1);
        (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
        uint256 before = token.balanceOf(provider);
        vm.prank(provider);
        faults.disputeReceipts(a, signatureA, b, signatureB);
        vm.assertEq(uint256(registry.providers(provider).thawEnd), thawEnd);
        vm.warp(block.timestamp + 2 days);
        faults.payOut(this.faultOf(a));
        vm.assertEq(token.balanceOf(provider) - before, TENTH / 5);
    }

    function test_attack_oneFault_isPunishedOnce_howeverManyMessagesProveIt() public {
        equivocate(1);
        (Receipt memory a, Receipt memory b) = contradiction(1);
        b.tokensRoot = "a third one";
        (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
        expectRevert(IEvidenceErrors.AlreadyPunished.selector, this.faultOf(a));
        faults.disputeReceipts(b, signatureB, a, signatureA);
        vm.warp(block.timestamp + 2 days);
        faults.payOut(this.faultOf(a));
        // nor after the money is gone
        expectRevert(IEvidenceErrors.AlreadyPunished.selector, this.faultOf(a));
        faults.disputeReceipts(a, signatureA, b, signatureB);
    }

    function testFuzz_attack_manyFaults_takeAtMostTheStake(uint8 count) public {
        uint256 taken = 0;
        for (uint64 i = 0; i < count % 40; ++i) {
            taken += equivocate(i);
        }
        vm.assertLe(taken, STAKE);
        vm.assertEq(uint256(stakeOf(provider)) + taken, STAKE);
        vm.assertEq(token.balanceOf(address(disputes)), taken);
    }

    function test_attack_disputesAboveTheStake_takeEarningsAndNoMoreThanThereIs() public {
        bytes32 first = open(1);
        bytes32 second = openAndDraw(2);
        referees.enterReferees(first, allReferees());
        // meanwhile it is slashed for other faults, below what the two disputes hold
        for (uint64 i = 10; i < 40; ++i) {
            equivocate(i);
        }
        uint96 left = stakeOf(provider);
        vm.assertTrue(left < 2 * TENTH);
        resolve(first, FAULT);
        disputes.resolveDispute(second, FAULT, "root", rulings(second, FAULT, "root", 3));
        vm.assertEq(uint256(stakeOf(provider)), 0);
        uint256 taken = uint256(disputes.disputes(first).amount) + disputes.disputes(second).amount;
        vm.assertEq(taken, left);
        vm.assertEq(uint256(registry.frozenStake(provider)), 0);
    }

    function test_attack_copiedReport_isNobodyElsesToMake() public {
        Receipt memory r = receiptOf(1);
        bytes memory signature = sign(OPERATOR_KEY, r);
        // the thief sees the transaction of the client and sends it first
        expectRevert(IJobDisputes.NotClient.selector, refereeOf(0));
        vm.prank(refereeOf(0));
        disputes.disputeJob(r, signature, orderOf(1), "");
        vm.prank(client);
        disputes.disputeJob(r, signature, orderOf(1), "");
    }

    function test_attack_copiedProof_makesTheThiefTheReporter_butSavesTheOffenderNothing() public {
        (Receipt memory a, Receipt memory b) = contradiction(1);
        (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
        vm.prank(provider);
        faults.disputeReceipts(a, signatureA, b, signatureB);
        vm.assertEq(uint256(stakeOf(provider)), STAKE - TENTH);
    }

    function test_attack_friendOfTheProvider_cannotSpoilADisputeByShowingNothing() public {
        // it would open without evidence, and close the step for the client for good
        Receipt memory r = receiptOf(1);
        r.payer = bystander;
        bytes memory signature = sign(OPERATOR_KEY, r);
        expectRevert(IJobDisputes.NotClient.selector, bystander);
        vm.prank(bystander);
        disputes.disputeJob(r, signature, orderOf(1), "");
    }

    function test_attack_refereesStakedAfterTheSeedWasKnown_haveNoSeat() public {
        bytes32 id = open(1);
        vm.warp(disputes.disputes(id).drawAt);
        enlist(bystander, address(0xB1), 90_000e18);
        address[] memory one = new address[](1);
        one[0] = bystander;
        vm.warp(block.timestamp + 3 hours);
        expectRevert(IReferees.NotEligible.selector, bystander);
        referees.enterReferees(id, one);
    }

    function test_attack_offenderJudgesItself_isNotEligible() public {
        bytes32 id = open(1);
        vm.warp(disputes.disputes(id).drawAt);
        address[] memory one = new address[](1);
        one[0] = provider;
        expectRevert(IReferees.NotEligible.selector, provider);
        referees.enterReferees(id, one);
    }

    function test_attack_packedCommittee_isPushedOutByOneHonestEntry() public {
        // the challenger enters only the worst candidates; anybody enters the others before the draw ends
        bytes32 id = open(1);
        vm.warp(disputes.disputes(id).drawAt);
        address[] memory byScore = sortedReferees(id);
        address[] memory worst = new address[](5);
        for (uint256 i = 0; i < 5; ++i) {
            worst[i] = byScore[REFEREES - 1 - i];
        }
        referees.enterReferees(id, worst);
        vm.warp(referees.drawEndOf(id) - 1);
        address[] memory best = new address[](5);
        for (uint256 i = 0; i < 5; ++i) {
            best[i] = byScore[i];
        }
        vm.prank(bystander);
        referees.enterReferees(id, best);
        address[] memory operators = referees.committeeOf(id);
        for (uint256 i = 0; i < 5; ++i) {
            address owner = registry.providerOf(operators[i]);
            vm.assertTrue(owner != byScore[5] && owner != byScore[6]);
        }
    }

    function test_attack_stolenOldKey_isWorthlessAFaultWindowAfterItWasReplaced() public {
        vm.prank(provider);
        registry.startOperatorRotation(address(0xFE));
        vm.warp(block.timestamp + 3 days);
        vm.prank(provider);
        registry.finishOperatorRotation();
        uint256 replacedAt = block.timestamp;
        vm.warp(replacedAt + 7 days);
        vm.assertEq(uint256(equivocate(1)), TENTH);
        vm.warp(replacedAt + 7 days + 1);
        (Receipt memory a, Receipt memory b) = contradiction(2);
        (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
        expectRevert(IEvidenceErrors.NotSignedBy.selector, provider, operator);
        faults.disputeReceipts(a, signatureA, b, signatureB);
    }

    function test_attack_rotatingTheKeyAway_doesNotHideAFault() public {
        (Receipt memory a, Receipt memory b) = contradiction(1);
        bytes memory signatureA = sign(OPERATOR_KEY, a);
        vm.prank(provider);
        registry.startOperatorRotation(vm.addr(0xFE));
        vm.warp(block.timestamp + 3 days);
        vm.prank(provider);
        registry.finishOperatorRotation();
        // one by the old key, one by the new
        bytes memory signatureB = sign(0xFE, Evidence.hash(b));
        vm.assertEq(uint256(faults.disputeReceipts(a, signatureA, b, signatureB)), TENTH);
    }

    function test_attack_governorShortensUnbonding_whileAThawRuns_theThawKeepsItsEnd() public {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        uint256 thawEnd = registry.providers(provider).thawEnd;
        vm.prank(governance);
        registry.setWindows(8 days, 3 days, 2 days, 2 days);
        vm.assertEq(uint256(registry.providers(provider).thawEnd), thawEnd);
        vm.warp(thawEnd - 1);
        vm.assertEq(uint256(equivocate(1)), TENTH);
    }

    function test_attack_governorLengthensTheFaultWindowPastUnbonding_isRefused() public {
        vm.expectRevert();
        vm.prank(governance);
        registry.setWindows(14 days, 9 days, 3 days, 3 days);
    }

    function test_attack_falseAccusation_costsTheBond_andNothingElse() public {
        bytes32 id = openAndDraw(1);
        resolve(id, IJobDisputes.Outcome.Ok);
        vm.assertEq(token.balanceOf(client), FUNDS - BOND);
        vm.assertEq(uint256(stakeOf(provider)), STAKE);
        vm.assertEq(registry.getVotes(provider), STAKE);
    }

    function test_attack_minorityOfReferees_decidesNothing() public {
        bytes32 id = openAndDraw(1);
        vm.warp(referees.drawEndOf(id));
        SignedSeat[] memory two = rulings(id, FAULT, "root", 2);
        expectRevert(IJobDisputes.QuorumTooSmall.selector, 2, 3);
        disputes.resolveDispute(id, FAULT, "root", two);
        vm.warp(disputes.disputes(id).deadline);
        disputes.expireDispute(id);
        vm.assertEq(uint256(stakeOf(provider)), STAKE);
    }

    function test_attack_replayedRulings_areWorthlessInAnotherDispute() public {
        bytes32 id = openAndDraw(1);
        SignedSeat[] memory old = rulings(id, FAULT, "root", 3);
        vm.warp(disputes.disputes(id).deadline);
        disputes.expireDispute(id);
        bytes32 again = openAndDraw(1);
        vm.warp(referees.drawEndOf(again));
        vm.expectRevert();
        disputes.resolveDispute(again, FAULT, "root", old);
    }

    function test_attack_matchDatedIntoTheFuture_isPunishedAllTheSame() public {
        Match memory a = Match("job", 0, type(uint64).max, 3, provider, "root", 4);
        Match memory b = Match("job", 0, type(uint64).max, 4, provider, "root", 4);
        bytes memory signatureA = sign(OPERATOR_KEY, Evidence.hash(a));
        bytes memory signatureB = sign(OPERATOR_KEY, Evidence.hash(b));
        vm.assertEq(uint256(faults.disputeMatches(a, signatureA, b, signatureB)), STAKE / 100);
    }

    function faultOf(Receipt calldata r) external pure returns (bytes32) {
        // the name of the fault as SCHEMAS of the chain writes it, apart from the library
        return keccak256(abi.encode(uint8(0), r.provider, r.jobId, r.segment, r.item, r.seq));
    }

    function contradiction(uint64 nonce) private view returns (Receipt memory a, Receipt memory b) {
        (a, b) = (receiptOf(nonce), receiptOf(nonce));
        b.tokensRoot = "other";
    }

    function equivocate(uint64 nonce) private returns (uint96) {
        (Receipt memory a, Receipt memory b) = contradiction(nonce);
        (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
        return faults.disputeReceipts(a, signatureA, b, signatureB);
    }

    function unstakeAll() private {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        vm.warp(block.timestamp + 14 days);
        vm.prank(provider);
        registry.withdrawStake(provider);
    }

    function restOfReferees() private pure returns (address[] memory owners) {
        owners = new address[](REFEREES - 1);
        for (uint256 i = 1; i < REFEREES; ++i) {
            owners[i - 1] = refereeOf(i);
        }
    }

    function sortedReferees(bytes32 id) private view returns (address[] memory owners) {
        owners = allReferees();
        for (uint256 i = 1; i < REFEREES; ++i) {
            for (uint256 j = i; j > 0; --j) {
                if (referees.scoreOf(id, owners[j]) >= referees.scoreOf(id, owners[j - 1])) break;
                (owners[j], owners[j - 1]) = (owners[j - 1], owners[j]);
            }
        }
    }
}
