// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {History, Track} from "../libraries/History.sol";
import {RegistryLogic} from "../libraries/RegistryLogic.sol";
import {StakeBook, Stakes} from "../libraries/Stakes.sol";
import {Windows} from "../types/Durations.sol";
import {RegistryBase} from "./RegistryBase.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title What the disputes contract and governance may do
/// @notice The one takes stake for proved faults, the other moves a few numbers within bounds. Nobody may do more.
abstract contract Oversight is RegistryBase {
    using History for Track;
    using SafeERC20 for IERC20;
    using Stakes for StakeBook;

    /// @notice The least stake can never be set below this many wei.
    uint96 public constant LOWEST_MIN_STAKE = 100e18;
    /// @notice The least stake can never be set above this many wei.
    uint96 public constant HIGHEST_MIN_STAKE = 100_000e18;

    /// @dev until when the windows must not change again, unix seconds
    uint256 private _windowsLockedUntil;

    modifier onlyDisputes() {
        if (msg.sender != disputes) revert NotDisputes(msg.sender);
        _;
    }

    modifier onlyGovernance() {
        if (msg.sender != governance) revert NotGovernance(msg.sender);
        _;
    }

    /// @inheritdoc IProviderRegistry
    function freeze(address provider, uint96 amount, bytes32 faultId) external onlyDisputes {
        _book.frozen[provider] += amount;
        emit StakeFrozen(provider, amount, faultId);
    }

    /// @inheritdoc IProviderRegistry
    function unfreeze(address provider, uint96 amount, bytes32 faultId) external onlyDisputes {
        _book.frozen[provider] -= amount;
        emit StakeUnfrozen(provider, amount, faultId);
    }

    /// @inheritdoc IProviderRegistry
    function slash(
        address provider,
        uint96 amount,
        bytes32 faultId,
        address reporter
    )
        external
        onlyDisputes
        nonReentrant
        returns (uint96 taken)
    {
        taken = _book.seize(provider, amount);
        _token.safeTransfer(disputes, taken);
        emit ProviderSlashed(provider, taken, faultId, reporter);
    }

    /// @inheritdoc IProviderRegistry
    function setMinStake(uint96 amount) external onlyGovernance {
        if (amount < LOWEST_MIN_STAKE || amount > HIGHEST_MIN_STAKE) {
            revert ParameterOutOfBounds(amount, LOWEST_MIN_STAKE, HIGHEST_MIN_STAKE);
        }
        _minStake.set(amount);
        emit MinStakeSet(amount);
    }

    /// @inheritdoc IProviderRegistry
    function setWindows(uint64 unbonding, uint64 faultWindow, uint64 dispute, uint64 reserve) external onlyGovernance {
        if (block.timestamp < _windowsLockedUntil) revert ParametersLocked(_windowsLockedUntil);
        Windows memory next = Windows(unbonding, faultWindow, dispute, reserve);
        _windowsLockedUntil = block.timestamp + RegistryLogic.setWindows(_windows, next);
    }

    /// @inheritdoc IProviderRegistry
    function frozenStake(address provider) external view returns (uint96) {
        return _book.frozen[provider];
    }
}
