// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What can go wrong with money that leaves after a delay. Shared by all contracts that hold money.
interface IThawErrors {
    /// @notice An amount of zero has no effect and is refused.
    error ZeroAmount();

    /// @notice The zero address can neither own nor receive money.
    error ZeroAddress();

    /// @notice `need` wei were asked for where only `have` wei are there.
    error InsufficientBalance(uint256 have, uint256 need);

    /// @notice Nothing is thawing. Start a thaw first.
    error NotThawing();

    /// @notice The thaw ends at `thawEnd` (unix seconds). Try again from then on.
    error StillThawing(uint64 thawEnd);
}
