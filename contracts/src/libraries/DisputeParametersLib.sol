// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobDisputes} from "../interfaces/IJobDisputes.sol";
import {DisputeParameters} from "../types/DisputeParameters.sol";

/// @title The bounds of what governance may set
/// @notice They keep at least half of every slash burnt: whoever accuses itself loses more than it could save.
library DisputeParametersLib {
    /// @notice The most of a slash that goes to the client, hundredths of a per cent.
    uint256 internal constant CLIENT_BPS = 3_000;
    uint96 private constant MIN_BOND = 1e18;
    uint96 private constant MAX_BOND = 100_000e18;
    uint16 private constant MAX_FAULT_BPS = 2_000;
    uint16 private constant MAX_COORDINATOR_BPS = 500;
    uint16 private constant MAX_CHALLENGER_BPS = 2_000;
    uint8 private constant MIN_COMMITTEE = 3;
    uint8 private constant MAX_COMMITTEE = 31;

    /// @notice Reverts unless each parameter is within its bounds and a quorum is more than half of a committee.
    function check(DisputeParameters memory p) internal pure {
        bool isBond = p.bond >= MIN_BOND && p.bond <= MAX_BOND;
        bool isSlash = isShare(p.equivocationBps, MAX_FAULT_BPS) && isShare(p.wrongResultBps, MAX_FAULT_BPS)
            && isShare(p.coordinatorBps, MAX_COORDINATOR_BPS) && isShare(p.challengerBps, MAX_CHALLENGER_BPS);
        bool isCommittee = p.committee >= MIN_COMMITTEE && p.committee <= MAX_COMMITTEE && p.quorum > p.committee / 2
            && p.quorum <= p.committee;
        if (!isBond || !isSlash || !isCommittee) revert IJobDisputes.ParametersOutOfBounds();
    }

    function isShare(uint256 bps, uint256 most) private pure returns (bool) {
        return bps != 0 && bps <= most;
    }
}
