// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckGovernor, VotingParameters} from "../src/DuckGovernor.sol";
import {DuckTimelock} from "../src/DuckTimelock.sol";
import {IJobDisputes} from "../src/interfaces/IJobDisputes.sol";
import {DisputeParameters} from "../src/types/DisputeParameters.sol";
import {DisputesTest} from "./disputes/DisputesTest.sol";
import {vm} from "./utils/Vm.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @notice Votes of stake that reach the bounded parameters through a delay longer than unbonding, and nothing else.
contract DuckGovernorTest is DisputesTest {
    uint256 private constant DELAY = 15 days;

    DuckTimelock private timelock;
    DuckGovernor private governor;

    function setUp() public override {
        // registry first, so the timelock's address is computed as a deployment would
        governance = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 4);
        super.setUp();
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        timelock = new DuckTimelock(registry, next, DELAY);
        governor = new DuckGovernor(registry, timelock, voting());
    }

    function test_wiring_isWhatTheRegistryNames() public view {
        vm.assertEq(registry.governance(), address(timelock));
        vm.assertEq(governor.timelock(), address(timelock));
        vm.assertTrue(timelock.hasRole(timelock.PROPOSER_ROLE(), address(governor)));
        vm.assertTrue(!timelock.hasRole(timelock.PROPOSER_ROLE(), address(this)));
        vm.assertTrue(!timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), address(this)));
        vm.assertEq(governor.clock(), block.timestamp);
        vm.assertEq(governor.CLOCK_MODE(), "mode=timestamp");
        vm.assertEq(governor.votingDelay(), 1 days);
        vm.assertEq(governor.votingPeriod(), 5 days);
        vm.assertEq(governor.proposalThreshold(), 5_000e18);
        vm.assertTrue(governor.proposalNeedsQueuing(1));
    }

    function test_proposal_ofTheStakes_changesAParameter_afterTheDelay() public {
        bytes memory call = abi.encodeCall(registry.setMinStake, (2_000e18));
        uint256 id = pass(address(registry), call);
        vm.warp(block.timestamp + DELAY - 1);
        vm.expectRevert();
        execute(address(registry), call);
        vm.warp(block.timestamp + 1);
        execute(address(registry), call);
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Executed));
        vm.assertEq(uint256(registry.minStake()), 2_000e18);
    }

    function test_proposal_changesTheParametersOfDisputes() public {
        DisputeParameters memory p = defaults();
        p.bond = 5e18;
        bytes memory call = abi.encodeCall(disputes.setParameters, (p));
        pass(address(disputes), call);
        vm.warp(block.timestamp + DELAY);
        execute(address(disputes), call);
        vm.assertEq(uint256(disputes.parameters().bond), 5e18);
    }

    function test_proposal_beyondTheBounds_failsWhenItIsExecuted() public {
        DisputeParameters memory p = defaults();
        p.equivocationBps = 10_000;
        bytes memory call = abi.encodeCall(disputes.setParameters, (p));
        pass(address(disputes), call);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IJobDisputes.ParametersOutOfBounds.selector));
        execute(address(disputes), call);
    }

    function test_governance_canMoveNoMoney() public {
        // whatever wins is sent by the timelock, which no contract of money knows
        bytes memory call = abi.encodeCall(registry.slash, (provider, 1, "x", address(this)));
        pass(address(registry), call);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert();
        execute(address(registry), call);
    }

    function test_whoeverDisagrees_canLeaveBeforeAChangeBites() public {
        bytes memory call = abi.encodeCall(registry.setMinStake, (2_000e18));
        pass(address(registry), call);
        vm.prank(provider);
        registry.startUnstake(STAKE);
        vm.warp(block.timestamp + 14 days);
        vm.prank(provider);
        registry.withdrawStake(provider);
        vm.expectRevert();
        execute(address(registry), call);
    }

    function test_votes_areTheStakesAtTheSnapshot() public {
        uint256 id = propose(address(registry), abi.encodeCall(registry.setMinStake, (2_000e18)));
        vm.warp(governor.proposalSnapshot(id) + 1);
        // stake that comes after the snapshot has no vote
        enlist(bystander, address(0xB1), 90_000e18);
        vm.prank(bystander);
        vm.assertEq(governor.castVote(id, 1), 0);
        vm.prank(provider);
        vm.assertEq(governor.castVote(id, 1), STAKE);
        vm.assertEq(governor.getVotes(provider, block.timestamp - 1), STAKE);
    }

    function test_quorum_isATenthOfAllStake() public {
        uint256 time = block.timestamp;
        vm.warp(time + 1);
        vm.assertEq(governor.quorum(time), uint256(STAKE) * (REFEREES + 1) / 10);
    }

    function test_proposal_belowTheQuorum_isDefeated() public {
        // seven more owners make one of fifteen less than a tenth
        for (uint256 i = 0; i < 7; ++i) {
            enlist(address(uint160(0x2000 + i)), address(uint160(0x3000 + i)), STAKE);
        }
        uint256 id = propose(address(registry), abi.encodeCall(registry.setMinStake, (2_000e18)));
        vm.warp(governor.proposalSnapshot(id) + 1);
        vm.prank(provider);
        governor.castVote(id, 1);
        vm.warp(governor.proposalDeadline(id) + 1);
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Defeated));
    }

    function test_propose_needsTheThreshold() public {
        vm.warp(block.timestamp + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGovernor.GovernorInsufficientProposerVotes.selector, bystander, 0, voting().threshold
            )
        );
        vm.prank(bystander);
        governor.propose(new address[](1), new uint256[](1), new bytes[](1), "");
    }

    function test_cancel_byTheProposer_whileItIsPending() public {
        bytes memory call = abi.encodeCall(registry.setMinStake, (2_000e18));
        uint256 id = propose(address(registry), call);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = actions(address(registry), call);
        vm.prank(provider);
        governor.cancel(targets, values, calls, keccak256("proposal"));
        vm.assertEq(uint256(governor.state(id)), uint256(IGovernor.ProposalState.Canceled));
    }

    function test_timelock_mustOutlastUnbonding() public {
        vm.expectRevert(abi.encodeWithSelector(DuckTimelock.DelayTooShort.selector, 14 days, 14 days));
        new DuckTimelock(registry, address(this), 14 days);
    }

    function test_timelock_delay_followsUnbonding_whateverGovernanceSets() public {
        // governance shortens its own delay: it still outlasts unbonding
        vm.prank(address(timelock));
        timelock.updateDelay(1);
        vm.assertEq(timelock.getMinDelay(), 14 days + 1);
        // and when unbonding grows, so does the delay
        vm.prank(address(timelock));
        registry.setWindows(30 days, 7 days, 3 days, 3 days);
        vm.assertEq(timelock.getMinDelay(), 30 days + 1);
        vm.assertEq(timelock.getMinDelay() > registry.durations().unbonding, true);
    }

    function test_timelock_takesNothingButFromTheGovernor() public {
        bytes memory call = abi.encodeCall(registry.setMinStake, (2_000e18));
        vm.expectRevert();
        timelock.schedule(address(registry), 0, call, 0, 0, DELAY);
        vm.expectRevert(abi.encodeWithSelector(TimelockController.TimelockUnauthorizedCaller.selector, address(this)));
        timelock.updateDelay(1);
    }

    function test_votingParameters_haveBounds() public {
        for (uint256 i = 0; i < 6; ++i) {
            VotingParameters memory p = voting();
            if (i == 0) p.delay = 0;
            if (i == 1) p.delay = 30 days + 1;
            if (i == 2) p.period = 0;
            if (i == 3) p.period = 60 days + 1;
            if (i == 4) p.quorumPercent = 0;
            if (i == 5) p.quorumPercent = 51;
            vm.expectRevert(abi.encodeWithSelector(DuckGovernor.VotingParametersOutOfBounds.selector));
            new DuckGovernor(registry, timelock, p);
        }
    }

    function voting() private pure returns (VotingParameters memory) {
        return VotingParameters({delay: 1 days, period: 5 days, threshold: 5_000e18, quorumPercent: 10});
    }

    function actions(
        address target,
        bytes memory call
    )
        private
        pure
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calls)
    {
        (targets, values, calls) = (new address[](1), new uint256[](1), new bytes[](1));
        (targets[0], calls[0]) = (target, call);
    }

    function propose(address target, bytes memory call) private returns (uint256) {
        vm.warp(block.timestamp + 1);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = actions(target, call);
        vm.prank(provider);
        return governor.propose(targets, values, calls, "proposal");
    }

    /// @dev proposes, votes with two stakes, and queues
    function pass(address target, bytes memory call) private returns (uint256 id) {
        id = propose(target, call);
        vm.warp(governor.proposalSnapshot(id) + 1);
        vm.prank(refereeOf(0));
        governor.castVote(id, 1);
        vm.prank(refereeOf(1));
        governor.castVote(id, 1);
        vm.warp(governor.proposalDeadline(id) + 1);
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = actions(target, call);
        governor.queue(targets, values, calls, keccak256("proposal"));
    }

    function execute(address target, bytes memory call) private {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) = actions(target, call);
        governor.execute(targets, values, calls, keccak256("proposal"));
    }
}
