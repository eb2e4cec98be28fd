// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckToken} from "../../../src/DuckToken.sol";
import {JobDisputes} from "../../../src/JobDisputes.sol";
import {JobMarket} from "../../../src/JobMarket.sol";
import {ProviderRegistry} from "../../../src/ProviderRegistry.sol";
import {SignedFaults} from "../../../src/SignedFaults.sol";
import {IJobDisputes} from "../../../src/interfaces/IJobDisputes.sol";
import {IProviderRegistry} from "../../../src/interfaces/IProviderRegistry.sol";
import {DisputeParameters} from "../../../src/types/DisputeParameters.sol";
import {Durations} from "../../../src/types/Durations.sol";
import {vm} from "../../utils/Vm.sol";
import {DisputeHandler} from "./DisputeHandler.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What must hold after any sequence of faults, disputes and departures.
contract DisputesInvariantTest {
    uint96 private constant STAKE = 5_000e18;

    DuckToken private token;
    ProviderRegistry private registry;
    JobDisputes private disputes;
    SignedFaults private faults;
    DisputeHandler private handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        token = new DuckToken(address(this));
        uint256 nonce = vm.getNonce(address(this));
        Durations memory d =
            Durations(14 days, 7 days, 3 days, 3 days, 3 days, 3 days, 2 days, 3 days, 1 hours, 1 minutes);
        registry = new ProviderRegistry(
            IERC20(address(token)),
            vm.computeCreateAddress(address(this), nonce + 1),
            vm.computeCreateAddress(address(this), nonce + 2),
            address(0x60E),
            d
        );
        new JobMarket(registry);
        disputes = new JobDisputes(registry, DisputeParameters(100e18, 1_000, 1_000, 100, 2_000, 3, 2));
        faults = SignedFaults(disputes.signedFaults());
        handler = new DisputeHandler(token, registry, disputes);
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            enlist(i);
        }
        vm.warp(1_800_000_000 + 3 hours);
    }

    /// @dev read by forge: only the handler is called
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_slashes_neverExceedTheStake() public view {
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            address owner = handler.ownerOf(i);
            IProviderRegistry.Provider memory p = registry.providers(owner);
            // every wei that was staked is there, was slashed, or left after its thaw
            vm.assertEq(uint256(p.stake) + handler.slashed(owner) + handler.left(owner), handler.staked(owner));
            vm.assertLe(p.thawing, p.stake);
        }
    }

    function invariant_disputes_holdExactlyBondsAndSlashes() public view {
        uint256 owed = 0;
        for (uint256 i = 0; i < handler.disputeCount(); ++i) {
            IJobDisputes.Dispute memory d = disputes.disputes(handler.disputeIds(i));
            if (d.state == IJobDisputes.State.Open) owed += d.bond;
            if (d.state == IJobDisputes.State.Slashed) owed += uint256(d.bond) + d.amount;
        }
        for (uint256 i = 0; i < handler.faultCount(); ++i) {
            owed += uint256(faults.faults(handler.faultIds(i)).gweiHeld) * 1 gwei;
        }
        vm.assertEq(token.balanceOf(address(disputes)), owed);
    }

    function invariant_frozenStake_isThatOfOpenDisputes() public view {
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            uint256 frozen = 0;
            for (uint256 j = 0; j < handler.disputeCount(); ++j) {
                IJobDisputes.Dispute memory d = disputes.disputes(handler.disputeIds(j));
                bool isOpen = d.state == IJobDisputes.State.Open;
                if (isOpen && d.provider == handler.ownerOf(i)) frozen += d.frozen;
            }
            vm.assertEq(uint256(registry.frozenStake(handler.ownerOf(i))), frozen);
        }
    }

    function invariant_everyState_endsByTime() public {
        uint256 snapshot = vm.snapshotState();
        uint256 last = block.timestamp;
        for (uint256 i = 0; i < handler.disputeCount(); ++i) {
            bytes32 id = handler.disputeIds(i);
            IJobDisputes.Dispute memory d = disputes.disputes(id);
            if (d.state != IJobDisputes.State.Open) continue;
            vm.assertLe(d.deadline, handler.endsBy(id));
            if (d.deadline > last) last = d.deadline;
        }
        vm.warp(last + 2 days);
        // anybody can end whatever is left, and then nothing is held by anybody
        for (uint256 i = 0; i < handler.disputeCount(); ++i) {
            handler.expire(i);
            handler.payOut(i);
        }
        for (uint256 i = 0; i < handler.faultCount(); ++i) {
            handler.payOutFault(i);
        }
        vm.assertEq(token.balanceOf(address(disputes)), 0);
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            vm.assertEq(uint256(registry.frozenStake(handler.ownerOf(i))), 0);
        }
        vm.revertToState(snapshot);
    }

    /// @dev registers owner number `i` and gives it something to accuse with
    function enlist(uint256 i) private {
        address owner = handler.ownerOf(i);
        token.mint(owner, 100_000e18);
        vm.prank(owner);
        token.approve(address(disputes), type(uint256).max);
        vm.prank(owner);
        token.approve(address(registry), type(uint256).max);
        address operator = vm.addr(handler.keyOf(i));
        bytes32[] memory classes = new bytes32[](1);
        classes[0] = handler.MODEL();
        vm.prank(owner);
        registry.registerProvider(operator, bytes32(i + 1), "", "", STAKE);
        handler.noteStake(owner, STAKE);
        vm.prank(owner);
        registry.setClasses(classes);
    }
}
