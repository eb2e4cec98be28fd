// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BidAck, JobOrder, Match, Receipt, Verdict} from "../../src/types/Evidence.sol";

/// @notice Struct hashes of what peers sign, written apart from the contracts under test.
library Evidence {
    function hash(JobOrder memory o) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "JobOrder(address payer,uint64 nonce,bytes32 modelId,bytes32 specHash,uint8 mode,uint8 replicas,uint96 maxPrice,uint16 auditBps,bytes32 secretHash,uint64 deadline)"
        );
        bytes memory head = abi.encode(typehash, o.payer, o.nonce, o.modelId, o.specHash, o.mode);
        return keccak256(bytes.concat(head, abi.encode(o.replicas, o.maxPrice, o.auditBps, o.secretHash, o.deadline)));
    }

    function hash(Receipt memory r) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "Receipt(bytes32 jobId,uint16 segment,uint32 item,uint32 seq,address payer,address provider,uint32 tokensIn,uint32 tokensOut,bytes32 tokensRoot,bytes32 traceRoot,uint96 amount,bytes32 specHash,bool last)"
        );
        bytes memory head = abi.encode(typehash, r.jobId, r.segment, r.item, r.seq, r.payer, r.provider);
        bytes memory tail = abi.encode(r.tokensRoot, r.traceRoot, r.amount, r.specHash, r.last);
        return keccak256(bytes.concat(head, abi.encode(r.tokensIn, r.tokensOut), tail));
    }

    function hash(Verdict memory v) internal pure returns (bytes32) {
        bytes32 typehash = keccak256("Verdict(bytes32 receiptHash,address verifier,uint8 outcome,bytes32 leavesRoot)");
        return keccak256(abi.encode(typehash, v.receiptHash, v.verifier, v.outcome, v.leavesRoot));
    }

    function hash(Match memory m) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "Match(bytes32 jobId,uint32 attempt,uint64 epoch,uint32 turn,address seat,bytes32 bidsRoot,uint16 bids)"
        );
        return keccak256(abi.encode(typehash, m.jobId, m.attempt, m.epoch, m.turn, m.seat, m.bidsRoot, m.bids));
    }

    function hash(BidAck memory a) internal pure returns (bytes32) {
        bytes32 typehash = keccak256("BidAck(bytes32 jobId,uint32 attempt,address seat,bytes32 commit)");
        return keccak256(abi.encode(typehash, a.jobId, a.attempt, a.seat, a.commit));
    }

    function ruling(
        bytes32 disputeId,
        address referee,
        uint8 outcome,
        bytes32 refereeRoot
    )
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256("Ruling(bytes32 disputeId,address referee,uint8 outcome,bytes32 refereeRoot)");
        return keccak256(abi.encode(typehash, disputeId, referee, outcome, refereeRoot));
    }

    /// @dev as the protocol side folds: layer by layer, an odd last node carried up
    function bidsRoot(bytes32[] memory leaves) internal pure returns (bytes32) {
        if (leaves.length == 0) return 0;
        if (leaves.length == 1) return leaves[0];
        bytes32[] memory layer = new bytes32[]((leaves.length + 1) / 2);
        for (uint256 i = 0; i < layer.length; ++i) {
            bytes32 left = leaves[2 * i];
            bool isLone = 2 * i + 1 == leaves.length;
            layer[i] = isLone ? left : pair(left, leaves[2 * i + 1]);
        }
        return bidsRoot(layer);
    }

    function pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
    }
}
