// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What a client ordered. The members of what is signed stand in the order of SCHEMAS, whatever it
/// costs. The hash of it, signed, names the job.
// solhint-disable-next-line gas-struct-packing
struct JobOrder {
    address payer;
    uint64 nonce;
    bytes32 modelId;
    bytes32 specHash;
    uint8 mode;
    uint8 replicas;
    uint96 maxPrice;
    uint16 auditBps;
    bytes32 secretHash;
    uint64 deadline;
}

/// @notice What a provider says it did: one for each step, item and segment of a job.
// solhint-disable-next-line gas-struct-packing
struct Receipt {
    bytes32 jobId;
    uint16 segment;
    uint32 item;
    uint32 seq;
    address payer;
    address provider;
    uint32 tokensIn;
    uint32 tokensOut;
    bytes32 tokensRoot;
    bytes32 traceRoot;
    uint96 amount;
    bytes32 specHash;
    bool last;
}

/// @notice What a verifier found in one receipt.
struct Verdict {
    bytes32 receiptHash;
    address verifier;
    uint8 outcome;
    bytes32 leavesRoot;
}

/// @notice The bids that a seat matched with one attempt of a job.
// solhint-disable-next-line gas-struct-packing
struct Match {
    bytes32 jobId;
    uint32 attempt;
    uint64 epoch;
    uint32 turn;
    address seat;
    bytes32 bidsRoot;
    uint16 bids;
}

/// @notice A seat's word that it received the bid behind `commit` in time.
struct BidAck {
    bytes32 jobId;
    uint32 attempt;
    address seat;
    bytes32 commit;
}

/// @notice The signature of one Ruling(disputeId, referee, outcome, refereeRoot): what a referee found in a dispute. The
/// other members are those of the call. Not signed itself.
struct SignedSeat {
    /// @notice Number of the referee's seat in the committee.
    uint8 seat;
    /// @notice The referee's owner address, as in its ruling.
    address referee;
    /// @notice EIP-2098 signature by the operator that the seat was taken for.
    bytes32 r;
    bytes32 vs;
}
