// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {JobDisputes} from "../../src/JobDisputes.sol";
import {IJobDisputes} from "../../src/interfaces/IJobDisputes.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {DisputeParameters} from "../../src/types/DisputeParameters.sol";
import {vm} from "../utils/Vm.sol";
import {DisputesTest} from "./DisputesTest.sol";

/// @notice What governance may change, and that it can change nothing else.
contract ParametersTest is DisputesTest {
    function test_setParameters_onlyByGovernance() public {
        DisputeParameters memory p = defaults();
        expectRevert(IProviderRegistry.NotGovernance.selector, address(this));
        disputes.setParameters(p);
        p.bond = 7e18;
        vm.prank(governance);
        disputes.setParameters(p);
        vm.assertEq(keccak256(abi.encode(disputes.parameters())), keccak256(abi.encode(p)));
    }

    function test_setParameters_revertsWith_ParametersOutOfBounds_beyondEachBound() public {
        for (uint256 i = 0; i < 15; ++i) {
            DisputeParameters memory p = beyond(i);
            expectRevert(IJobDisputes.ParametersOutOfBounds.selector);
            vm.prank(governance);
            disputes.setParameters(p);
        }
    }

    function test_setParameters_takesEachBound() public {
        set(DisputeParameters(1e18, 1, 1, 1, 1, 3, 2));
        set(DisputeParameters(100_000e18, 2_000, 2_000, 500, 2_000, 31, 31));
    }

    function test_openDispute_keepsItsCommitteeQuorumBondAndAmount() public {
        bytes32 id = open(1);
        bytes32 before = keccak256(abi.encode(disputes.disputes(id)));
        set(DisputeParameters(1e18, 1, 1, 1, 2_000, 31, 31));
        vm.assertEq(keccak256(abi.encode(disputes.disputes(id))), before);
        vm.warp(disputes.disputes(id).drawAt);
        referees.enterReferees(id, allReferees());
        vm.assertEq(referees.seated(id), 5);
        resolve(id, IJobDisputes.Outcome.Fault);
        vm.assertEq(uint256(stakeOf(provider)), STAKE - STAKE / 10);
    }

    function test_openDispute_keepsItsDeadline_whenGovernanceMovesTheWindows() public {
        bytes32 id = open(1);
        uint256 deadline = disputes.disputes(id).deadline;
        vm.prank(governance);
        registry.setWindows(14 days, 7 days, 1 days, 3 days);
        vm.assertEq(uint256(disputes.disputes(id).deadline), deadline);
        bytes32 second = open(2);
        vm.assertEq(uint256(disputes.disputes(second).deadline), deadline - 2 days);
    }

    function test_anotherDisputesContract_cannotShareTheRegistry() public {
        DisputeParameters memory p = defaults();
        expectRevert(IJobDisputes.WrongDisputes.selector, address(disputes));
        new JobDisputes(registry, p);
    }

    function test_partsAndRegistry_areWired() public view {
        vm.assertEq(disputes.registry(), address(registry));
        vm.assertEq(faults.registry(), address(registry));
        vm.assertEq(address(faults.disputes()), address(disputes));
        vm.assertEq(address(referees.disputes()), address(disputes));
    }

    function set(DisputeParameters memory p) private {
        vm.prank(governance);
        disputes.setParameters(p);
    }

    /// @dev the defaults with one member out of its bounds
    function beyond(uint256 i) private pure returns (DisputeParameters memory p) {
        p = defaults();
        if (i == 0) p.bond = 1e18 - 1;
        if (i == 1) p.bond = 100_000e18 + 1;
        if (i == 2) p.equivocationBps = 0;
        if (i == 3) p.equivocationBps = 2_001;
        if (i == 4) p.wrongResultBps = 0;
        if (i == 5) p.wrongResultBps = 2_001;
        if (i == 6) p.coordinatorBps = 0;
        if (i == 7) p.coordinatorBps = 501;
        if (i == 8) p.challengerBps = 0;
        if (i == 9) p.challengerBps = 2_001;
        if (i == 10) (p.committee, p.quorum) = (2, 2);
        if (i == 11) (p.committee, p.quorum) = (32, 20);
        if (i == 12) p.quorum = 2;
        if (i == 13) p.quorum = 6;
        if (i == 14) p.quorum = 0;
    }
}
