// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DisputeParameters} from "../types/DisputeParameters.sol";
import {JobOrder, Receipt, SignedSeat} from "../types/Evidence.sol";
import {IEvidenceErrors} from "./IEvidenceErrors.sol";

/// @title What can be proved, and what it costs
/// @notice The only slasher. Two signatures that contradict each other are proof enough by themselves (ISignedFaults). A
/// result that is merely wrong is re-run by referees (IReferees): the accusation is opened and pinned first, then the
/// first seed that is fixed afterwards draws them. Whatever is not proved harms nobody, and every state ends by time.
/// Slashed money is held for a while and then shared out: at least half of it is burnt. Amounts are wei of DUCK, times
/// unix seconds.
interface IJobDisputes is IEvidenceErrors {
    /// @notice Where a dispute stands.
    enum State {
        /// @notice There is no such dispute.
        None,
        /// @notice Referees are being drawn, or rule.
        Open,
        /// @notice Proved; the money is held until the deadline.
        Slashed,
        /// @notice Over: shared out, dismissed, or without effect.
        Closed
    }

    /// @notice What referees may find, in the order of SCHEMAS "Verdict".
    enum Outcome {
        /// @notice The result is what the model gives: the challenger's bond is burnt.
        Ok,
        /// @notice The result is wrong: the provider is slashed.
        Fault,
        /// @notice It cannot be told: nobody is harmed.
        Undecided,
        /// @notice The challenger did not show what is needed to tell: nobody is harmed.
        NoEvidence
    }

    /// @notice What kind of fault signatures proved.
    enum Fault {
        /// @notice A provider or verifier contradicted itself: costs `equivocationBps` of the stake.
        Equivocation,
        /// @notice A seat contradicted itself or left out what it acknowledged: costs `coordinatorBps`.
        Coordination
    }

    /// @notice One accusation of a wrong result.
    // solhint-disable-next-line gas-struct-packing
    struct Dispute {
        /// @notice The accused.
        address provider;
        /// @notice What it will lose, or after the slash what it lost, wei.
        uint96 amount;
        /// @notice The client, who accuses.
        address challenger;
        /// @notice What the challenger put up, wei.
        uint96 bond;
        /// @notice The price in the receipt, wei.
        uint96 price;
        /// @notice The model that was to be run: the class whose providers are referees.
        bytes32 modelId;
        /// @notice EIP-712 digest of the receipt: what the referees judge.
        bytes32 receiptHash;
        /// @notice The fault at issue: who did what about which step.
        bytes32 faultId;
        /// @notice How much of the stake is held meanwhile, wei.
        uint96 frozen;
        /// @notice When it was opened.
        uint40 openedAt;
        /// @notice From when on candidates can be entered, for a third of the time until the deadline.
        uint40 drawAt;
        /// @notice Until when rulings are taken; once it is slashed, from when on the money may be shared out.
        uint40 deadline;
        /// @notice Seats in the committee.
        uint8 committee;
        /// @notice Rulings that decide.
        uint8 quorum;
        /// @notice Where it stands.
        State state;
    }

    /// @notice `challenger` accuses `provider` of a wrong result; the referees are drawn from `drawAt` on.
    event DisputeOpened(
        bytes32 indexed disputeId,
        address indexed provider,
        address indexed challenger,
        bytes32 jobId,
        bytes32 receiptHash,
        bytes32 modelId,
        uint96 amount,
        uint64 drawAt,
        string reason
    );

    /// @notice The referees found `outcome` by `rulings` equal rulings.
    event DisputeResolved(bytes32 indexed disputeId, Outcome outcome, bytes32 refereeRoot, uint256 rulings);

    /// @notice Too few referees ruled in time (NO_QUORUM). The same step may be disputed again.
    event DisputeExpired(bytes32 indexed disputeId);

    /// @notice Slashed money was shared out, wei. `id` is that of the dispute or of the fault.
    event SlashPaidOut(bytes32 indexed id, uint256 toClient, uint256 toChallenger, uint256 burnt);

    /// @notice Governance set the parameters.
    event ParametersSet(DisputeParameters parameters);

    /// @notice The fault is in dispute already, as `disputeId`.
    error AlreadyDisputed(bytes32 disputeId);

    /// @notice The order does not hash to `jobId`, the job of the receipt.
    error WrongOrder(bytes32 jobId);

    /// @notice `caller` is neither the payer of the order nor the account of its session key.
    error NotClient(address caller);

    /// @notice A reason of `length` bytes is longer than 256.
    error ReasonTooLong(uint256 length);

    /// @notice The dispute is in `state`, which this is not for; or there is none of this id.
    error WrongState(bytes32 disputeId, State state);

    /// @notice `rulings` are fewer than the quorum.
    error QuorumTooSmall(uint256 rulings, uint256 quorum);

    /// @notice A parameter is outside the bounds of DisputeParametersLib.
    error ParametersOutOfBounds();

    /// @notice The registry takes slashes from `disputes` only.
    error WrongDisputes(address disputes);

    /// @notice Accuses a provider of a wrong result. Only the client, who alone can show referees what they need: so
    /// nobody can copy an accusation, and no friend of the provider can spoil one. Takes the bond from the caller (approve
    /// this contract first), holds what the provider would lose, and pins the receipt.
    /// @param receipt what the provider signed
    /// @param signature by its operator
    /// @param order what the client ordered: it hashes to the receipt's job and names the model
    /// @param reason for people, at most 256 bytes
    /// @return disputeId what the referees sign
    function disputeJob(
        Receipt calldata receipt,
        bytes calldata signature,
        JobOrder calldata order,
        string calldata reason
    )
        external
        returns (bytes32 disputeId);

    /// @notice Ends a dispute by the rulings of a quorum of its committee on one outcome and root, from the end of the
    /// draw until the deadline.
    /// @param seats strictly ascending by seat
    function resolveDispute(
        bytes32 disputeId,
        Outcome outcome,
        bytes32 refereeRoot,
        SignedSeat[] calldata seats
    )
        external;

    /// @notice Ends a dispute that found no quorum: from the deadline on, or from the end of the draw on
    /// with too few referees. The bond goes back.
    function expireDispute(bytes32 disputeId) external;

    /// @notice Shares out what a dispute took, once its time has come: to the client up to the price, to the challenger
    /// its share and its bond, the rest is burnt.
    function payOut(bytes32 disputeId) external;

    /// @notice Slashes for a fault that signatures proved, in whole gwei. Only the SignedFaults of this contract, which
    /// keeps the record.
    /// @return taken what `offender` lost, wei
    function punish(bytes32 faultId, address offender, Fault fault, address reporter) external returns (uint96 taken);

    /// @notice Shares out what `punish` took for one fault. Only the SignedFaults of this contract.
    function shareOut(bytes32 faultId, uint256 amount, address reporter) external;

    /// @notice Sets the parameters. Only governance; an open dispute keeps its committee, quorum, bond and amount.
    function setParameters(DisputeParameters calldata newParameters) external;

    /// @notice What governance has set.
    function parameters() external view returns (DisputeParameters memory);

    /// @notice All that is known of a dispute; all zero when there is none.
    function disputes(bytes32 disputeId) external view returns (Dispute memory);

    /// @notice The dispute that is open about a fault or decided it; zero when there is none.
    function disputeOf(bytes32 faultId) external view returns (bytes32 disputeId);

    /// @notice The contract that takes proofs by two signatures.
    function signedFaults() external view returns (address);

    /// @notice The contract that draws referees.
    function referees() external view returns (address);
}
