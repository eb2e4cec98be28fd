// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeVotes} from "./interfaces/IStakeVotes.sol";
import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GovernorCountingSimple} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorTimelockControl} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";

/// @notice What a deployment chooses for its votes; it never changes.
struct VotingParameters {
    /// @notice From a proposal to the second whose stakes vote, seconds.
    uint48 delay;
    /// @notice How long votes are taken, seconds.
    uint32 period;
    /// @notice Eligible stake that it takes to propose, wei.
    uint96 threshold;
    /// @notice Share of all eligible stake that must vote for or abstain, per cent.
    uint8 quorumPercent;
}

/// @title The vote over the few numbers that may change
/// @notice One wei of eligible stake is one vote, counted at a past second; there is nothing to delegate. Whatever wins
/// goes through the timelock, and reaches only what contracts let governance set, within their bounds: no money moves.
contract DuckGovernor is Governor, GovernorCountingSimple, GovernorTimelockControl {
    IStakeVotes private immutable _votes;
    uint256 private immutable _delay;
    uint256 private immutable _period;
    uint256 private immutable _threshold;
    uint256 private immutable _quorumPercent;

    /// @notice A voting parameter is outside its bounds.
    error VotingParametersOutOfBounds();

    /// @notice Deploy right after the timelock that names this very address.
    /// @param votes_ the registry
    /// @param timelock_ what executes
    /// @param p how votes are held
    constructor(
        IStakeVotes votes_,
        TimelockController timelock_,
        VotingParameters memory p
    )
        Governor("DuckGovernor")
        GovernorTimelockControl(timelock_)
    {
        bool isTime = p.delay != 0 && p.delay <= 30 days && p.period != 0 && p.period <= 60 days;
        if (!isTime || p.quorumPercent == 0 || p.quorumPercent > 50) revert VotingParametersOutOfBounds();
        _votes = votes_;
        (_delay, _period) = (p.delay, p.period);
        (_threshold, _quorumPercent) = (p.threshold, p.quorumPercent);
    }

    /// @notice The time of votes, unix seconds.
    function clock() public view override returns (uint48) {
        return _votes.clock();
    }

    // solhint-disable func-name-mixedcase
    /// @notice That the clock counts seconds, in the words of ERC-6372.
    function CLOCK_MODE() public view override returns (string memory) {
        return _votes.CLOCK_MODE();
    }

    // solhint-enable func-name-mixedcase

    /// @notice From a proposal to the second whose stakes vote, seconds.
    function votingDelay() public view override returns (uint256) {
        return _delay;
    }

    /// @notice How long votes are taken, seconds.
    function votingPeriod() public view override returns (uint256) {
        return _period;
    }

    /// @notice Eligible stake that it takes to propose, wei.
    function proposalThreshold() public view override returns (uint256) {
        return _threshold;
    }

    /// @notice Votes for or abstaining that make a result count, of all stakes at `timepoint`, wei.
    function quorum(uint256 timepoint) public view override returns (uint256) {
        return _votes.getPastTotalSupply(timepoint) * _quorumPercent / 100;
    }

    /// @inheritdoc Governor
    function state(uint256 proposalId) public view override(Governor, GovernorTimelockControl) returns (ProposalState) {
        return super.state(proposalId);
    }

    /// @inheritdoc Governor
    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    )
        internal
        override(Governor, GovernorTimelockControl)
        returns (uint48)
    {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    )
        internal
        override(Governor, GovernorTimelockControl)
    {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    )
        internal
        override(Governor, GovernorTimelockControl)
        returns (uint256)
    {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor() internal view override(Governor, GovernorTimelockControl) returns (address) {
        return super._executor();
    }

    function _getVotes(
        address account,
        uint256 timepoint,
        bytes memory /*params*/
    )
        internal
        view
        override
        returns (uint256)
    {
        return _votes.getPastVotes(account, timepoint);
    }
}
