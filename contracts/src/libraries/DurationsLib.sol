// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {Durations, Windows} from "../types/Durations.sol";

/// @title The rules of waiting times
/// @notice What the durations of a deployment must keep, in its constructor and after each change.
library DurationsLib {
    /// @notice No state may hold money longer than this for each delay.
    uint64 internal constant MAX = 180 days;

    /// @notice Reverts unless every duration is within (0, MAX], a turn is no longer than an epoch, and
    /// unbonding > fault window + dispute + reserve.
    function check(Durations memory d) internal pure {
        Windows memory w = windowsOf(d);
        checkWindows(w, w.unbonding);
        checkBounds(d.escrowThaw);
        checkBounds(d.earnedThaw);
        checkBounds(d.slashLock);
        checkBounds(d.redeemPeriod);
        checkBounds(d.epoch);
        checkBounds(d.turn);
        if (d.turn > d.epoch) revert IProviderRegistry.DurationOutOfBounds(d.turn);
    }

    /// @notice The part of `check` about the four durations that may change. They must also stay below `former`, the
    /// unbonding under which thaws may still run.
    function checkWindows(Windows memory w, uint64 former) internal pure {
        checkBounds(w.unbonding);
        checkBounds(w.faultWindow);
        checkBounds(w.dispute);
        checkBounds(w.reserve);
        uint64 shortest = former < w.unbonding ? former : w.unbonding;
        uint64 needed = w.faultWindow + w.dispute + w.reserve;
        if (shortest <= needed) revert IProviderRegistry.UnbondingTooShort(shortest, needed);
    }

    /// @notice The four durations that may change.
    function windowsOf(Durations memory d) internal pure returns (Windows memory) {
        return Windows(d.unbonding, d.faultWindow, d.dispute, d.reserve);
    }

    function checkBounds(uint64 duration) private pure {
        if (duration == 0 || duration > MAX) revert IProviderRegistry.DurationOutOfBounds(duration);
    }
}
