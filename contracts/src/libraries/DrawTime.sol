// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title When referees are drawn, and for how long
/// @notice Nobody can know the draw when a dispute is opened, and everybody has time to enter the candidates.
library DrawTime {
    /// @notice The first middle of an epoch after `time`: there the seed of the next epoch is fixed.
    /// @param epoch length of an epoch, seconds
    function startAfter(uint256 time, uint256 epoch) internal pure returns (uint256 middle) {
        middle = time - time % epoch + epoch / 2;
        if (middle <= time) middle += epoch;
    }

    /// @notice The first third of the time for a dispute is for the draw, the rest for rulings.
    function endOf(uint256 drawAt, uint256 deadline) internal pure returns (uint256) {
        return drawAt + (deadline - drawAt) / 3;
    }
}
