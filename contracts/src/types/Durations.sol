// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The waiting times of a deployment, in seconds. They never change after it.
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
}
