// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckToken} from "../../src/DuckToken.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {Durations} from "../../src/types/Durations.sol";
import {vm} from "../utils/Vm.sol";
import {RegistryHandler} from "./RegistryHandler.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What must hold of the registry after any sequence of calls (settlement, invariants 3, 4, 7 and 9).
contract RegistryInvariantTest {
    address private constant DISPUTES = address(0xD15);

    DuckToken private token;
    ProviderRegistry private registry;
    RegistryHandler private handler;

    function setUp() public {
        vm.warp(1_800_000_000);
        token = new DuckToken(address(this));
        Durations memory durations =
            Durations(14 days, 7 days, 3 days, 3 days, 3 days, 3 days, 2 days, 3 days, 1 hours, 1 minutes);
        registry = new ProviderRegistry(IERC20(address(token)), address(0x3A12), DISPUTES, address(0x60E), durations);
        handler = new RegistryHandler(token, registry);
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            token.mint(handler.actor(i), 200_000e18);
        }
    }

    /// @dev read by forge: only the handler is called
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev invariant 3; that stake never leaves early (invariant 4) is checked where it leaves
    function invariant_registry_holdsExactlyTheStakes() public view {
        uint256 stakes = 0;
        uint256 lost = 0;
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            checkStake(handler.actor(i));
            stakes += registry.providers(handler.actor(i)).stake;
            lost += handler.lost(handler.actor(i));
        }
        vm.assertEq(token.balanceOf(address(registry)), stakes);
        vm.assertEq(token.balanceOf(DISPUTES), lost);
    }

    /// @dev invariant 7, at the seconds that were noted: the last ones and one further back. A seed stands for ever too.
    function invariant_past_neverChanges() public view {
        uint256 count = handler.timeCount();
        for (uint256 n = count < 5 ? 0 : count - 5; n < count; ++n) {
            checkTime(handler.times(n));
        }
        if (count > 5) checkTime(handler.times((count * 7_919) % (count - 5)));
        uint256 epochs = handler.seedCount();
        for (uint256 n = epochs < 5 ? 0 : epochs - 5; n < epochs; ++n) {
            uint64 epoch = handler.seededEpochs(n);
            vm.assertEq(registry.seedOf(epoch), handler.seeds(epoch));
        }
    }

    /// @dev invariant 9, and that each operator signs for exactly one provider
    function invariant_unbonding_outlastsTheWindows() public view {
        Durations memory d = registry.durations();
        vm.assertTrue(d.unbonding > uint256(d.faultWindow) + d.dispute + d.reserve);
        vm.assertGe(registry.minStake(), 100e18);
        vm.assertLe(registry.minStake(), 100_000e18);
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            address who = handler.actor(i);
            address operator = registry.operatorOf(who);
            if (operator == address(0)) continue;
            vm.assertEq(registry.providerOf(operator), who);
            vm.assertTrue(registry.wasOperator(who, operator));
        }
    }

    function checkStake(address who) private view {
        IProviderRegistry.Provider memory p = registry.providers(who);
        vm.assertEq(p.stake + handler.paidOut(who) + handler.lost(who), handler.paidIn(who));
        vm.assertLe(p.thawing, p.stake);
        vm.assertEq(p.thawing == 0, p.thawEnd == 0);
        vm.assertEq(registry.eligibleStake(who), p.stake - p.thawing);
        vm.assertEq(p.isActive, p.stake - p.thawing >= registry.minStake());
        vm.assertEq(registry.frozenStake(who), handler.frozen(who));
    }

    function checkTime(uint256 when) private view {
        uint256 sum = 0;
        for (uint256 i = 0; i < handler.ACTORS(); ++i) {
            address who = handler.actor(i);
            vm.assertEq(registry.getPastVotes(who, when), handler.votesAt(when, who));
            sum += handler.votesAt(when, who);
        }
        vm.assertEq(registry.getPastTotalSupply(when), sum);
    }
}
