// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The waiting times of a deployment, in seconds. Governance may move the first four within their rules
/// (DurationsLib); the others never change.
struct Durations {
    /// @notice From the start of an unstake to the money. Must outlast the three windows below taken together.
    uint64 unbonding;
    /// @notice How long after a receipt its signer can be accused.
    uint64 faultWindow;
    /// @notice How long a dispute may take.
    uint64 dispute;
    /// @notice Time kept for getting evidence into a block.
    uint64 reserve;
    /// @notice From the start of a withdrawal or of a release from a channel to the money of the payer.
    uint64 escrowThaw;
    /// @notice From the start of a withdrawal to the earnings of a provider.
    uint64 earnedThaw;
    /// @notice How long slashed money is held before it is shared out.
    uint64 slashLock;
    /// @notice The period in which a provider may redeem at most its eligible stake.
    uint64 redeemPeriod;
    /// @notice How long weights and seed of the election stand.
    uint64 epoch;
    /// @notice How long the seats of an epoch stand before they are drawn again.
    uint64 turn;
}

/// @notice The durations that governance may change, in seconds. One slot.
struct Windows {
    /// @notice From the start of an unstake to the money.
    uint64 unbonding;
    /// @notice How long after a receipt its signer can be accused.
    uint64 faultWindow;
    /// @notice How long a dispute may take.
    uint64 dispute;
    /// @notice Time kept for getting evidence into a block.
    uint64 reserve;
}
