// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What governance may set within the bounds of `DisputeParametersLib`. One storage slot; bps are hundredths
/// of a per cent.
struct DisputeParameters {
    /// @notice What a challenger puts up, wei.
    uint96 bond;
    /// @notice Share of the stake that two contradicting receipts or verdicts cost.
    uint16 equivocationBps;
    /// @notice Least share of the stake that a wrong result costs.
    uint16 wrongResultBps;
    /// @notice Share of the stake that a seat's contradiction or omission costs.
    uint16 coordinatorBps;
    /// @notice Share of a slash that goes to whoever proved it.
    uint16 challengerBps;
    /// @notice Seats in a committee of referees.
    uint8 committee;
    /// @notice Rulings with the same outcome and root that decide a dispute.
    uint8 quorum;
}
