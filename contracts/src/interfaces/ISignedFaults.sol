// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BidAck, Match, Receipt, Verdict} from "../types/Evidence.sol";
import {IEvidenceErrors} from "./IEvidenceErrors.sol";
import {IJobDisputes} from "./IJobDisputes.sol";

/// @title Faults that two signatures prove
/// @notice Whoever signs two messages that contradict each other has proved its own fault: no referee is needed. The
/// caller is the reporter and gets its share. A copy from the mempool may be first; what is proved is proved all the
/// same, and the offender cannot gain by it. A receipt carries no time, so it stays proof as long as its signer has
/// stake; a match is proof for one fault window after its epoch.
interface ISignedFaults is IEvidenceErrors {
    /// @notice What a proved fault took. One slot.
    struct Held {
        /// @notice Not yet shared out, 10^9 wei.
        uint64 gweiHeld;
        /// @notice From when it may be shared out; 32 bits last until 2106.
        uint32 unlockAt;
        /// @notice Who proved it; zero for a fault that nobody did.
        address reporter;
    }

    /// @notice `provider` was proved to have committed `faultId` and lost `amount` wei, held until `unlockAt`.
    event FaultProved(
        bytes32 indexed faultId, address indexed provider, address indexed reporter, uint96 amount, uint256 unlockAt
    );

    /// @notice The two messages are not about the same thing, so they cannot contradict each other.
    error NotTheSame();

    /// @notice The two messages say the same, so nothing is proved.
    error NoContradiction();

    /// @notice The fault could be brought until `end` (unix seconds).
    error FaultTooOld(uint256 end);

    /// @notice The commitments do not hash to the `root` that the seat signed, or are not as many.
    error WrongCommits(bytes32 root);

    /// @notice The acknowledged commitment is among those that the seat matched.
    error NotOmitted(bytes32 commit);

    /// @notice A match has at most 64 bids, not `count`.
    error TooManyBids(uint256 count);

    /// @notice No slashed money is held for this fault: there never was any, or it was shared out.
    error NothingHeld(bytes32 faultId);

    /// @notice Proves that a provider signed two different receipts for one step.
    /// @return taken what it lost, wei
    function disputeReceipts(
        Receipt calldata a,
        bytes calldata signatureA,
        Receipt calldata b,
        bytes calldata signatureB
    )
        external
        returns (uint96 taken);

    /// @notice Proves that a verifier signed two different verdicts on one receipt.
    /// @return taken what it lost, wei
    function disputeVerdicts(
        Verdict calldata a,
        bytes calldata signatureA,
        Verdict calldata b,
        bytes calldata signatureB
    )
        external
        returns (uint96 taken);

    /// @notice Proves that a seat signed two different matches for one attempt.
    /// @return taken what it lost, wei
    function disputeMatches(
        Match calldata a,
        bytes calldata signatureA,
        Match calldata b,
        bytes calldata signatureB
    )
        external
        returns (uint96 taken);

    /// @notice Proves that a seat left a bid out of a match that it had acknowledged.
    /// @param commits all commitments of the match, strictly ascending: they hash to its root
    /// @return taken what it lost, wei
    function disputeOmission(
        Match calldata matched,
        bytes calldata matchSignature,
        BidAck calldata ack,
        bytes calldata ackSignature,
        bytes32[] calldata commits
    )
        external
        returns (uint96 taken);

    /// @notice Shares out what a fault took, once its time has come: the reporter gets its share, the rest is burnt.
    function payOut(bytes32 faultId) external;

    /// @notice What a fault took; all zero when it was not proved.
    function faults(bytes32 faultId) external view returns (Held memory);

    /// @notice The contract that made this one and slashes for it.
    function disputes() external view returns (IJobDisputes);
}
