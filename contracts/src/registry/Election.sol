// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IElection} from "../interfaces/IElection.sol";
import {IStakeVotes} from "../interfaces/IStakeVotes.sol";
import {History, Track} from "../libraries/History.sol";
import {RegistryLogic} from "../libraries/RegistryLogic.sol";
import {StakeBook, Stakes} from "../libraries/Stakes.sol";
import {RegistryBase} from "./RegistryBase.sol";

/// @title Who coordinates when, and who votes with how much
/// @notice See IElection and IStakeVotes: both read what stake was.
abstract contract Election is RegistryBase {
    using History for Track;
    using Stakes for StakeBook;

    /// @inheritdoc IElection
    function commitOnion(bytes32 tip) external {
        RegistryLogic.commitOnion(_onions, _callingProvider(), tip, currentEpoch());
    }

    /// @inheritdoc IElection
    function reveal(bytes32 preimage) external {
        address owner = _callingProvider();
        uint64 epoch = currentEpoch();
        if (block.timestamp >= _middleOf(epoch)) revert RevealClosed(epoch);
        if (!isActive(owner)) revert INSUFFICIENT_STAKE(eligibleStake(owner), _minStake.value);
        RegistryLogic.reveal(_onions, owner, preimage, epoch);
    }

    /// @inheritdoc IElection
    function getWeights(
        uint64 epoch,
        uint256 cursor,
        uint256 limit
    )
        external
        view
        returns (address[] memory owners, uint96[] memory weights, uint256 next)
    {
        return RegistryLogic.weighed(_book, _minStake, cursor, limit, _startBefore(epoch));
    }

    /// @inheritdoc IElection
    function onionOf(address owner) external view returns (bytes32 tip, uint64 fromEpoch) {
        return (_onions.onions[owner].tip, _onions.onions[owner].from);
    }

    /// @inheritdoc IElection
    function score(uint64 epoch, uint8 shard, uint32 turn, address owner) external view returns (uint256) {
        return RegistryLogic.score(seedOf(epoch), shard, turn, owner, weightAt(owner, epoch));
    }

    /// @inheritdoc IStakeVotes
    function getVotes(address account) external view returns (uint256) {
        return eligibleStake(account);
    }

    /// @inheritdoc IStakeVotes
    function getPastVotes(address account, uint256 timepoint) external view returns (uint256) {
        return _book.eligibleAt(account, _past(timepoint));
    }

    /// @inheritdoc IStakeVotes
    function getPastTotalSupply(uint256 timepoint) external view returns (uint256) {
        return _book.total.valueAt(_past(timepoint));
    }

    /// @inheritdoc IStakeVotes
    function clock() external view returns (uint48) {
        return uint48(block.timestamp);
    }

    // solhint-disable func-name-mixedcase
    /// @inheritdoc IStakeVotes
    function CLOCK_MODE() external pure returns (string memory) {
        return "mode=timestamp";
    }

    // solhint-enable func-name-mixedcase

    /// @inheritdoc IElection
    function weightAt(address owner, uint64 epoch) public view returns (uint96) {
        uint256 start = _startBefore(epoch);
        return _book.weightAt(owner, start, _minStake.valueAt(start));
    }

    /// @inheritdoc IElection
    function seedOf(uint64 epoch) public view returns (bytes32) {
        if (epoch == 0 || block.timestamp < _middleOf(epoch - 1)) revert SeedNotFixed(epoch);
        return RegistryLogic.seedOf(_onions, epoch);
    }

    /// @notice When weights of an epoch were taken, unix seconds: the start of the epoch before.
    function _startBefore(uint64 epoch) private view returns (uint256) {
        return _past(epoch == 0 ? 0 : (uint256(epoch) - 1) * _epoch);
    }

    /// @notice When reveals of an epoch end, unix seconds.
    function _middleOf(uint64 epoch) private view returns (uint256) {
        return uint256(epoch) * _epoch + _epoch / 2;
    }
}
