// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Match, Receipt, Verdict} from "../types/Evidence.sol";

/// @title The names of faults
/// @notice Who did what about which thing, whatever the contradicting content: so one fault has one name however many
/// messages prove it, and is punished once.
library FaultId {
    enum Kind {
        Receipts,
        Verdicts,
        Matches,
        Omission,
        WrongResult
    }

    /// @notice Different receipts for one step.
    function ofReceipts(Receipt calldata r) internal pure returns (bytes32) {
        return keccak256(abi.encode(Kind.Receipts, r.provider, r.jobId, r.segment, r.item, r.seq));
    }

    /// @notice Different verdicts on one receipt.
    function ofVerdicts(Verdict calldata v) internal pure returns (bytes32) {
        return keccak256(abi.encode(Kind.Verdicts, v.verifier, v.receiptHash));
    }

    /// @notice Different matches for one attempt.
    function ofMatches(Match calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(Kind.Matches, m.seat, m.jobId, m.attempt));
    }

    /// @notice A bid left out of the match of one attempt.
    function ofOmission(Match calldata m) internal pure returns (bytes32) {
        return keccak256(abi.encode(Kind.Omission, m.seat, m.jobId, m.attempt));
    }

    /// @notice A wrong result of one step.
    function ofWrongResult(Receipt calldata r) internal pure returns (bytes32) {
        return keccak256(abi.encode(Kind.WrongResult, r.provider, r.jobId, r.segment, r.item, r.seq));
    }
}
