// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Who coordinates when
/// @notice Weights are what owners had at stake one epoch before; the seed comes from hash onions of the owners. Both
/// stand before an epoch begins and use no data of a block, so everybody computes the same seats (SCHEMAS, "Election").
interface IElection {
    /// @notice `owner` will reveal preimages of `tip`, one an epoch, from `fromEpoch` on.
    event OnionCommitted(address indexed owner, bytes32 tip, uint64 fromEpoch);

    /// @notice `owner` revealed `preimage` in `epoch`, which made `mix` the randomness.
    event OnionRevealed(address indexed owner, uint64 indexed epoch, bytes32 preimage, bytes32 mix);

    /// @notice The seed of `epoch` is fixed in the middle of the epoch before it. Ask again from then on.
    error SeedNotFixed(uint64 epoch);

    /// @notice The time `when` must lie before `present`, both in unix seconds.
    error FutureLookup(uint256 when, uint256 present);

    /// @notice What was shown does not hash to `tip`, the top of the caller's onion (zero: no onion yet).
    error WrongPreimage(bytes32 tip);

    /// @notice The caller's onion may be revealed from `epoch` on: one layer an epoch, and none in the first.
    error RevealTooEarly(uint64 epoch);

    /// @notice Reveals are over for `epoch`; the next half hour for them is the first half of the next epoch.
    error RevealClosed(uint64 epoch);

    /// @notice Commits the caller to a hash onion, in place of any earlier one. Counts from the next epoch on.
    /// @param tip keccak256 of the first number to reveal, which is keccak256 of the second, and so on
    function commitOnion(bytes32 tip) external;

    /// @notice Reveals one layer: `preimage` becomes the new tip. At most once an epoch, in its first half, and only
    /// with the least stake of an active provider.
    function reveal(bytes32 preimage) external;

    /// @notice The number of the epoch that contains `timestamp` (unix seconds).
    function epochOf(uint256 timestamp) external view returns (uint64);

    /// @notice The number of this epoch.
    function currentEpoch() external view returns (uint64);

    /// @notice The caller's onion: the hash of what is revealed next, and the first epoch in which it may be.
    function onionOf(address owner) external view returns (bytes32 tip, uint64 fromEpoch);

    /// @notice What `owner` weighs in `epoch`, wei: its eligible stake at the start of the epoch before, or zero when
    /// that was below the least stake of then.
    function weightAt(address owner, uint64 epoch) external view returns (uint96);

    /// @notice The owners that weigh anything in `epoch` among `limit` registrations (1 to MAX_PAGE) from number
    /// `cursor` on.
    /// @return owners in order of registration
    /// @return weights of these owners, wei
    /// @return next the cursor to go on with, or zero at the end
    function getWeights(
        uint64 epoch,
        uint256 cursor,
        uint256 limit
    )
        external
        view
        returns (address[] memory owners, uint96[] memory weights, uint256 next);

    /// @notice The seed of `epoch`, from the middle of the epoch before it on.
    function seedOf(uint64 epoch) external view returns (bytes32);

    /// @notice The score of `owner` for the seats of (epoch, shard, turn). The lowest scores hold the seats, ties go to
    /// the lower address. The worst there is for an owner without weight.
    function score(uint64 epoch, uint8 shard, uint32 turn, address owner) external view returns (uint256);
}
