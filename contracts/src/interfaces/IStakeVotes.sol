// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Votes by stake
/// @notice What OpenZeppelin's Governor asks of its token (the reading half of ERC-5805 and ERC-6372). A vote is a wei
/// of eligible stake at a past second; there is nothing to delegate.
interface IStakeVotes {
    /// @notice The eligible stake of `account` now, wei.
    function getVotes(address account) external view returns (uint256);

    /// @notice The eligible stake of `account` at the end of second `timepoint`, which must be over, wei.
    function getPastVotes(address account, uint256 timepoint) external view returns (uint256);

    /// @notice The sum of all eligible stakes at the end of second `timepoint`, which must be over, wei.
    function getPastTotalSupply(uint256 timepoint) external view returns (uint256);

    /// @notice The time of votes, unix seconds.
    function clock() external view returns (uint48);

    // solhint-disable func-name-mixedcase
    /// @notice That the clock counts seconds, in the words of ERC-6372.
    function CLOCK_MODE() external view returns (string memory);
}
