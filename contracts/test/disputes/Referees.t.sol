// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Referees} from "../../src/Referees.sol";
import {IElection} from "../../src/interfaces/IElection.sol";
import {IEvidenceErrors} from "../../src/interfaces/IEvidenceErrors.sol";
import {IJobDisputes} from "../../src/interfaces/IJobDisputes.sol";
import {IReferees} from "../../src/interfaces/IReferees.sol";
import {SeatScore} from "../../src/libraries/SeatScore.sol";
import {SignedSeat} from "../../src/types/Evidence.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";
import {DisputesTest} from "./DisputesTest.sol";
import {Evidence} from "./Evidence.sol";

/// @notice Who gets to judge, and whose word counts.
contract RefereesTest is DisputesTest {
    IJobDisputes.Outcome private constant FAULT = IJobDisputes.Outcome.Fault;

    function test_enterReferees_seatsTheBestScores_inWhateverOrder() public {
        bytes32 id = open(1);
        vm.warp(disputes.disputes(id).drawAt);
        for (uint256 i = REFEREES; i > 0; --i) {
            enter(id, refereeOf(i - 1));
        }
        vm.assertEq(referees.seated(id), 5);
        checkBest(id);
    }

    function testFuzz_enterReferees_anyOrderGivesTheSameCommittee(uint256 shuffle) public {
        bytes32 id = open(1);
        vm.warp(disputes.disputes(id).drawAt);
        address[] memory owners = allReferees();
        for (uint256 i = REFEREES - 1; i > 0; --i) {
            uint256 j = uint256(keccak256(abi.encode(shuffle, i))) % (i + 1);
            (owners[i], owners[j]) = (owners[j], owners[i]);
        }
        referees.enterReferees(id, owners);
        checkBest(id);
    }

    function test_score_isTheRaceOverTheSeedOfTheNextEpoch() public {
        bytes32 id = open(1);
        IJobDisputes.Dispute memory d = disputes.disputes(id);
        vm.warp(d.drawAt);
        bytes32 seed = registry.seedOf(registry.epochOf(d.drawAt) + 1);
        uint256 expected = SeatScore.race(keccak256(abi.encode(seed, d.faultId, refereeOf(0))), STAKE);
        vm.assertEq(uint256(referees.scoreOf(id, refereeOf(0))), expected);
    }

    function test_score_beforeTheDraw_revertsWith_SeedNotFixed() public {
        bytes32 id = open(1);
        uint64 epoch = registry.currentEpoch() + 1;
        vm.warp(disputes.disputes(id).drawAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IElection.SeedNotFixed.selector, epoch));
        referees.scoreOf(id, refereeOf(0));
    }

    function test_enterReferees_twice_sitsOnce() public {
        bytes32 id = open(1);
        vm.warp(disputes.disputes(id).drawAt);
        enter(id, refereeOf(0));
        enter(id, refereeOf(0));
        vm.assertEq(referees.seated(id), 1);
    }

    function test_enterReferees_againAfterARotation_stillSitsOnce() public {
        vm.prank(refereeOf(0));
        registry.startOperatorRotation(address(0xFE));
        vm.warp(block.timestamp + 3 days);
        bytes32 id = open(1);
        vm.warp(disputes.disputes(id).drawAt);
        enter(id, refereeOf(0));
        vm.prank(refereeOf(0));
        registry.finishOperatorRotation();
        enter(id, refereeOf(0));
        vm.assertEq(referees.seated(id), 1);
    }

    function test_enterReferees_onlyDuringTheDraw() public {
        bytes32 id = open(1);
        address[] memory one = single(refereeOf(0));
        uint256 drawAt = disputes.disputes(id).drawAt;
        vm.warp(drawAt - 1);
        expectRevert(IEvidenceErrors.TooEarly.selector, drawAt);
        referees.enterReferees(id, one);
        vm.warp(drawAt + 1 days);
        expectRevert(IEvidenceErrors.TooLate.selector, drawAt + 1 days);
        referees.enterReferees(id, one);
        vm.warp(drawAt + 1 days - 1);
        referees.enterReferees(id, one);
    }

    function test_enterReferees_revertsWith_TooManyCandidates_above31() public {
        bytes32 id = open(1);
        expectRevert(IReferees.TooManyCandidates.selector, 32);
        referees.enterReferees(id, new address[](32));
    }

    function test_parties_areNotEligible() public {
        // both are registered and serve the model, as a bystander does
        enlist(client, address(0xC1), STAKE);
        enlist(bystander, address(0xB1), STAKE);
        vm.warp(block.timestamp + 2 * EPOCH);
        bytes32 id = open(1);
        vm.warp(disputes.disputes(id).drawAt);
        checkNotEligible(id, provider);
        checkNotEligible(id, client);
        referees.enterReferees(id, single(bystander));
    }

    function test_stakeAddedAfterTheSnapshot_doesNotWeigh() public {
        vm.warp(START + 4 * EPOCH);
        enlist(bystander, address(0xB1), STAKE);
        bytes32 id = open(1);
        vm.warp(disputes.disputes(id).drawAt);
        checkNotEligible(id, bystander);
    }

    function test_classSetAfterTheOpening_doesNotCount() public {
        bytes32[] memory none = new bytes32[](0);
        vm.prank(refereeOf(0));
        registry.setClasses(none);
        bytes32 id = open(1);
        vm.warp(block.timestamp + 1);
        bytes32[] memory classes = new bytes32[](1);
        classes[0] = MODEL;
        vm.prank(refereeOf(0));
        registry.setClasses(classes);
        vm.warp(disputes.disputes(id).drawAt);
        checkNotEligible(id, refereeOf(0));
    }

    function test_classLeftAfterTheOpening_stillCounts() public {
        bytes32 id = open(1);
        vm.warp(block.timestamp + 1);
        bytes32[] memory none = new bytes32[](0);
        vm.prank(refereeOf(0));
        registry.setClasses(none);
        vm.warp(disputes.disputes(id).drawAt);
        enter(id, refereeOf(0));
        vm.assertEq(referees.seated(id), 1);
    }

    function test_strangers_areNotEligible() public {
        bytes32 id = open(1);
        vm.warp(disputes.disputes(id).drawAt);
        checkNotEligible(id, address(0xBAD));
    }

    function test_rulings_unsortedOrTwice_revertWith_NotAscending() public {
        bytes32 id = drawn();
        SignedSeat[] memory seats = rulings(id, FAULT, "root", 3);
        (seats[1], seats[2]) = (seats[2], seats[1]);
        expectRevert(IEvidenceErrors.NotAscending.selector, 2);
        disputes.resolveDispute(id, FAULT, "root", seats);
        seats[1] = seats[0];
        expectRevert(IEvidenceErrors.NotAscending.selector, 1);
        disputes.resolveDispute(id, FAULT, "root", seats);
    }

    function test_rulings_onAnotherOutcomeOrRootOrDispute_revertWith_NotDrawn() public {
        bytes32 id = drawn();
        SignedSeat[] memory seats = rulings(id, FAULT, "root", 3);
        seats[2] = rulings(id, IJobDisputes.Outcome.Ok, "root", 3)[2];
        checkNotDrawn(id, seats, 2);
        seats[2] = rulings(id, FAULT, "other", 3)[2];
        checkNotDrawn(id, seats, 2);
        uint256 number = numberOf(referees.committeeOf(id)[2]);
        seats[2] = rulingBy("other", FAULT, "root", 2, number);
        checkNotDrawn(id, seats, 2);
    }

    function test_rulings_ofAnEmptySeat_revertWith_NotDrawn() public {
        bytes32 id = drawn();
        SignedSeat[] memory seats = rulings(id, FAULT, "root", 3);
        seats[2].seat = 5;
        checkNotDrawn(id, seats, 2);
        // a signature that recovers to nobody is not the word of an empty seat
        (seats[2].r, seats[2].vs) = (0, 0);
        checkNotDrawn(id, seats, 2);
    }

    function test_rulings_bySomebodyElse_revertWith_NotDrawn() public {
        bytes32 id = drawn();
        SignedSeat[] memory seats = rulings(id, FAULT, "root", 3);
        uint256 number = numberOf(referees.committeeOf(id)[1]);
        seats[2] = rulingBy(id, FAULT, "root", 2, number);
        checkNotDrawn(id, seats, 2);
    }

    function test_rulings_byAllSeats_count() public {
        bytes32 id = drawn();
        disputes.resolveDispute(id, FAULT, "root", rulings(id, FAULT, "root", 5));
        vm.assertEq(stateOf(id), uint256(IJobDisputes.State.Slashed));
    }

    function test_aCopyOfTheReferees_hasNoPower() public {
        Referees copy = new Referees(registry);
        vm.assertEq(address(copy.disputes()), address(this));
        vm.assertEq(referees.registry(), address(registry));
    }

    function test_drawEnd_ofAnUnknownDispute_isZero() public view {
        vm.assertEq(referees.drawEndOf("x"), 0);
    }

    function drawn() private returns (bytes32 id) {
        id = openAndDraw(1);
        vm.warp(referees.drawEndOf(id));
    }

    function checkNotDrawn(bytes32 id, SignedSeat[] memory seats, uint256 index) private {
        vm.expectRevert(
            abi.encodeWithSelector(IReferees.NotDrawn.selector, uint256(seats[index].seat), seats[index].referee)
        );
        disputes.resolveDispute(id, FAULT, "root", seats);
    }

    function checkNotEligible(bytes32 id, address owner) private {
        address[] memory one = single(owner);
        expectRevert(IReferees.NotEligible.selector, owner);
        referees.enterReferees(id, one);
    }

    function enter(bytes32 id, address owner) private {
        referees.enterReferees(id, single(owner));
    }

    function single(address owner) private pure returns (address[] memory one) {
        one = new address[](1);
        one[0] = owner;
    }

    /// @dev everybody who sits has a better score than everybody who does not
    function checkBest(bytes32 id) private view {
        address[] memory operators = referees.committeeOf(id);
        uint96 worst = 0;
        for (uint256 i = 0; i < operators.length; ++i) {
            uint96 score = referees.scoreOf(id, registry.providerOf(operators[i]));
            if (score > worst) worst = score;
        }
        uint256 better = 0;
        for (uint256 i = 0; i < REFEREES; ++i) {
            if (referees.scoreOf(id, refereeOf(i)) <= worst) ++better;
        }
        vm.assertEq(better, operators.length);
    }
}
