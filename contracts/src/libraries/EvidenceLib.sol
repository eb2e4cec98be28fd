// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BidAck, JobOrder, Match, Receipt, Verdict} from "../types/Evidence.sol";

/// @title Evidence as signed (EIP-712)
/// @notice All are structs of fixed size, so `abi.encode` writes the members in place, as EIP-712 asks.
library EvidenceLib {
    bytes32 internal constant JOB_ORDER_TYPEHASH = keccak256(
        "JobOrder(address payer,uint64 nonce,bytes32 modelId,bytes32 specHash,uint8 mode,uint8 replicas,uint96 maxPrice,uint16 auditBps,bytes32 secretHash,uint64 deadline)"
    );
    bytes32 internal constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(bytes32 jobId,uint16 segment,uint32 item,uint32 seq,address payer,address provider,uint32 tokensIn,uint32 tokensOut,bytes32 tokensRoot,bytes32 traceRoot,uint96 amount,bytes32 specHash,bool last)"
    );
    bytes32 internal constant VERDICT_TYPEHASH =
        keccak256("Verdict(bytes32 receiptHash,address verifier,uint8 outcome,bytes32 leavesRoot)");
    bytes32 internal constant MATCH_TYPEHASH = keccak256(
        "Match(bytes32 jobId,uint32 attempt,uint64 epoch,uint32 turn,address seat,bytes32 bidsRoot,uint16 bids)"
    );
    bytes32 internal constant BID_ACK_TYPEHASH =
        keccak256("BidAck(bytes32 jobId,uint32 attempt,address seat,bytes32 commit)");
    bytes32 internal constant RULING_TYPEHASH =
        keccak256("Ruling(bytes32 disputeId,address referee,uint8 outcome,bytes32 refereeRoot)");

    /// @notice The EIP-712 struct hash.
    function hash(JobOrder calldata order) internal pure returns (bytes32) {
        return keccak256(abi.encode(JOB_ORDER_TYPEHASH, order));
    }

    /// @notice The EIP-712 struct hash.
    function hash(Receipt calldata receipt) internal pure returns (bytes32) {
        return keccak256(abi.encode(RECEIPT_TYPEHASH, receipt));
    }

    /// @notice The EIP-712 struct hash.
    function hash(Verdict calldata verdict) internal pure returns (bytes32) {
        return keccak256(abi.encode(VERDICT_TYPEHASH, verdict));
    }

    /// @notice The EIP-712 struct hash.
    function hash(Match calldata matched) internal pure returns (bytes32) {
        return keccak256(abi.encode(MATCH_TYPEHASH, matched));
    }

    /// @notice The EIP-712 struct hash.
    function hash(BidAck calldata ack) internal pure returns (bytes32) {
        return keccak256(abi.encode(BID_ACK_TYPEHASH, ack));
    }

    /// @notice The EIP-712 struct hash of a ruling, from its fields.
    function hashRuling(
        bytes32 disputeId,
        address referee,
        uint8 outcome,
        bytes32 refereeRoot
    )
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(RULING_TYPEHASH, disputeId, referee, outcome, refereeRoot));
    }
}
