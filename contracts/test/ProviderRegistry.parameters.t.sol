// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../src/interfaces/IProviderRegistry.sol";
import {IThawErrors} from "../src/interfaces/IThawErrors.sol";
import {Durations} from "../src/types/Durations.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {vm} from "./utils/Vm.sol";

/// @notice setMinStake, setWindows.
contract ProviderRegistryParametersTest is MeshTest {
    uint256 private changes;
    uint256 private refusals;

    function setWindows(uint64 unbonding, uint64 faultWindow, uint64 dispute, uint64 reserve) private {
        vm.prank(governance);
        registry.setWindows(unbonding, faultWindow, dispute, reserve);
    }

    function setMinStake(uint96 amount) private {
        vm.prank(governance);
        registry.setMinStake(amount);
    }

    function test_setters_revertWith_NotGovernance_forAnybodyElse() public {
        address[3] memory others = [provider, disputes, relayer];
        for (uint256 i = 0; i < others.length; ++i) {
            expectRevert(IProviderRegistry.NotGovernance.selector, others[i]);
            vm.prank(others[i]);
            registry.setMinStake(1_000e18);
            expectRevert(IProviderRegistry.NotGovernance.selector, others[i]);
            vm.prank(others[i]);
            registry.setWindows(14 days, 7 days, 3 days, 3 days);
        }
    }

    function test_setMinStake_movesTheGate() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.MinStakeSet(STAKE + 1);
        setMinStake(STAKE + 1);
        vm.assertEq(registry.minStake(), STAKE + 1);
        vm.assertTrue(!registry.isActive(provider));
        setMinStake(STAKE);
        vm.assertTrue(registry.isActive(provider));
        token.mint(relayer, STAKE);
        expectRevert(IProviderRegistry.INSUFFICIENT_STAKE.selector, STAKE - 1, STAKE);
        vm.prank(relayer);
        registry.registerProvider(address(0x99), bytes32(uint256(1)), "", "", STAKE - 1);
    }

    function test_setMinStake_staysWithinItsBounds() public {
        setMinStake(100e18);
        setMinStake(100_000e18);
        uint96[4] memory bad = [uint96(0), 100e18 - 1, 100_000e18 + 1, type(uint96).max];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IProviderRegistry.ParameterOutOfBounds.selector, bad[i], 100e18, 100_000e18)
            );
            setMinStake(bad[i]);
        }
    }

    function test_setWindows_changesOnlyTheFour() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.WindowsSet(21 days, 5 days, 4 days, 2 days);
        setWindows(21 days, 5 days, 4 days, 2 days);
        Durations memory expected = defaults();
        (expected.unbonding, expected.faultWindow) = (21 days, 5 days);
        (expected.dispute, expected.reserve) = (4 days, 2 days);
        vm.assertEq(keccak256(abi.encode(registry.durations())), keccak256(abi.encode(expected)));
    }

    function test_setWindows_revertsWith_UnbondingTooShort_whenFaultsWouldEscape() public {
        expectRevert(IProviderRegistry.UnbondingTooShort.selector, 13 days, 13 days);
        setWindows(13 days, 7 days, 3 days, 3 days);
    }

    /// @dev stake that began to leave under the former unbonding would leave before the longer windows are over
    function test_setWindows_revertsWith_UnbondingTooShort_whenARunningThawWouldEscape() public {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        expectRevert(IProviderRegistry.UnbondingTooShort.selector, 14 days, 14 days);
        setWindows(30 days, 8 days, 3 days, 3 days);
        setWindows(30 days, 8 days, 3 days, 3 days - 1);
    }

    function test_setWindows_revertsWith_ParametersLocked_untilEveryFormerThawIsOver() public {
        setWindows(30 days, 7 days, 3 days, 3 days);
        vm.warp(START + 14 days - 1);
        expectRevert(IProviderRegistry.ParametersLocked.selector, START + 14 days);
        setWindows(30 days, 20 days, 5 days, 4 days);
        vm.warp(START + 14 days);
        setWindows(30 days, 20 days, 5 days, 4 days);
        // now thaws of 30 days run, so the next change waits as long
        expectRevert(IProviderRegistry.ParametersLocked.selector, START + 44 days);
        setWindows(14 days, 7 days, 3 days, 3 days);
    }

    function test_setWindows_revertsWith_DurationOutOfBounds_forZeroAndForTooLong() public {
        expectRevert(IProviderRegistry.DurationOutOfBounds.selector, 0);
        setWindows(14 days, 7 days, 3 days, 0);
        expectRevert(IProviderRegistry.DurationOutOfBounds.selector, 180 days + 1);
        setWindows(180 days + 1, 7 days, 3 days, 3 days);
    }

    /// @dev governance shortens unbonding while a thaw runs: its end was stored and stands
    function test_setWindows_leavesARunningThawAlone() public {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        setWindows(5 days, 1 days, 1 days, 1 days);
        vm.warp(START + 5 days);
        expectRevert(IThawErrors.StillThawing.selector, START + 14 days);
        vm.prank(provider);
        registry.withdrawStake(provider);
        vm.prank(other);
        registry.startUnstake(STAKE);
        vm.warp(START + 10 days);
        vm.prank(other);
        registry.withdrawStake(other);
    }

    /// @dev under any sequence of changes, whatever thaw runs is longer than the windows that hold meanwhile
    function testFuzz_setWindows_neverLetsAFaultEscape(
        uint64[4][10] calldata values,
        uint32[10] calldata waits
    )
        public
    {
        uint256[10] memory starts;
        uint64[10] memory lengths;
        for (uint256 i = 0; i < 10; ++i) {
            starts[i] = block.timestamp;
            lengths[i] = registry.durations().unbonding;
            trySet(values[i]);
            Durations memory d = registry.durations();
            uint64 windows = d.faultWindow + d.dispute + d.reserve;
            vm.assertTrue(d.unbonding > windows);
            for (uint256 j = 0; j <= i; ++j) {
                bool runs = block.timestamp < starts[j] + lengths[j];
                vm.assertTrue(!runs || lengths[j] > windows, "a running thaw is too short");
            }
            vm.warp(block.timestamp + waits[i] % 20 days);
        }
    }

    function trySet(uint64[4] calldata v) private {
        vm.prank(governance);
        try registry.setWindows(fold(v[0], 60 days), fold(v[1], 20 days), fold(v[2], 10 days), fold(v[3], 5 days)) {
            ++changes;
        } catch {
            ++refusals;
        }
    }

    function fold(uint64 value, uint64 most) private pure returns (uint64) {
        return value % most + 1;
    }
}
