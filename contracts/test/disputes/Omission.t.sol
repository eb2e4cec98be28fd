// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEvidenceErrors} from "../../src/interfaces/IEvidenceErrors.sol";
import {ISignedFaults} from "../../src/interfaces/ISignedFaults.sol";
import {BidsRoot} from "../../src/libraries/BidsRoot.sol";
import {BidAck, Match} from "../../src/types/Evidence.sol";
import {vm} from "../utils/Vm.sol";
import {DisputesTest} from "./DisputesTest.sol";
import {Evidence} from "./Evidence.sol";

/// @notice A seat that acknowledges a bid and leaves it out of its match.
contract OmissionTest is DisputesTest {
    bytes32 private constant LEFT_OUT = bytes32(uint256(1));

    function test_disputeOmission_takesAHundredth_once() public {
        bytes32[] memory commits = ascending(5);
        Match memory m = matchOf(commits);
        vm.assertEq(uint256(bring(m, ackOf(LEFT_OUT), commits)), STAKE / 100);
        vm.assertEq(uint256(stakeOf(provider)), STAKE - STAKE / 100);
        // a second bid left out of the same match is the same fault
        (bytes memory signature, bytes memory ackSignature) = signatures(m, ackOf(bytes32(uint256(2))));
        vm.expectRevert();
        faults.disputeOmission(m, signature, ackOf(bytes32(uint256(2))), ackSignature, commits);
        vm.assertEq(uint256(stakeOf(provider)), STAKE - STAKE / 100);
    }

    function testFuzz_disputeOmission_forAnyNumberOfBids(uint8 count) public {
        bytes32[] memory commits = ascending(count % 65);
        vm.assertEq(uint256(bring(matchOf(commits), ackOf(LEFT_OUT), commits)), STAKE / 100);
    }

    function testFuzz_disputeOmission_revertsWith_NotOmitted_forAMatchedBid(uint8 count, uint8 which) public {
        bytes32[] memory commits = ascending(1 + count % 64);
        bytes32 commit = commits[which % commits.length];
        expectBring(ISignedFaults.NotOmitted.selector, commit, matchOf(commits), ackOf(commit), commits);
    }

    function test_disputeOmission_revertsWith_WrongCommits_forAnotherList() public {
        bytes32[] memory commits = ascending(5);
        Match memory m = matchOf(commits);
        bytes32[] memory others = ascending(5);
        others[4] = bytes32(uint256(others[4]) + 1);
        expectBring(ISignedFaults.WrongCommits.selector, m.bidsRoot, m, ackOf(LEFT_OUT), others);
    }

    function test_disputeOmission_revertsWith_WrongCommits_forInnerNodesInPlaceOfLeaves() public {
        // two nodes of the layer above hash to the same root; the number that was signed says that they are no leaves
        bytes32[] memory commits = ascending(4);
        Match memory m = matchOf(commits);
        bytes32[] memory nodes = new bytes32[](2);
        (nodes[0], nodes[1]) = (pairOf(commits[0], commits[1]), pairOf(commits[2], commits[3]));
        if (nodes[0] > nodes[1]) (nodes[0], nodes[1]) = (nodes[1], nodes[0]);
        vm.assertEq(Evidence.bidsRoot(nodes), m.bidsRoot);
        expectBring(ISignedFaults.WrongCommits.selector, m.bidsRoot, m, ackOf(LEFT_OUT), nodes);
    }

    function test_disputeOmission_revertsWith_NotAscending_forUnsortedOrDoubleCommits() public {
        bytes32[] memory commits = ascending(3);
        Match memory m = matchOf(commits);
        (commits[0], commits[1]) = (commits[1], commits[0]);
        (bytes memory signature, bytes memory ackSignature) = signatures(m, ackOf(LEFT_OUT));
        expectRevert(IEvidenceErrors.NotAscending.selector, 1);
        faults.disputeOmission(m, signature, ackOf(LEFT_OUT), ackSignature, commits);
        commits[0] = commits[1];
        expectRevert(IEvidenceErrors.NotAscending.selector, 1);
        faults.disputeOmission(m, signature, ackOf(LEFT_OUT), ackSignature, commits);
    }

    function test_disputeOmission_revertsWith_TooManyBids_above64() public {
        bytes32[] memory commits = ascending(65);
        Match memory m = matchOf(commits);
        (bytes memory signature, bytes memory ackSignature) = signatures(m, ackOf(LEFT_OUT));
        expectRevert(ISignedFaults.TooManyBids.selector, 65);
        faults.disputeOmission(m, signature, ackOf(LEFT_OUT), ackSignature, commits);
    }

    function test_disputeOmission_revertsWith_NotTheSame_forAnotherAttempt() public {
        bytes32[] memory commits = ascending(3);
        for (uint256 i = 0; i < 3; ++i) {
            BidAck memory ack = ackOf(LEFT_OUT);
            if (i == 0) ack.jobId = "other";
            if (i == 1) ack.attempt = 1;
            if (i == 2) ack.seat = refereeOf(0);
            Match memory m = matchOf(commits);
            expectRevert(ISignedFaults.NotTheSame.selector);
            faults.disputeOmission(m, "", ack, "", commits);
        }
    }

    function test_disputeOmission_needsBothSignaturesOfTheSeat() public {
        bytes32[] memory commits = ascending(3);
        Match memory m = matchOf(commits);
        BidAck memory ack = ackOf(LEFT_OUT);
        (bytes memory signature, bytes memory ackSignature) = signatures(m, ack);
        bytes memory foreign = sign(CLIENT_KEY, Evidence.hash(ack));
        expectRevert(IEvidenceErrors.NotSignedBy.selector, provider, client);
        faults.disputeOmission(m, signature, ack, foreign, commits);
        foreign = sign(CLIENT_KEY, Evidence.hash(m));
        expectRevert(IEvidenceErrors.NotSignedBy.selector, provider, client);
        faults.disputeOmission(m, foreign, ack, ackSignature, commits);
    }

    function test_disputeOmission_revertsWith_FaultTooOld_afterTheWindow() public {
        bytes32[] memory commits = ascending(3);
        Match memory m = matchOf(commits);
        (bytes memory signature, bytes memory ackSignature) = signatures(m, ackOf(LEFT_OUT));
        uint256 end = (uint256(m.epoch) + 1) * EPOCH + 7 days;
        vm.warp(end + 1);
        expectRevert(ISignedFaults.FaultTooOld.selector, end);
        faults.disputeOmission(m, signature, ackOf(LEFT_OUT), ackSignature, commits);
    }

    function testFuzz_root_isTheOneOfTheProtocol(uint8 count) public pure {
        bytes32[] memory commits = ascending(count % 65);
        vm.assertEq(BidsRoot.rootOf(copy(commits)), Evidence.bidsRoot(commits));
    }

    function copy(bytes32[] memory list) private pure returns (bytes32[] memory other) {
        other = new bytes32[](list.length);
        for (uint256 i = 0; i < list.length; ++i) {
            other[i] = list[i];
        }
    }

    /// @dev all above LEFT_OUT
    function ascending(uint256 count) private pure returns (bytes32[] memory commits) {
        commits = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            commits[i] = bytes32((uint256(1000 + i) << 240) | (uint256(keccak256(abi.encode(i))) >> 16));
        }
    }

    function pairOf(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return keccak256(a < b ? abi.encodePacked(a, b) : abi.encodePacked(b, a));
    }

    function matchOf(bytes32[] memory commits) private view returns (Match memory) {
        bytes32 root = Evidence.bidsRoot(commits);
        return Match("job", 0, registry.currentEpoch(), 3, provider, root, uint16(commits.length));
    }

    function ackOf(bytes32 commit) private view returns (BidAck memory) {
        return BidAck("job", 0, provider, commit);
    }

    function signatures(Match memory m, BidAck memory ack) private view returns (bytes memory, bytes memory) {
        return (sign(OPERATOR_KEY, Evidence.hash(m)), sign(OPERATOR_KEY, Evidence.hash(ack)));
    }

    function bring(Match memory m, BidAck memory ack, bytes32[] memory commits) private returns (uint96) {
        (bytes memory signature, bytes memory ackSignature) = signatures(m, ack);
        return faults.disputeOmission(m, signature, ack, ackSignature, commits);
    }

    function expectBring(
        bytes4 selector,
        bytes32 argument,
        Match memory m,
        BidAck memory ack,
        bytes32[] memory commits
    )
        private
    {
        (bytes memory signature, bytes memory ackSignature) = signatures(m, ack);
        expectRevert(selector, argument);
        faults.disputeOmission(m, signature, ack, ackSignature, commits);
    }
}
