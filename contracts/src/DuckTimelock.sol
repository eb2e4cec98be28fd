// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title The waiting room of governance
/// @notice Whatever is decided waits longer than stake needs to leave, so that nobody is bound by a change it could see
/// coming and did not want. Only the governor proposes and cancels, anybody may execute what has waited, and nobody
/// administers it but itself.
contract DuckTimelock is TimelockController {
    IProviderRegistry private immutable _registry;

    /// @notice A delay of `delay` seconds would not outlast the unbonding time of `unbonding` seconds.
    error DelayTooShort(uint256 delay, uint256 unbonding);

    /// @notice Deploy the governor right after, from the same account.
    /// @param registry_ whose unbonding time the delay outlasts
    /// @param governor the one proposer: its address is known beforehand
    /// @param delay seconds
    constructor(
        IProviderRegistry registry_,
        address governor,
        uint256 delay
    )
        TimelockController(delay, _only(governor), _only(address(0)), address(0))
    {
        _registry = registry_;
        _requireOutlasts(registry_, delay);
    }

    /// @notice How long everything waits, seconds: what was set, or just above the unbonding time where governance has
    /// raised that since.
    function getMinDelay() public view override returns (uint256) {
        uint256 delay = super.getMinDelay();
        uint256 least = _registry.durations().unbonding + 1;
        return delay < least ? least : delay;
    }

    function _requireOutlasts(IProviderRegistry registry_, uint256 delay) private view {
        uint256 unbonding = registry_.durations().unbonding;
        if (delay <= unbonding) revert DelayTooShort(delay, unbonding);
    }

    function _only(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
