// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {Durations} from "../types/Durations.sol";

/// @title The rules of waiting times
/// @notice What the durations of a deployment must keep, checked once in its constructor.
library DurationsLib {
    /// @notice No state may hold money longer than this for each delay.
    uint64 internal constant MAX = 180 days;

    /// @notice Reverts unless every duration is within (0, MAX] and unbonding > fault window + dispute + reserve.
    function check(Durations memory d) internal pure {
        checkBounds(d.unbonding);
        checkBounds(d.faultWindow);
        checkBounds(d.dispute);
        checkBounds(d.reserve);
        checkBounds(d.escrowThaw);
        checkBounds(d.earnedThaw);
        uint64 windows = d.faultWindow + d.dispute + d.reserve;
        if (d.unbonding <= windows) revert IProviderRegistry.UnbondingTooShort(d.unbonding, windows);
    }

    function checkBounds(uint64 duration) private pure {
        if (duration == 0 || duration > MAX) revert IProviderRegistry.DurationOutOfBounds(duration);
    }
}
