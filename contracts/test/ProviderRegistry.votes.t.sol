// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IElection} from "../src/interfaces/IElection.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {vm} from "./utils/Vm.sol";

/// @notice getVotes, getPastVotes, getPastTotalSupply, clock.
contract ProviderRegistryVotesTest is MeshTest {
    function test_votes_areTheEligibleStakeOfThen() public {
        vm.warp(START + 10);
        vm.prank(provider);
        registry.startUnstake(500e18);
        vm.warp(START + 20);
        vm.prank(disputes);
        registry.slash(provider, 100e18, "fault", relayer);
        vm.warp(START + 30);
        vm.assertEq(registry.getVotes(provider), STAKE - 600e18);
        vm.assertEq(registry.getPastVotes(provider, START - 1), 0);
        vm.assertEq(registry.getPastVotes(provider, START), STAKE);
        vm.assertEq(registry.getPastVotes(provider, START + 10), STAKE - 500e18);
        vm.assertEq(registry.getPastVotes(provider, START + 19), STAKE - 500e18);
        vm.assertEq(registry.getPastVotes(provider, START + 20), STAKE - 600e18);
        vm.assertEq(registry.getPastTotalSupply(START - 1), 0);
        vm.assertEq(registry.getPastTotalSupply(START), 2 * STAKE);
        vm.assertEq(registry.getPastTotalSupply(START + 10), 2 * STAKE - 500e18);
        vm.assertEq(registry.getPastTotalSupply(START + 29), 2 * STAKE - 600e18);
    }

    function test_votes_revertWith_FutureLookup_untilTheSecondIsOver() public {
        expectRevert(IElection.FutureLookup.selector, START, START);
        registry.getPastVotes(provider, START);
        expectRevert(IElection.FutureLookup.selector, START + 1, START);
        registry.getPastTotalSupply(START + 1);
    }

    function test_clock_countsSeconds() public {
        vm.assertEq(registry.clock(), START);
        vm.warp(START + 5);
        vm.assertEq(registry.clock(), START + 5);
        vm.assertEq(registry.CLOCK_MODE(), "mode=timestamp");
    }

    /// @dev stake that comes and goes within one second was never there
    function test_votes_ignoreStakeOfASecond() public {
        token.mint(provider, STAKE);
        vm.warp(START + 10);
        vm.prank(provider);
        registry.addStake(STAKE);
        vm.prank(provider);
        registry.startUnstake(2 * STAKE);
        vm.warp(START + 11);
        vm.assertEq(registry.getPastVotes(provider, START + 9), STAKE);
        vm.assertEq(registry.getPastVotes(provider, START + 10), 0);
    }

    /// @dev at every past second the sum of the votes is the total
    function testFuzz_votes_sumUpToTheTotal(uint96[20] calldata amounts, uint8[20] calldata steps) public {
        uint256 time = START;
        for (uint256 i = 0; i < 20; ++i) {
            time += steps[i] % 4;
            vm.warp(time);
            change(steps[i] & 4 == 0 ? provider : other, amounts[i], steps[i] >> 3);
        }
        vm.warp(time + 1);
        for (uint256 when = START - 1; when <= time; ++when) {
            uint256 sum = registry.getPastVotes(provider, when) + registry.getPastVotes(other, when);
            vm.assertEq(registry.getPastTotalSupply(when), sum);
        }
        vm.assertEq(
            registry.getPastTotalSupply(time), uint256(registry.eligibleStake(provider)) + registry.eligibleStake(other)
        );
    }

    function change(address who, uint96 amount, uint256 what) private {
        uint96 stake = providerOf(who).stake;
        bool thaws = providerOf(who).thawing != 0;
        if (what % 4 == 0) {
            vm.prank(disputes);
            registry.slash(who, bound(amount, 0, 100e18), "fault", relayer);
        } else if (what % 4 == 1 && thaws) {
            vm.prank(who);
            registry.cancelUnstake();
        } else if (what % 4 == 2) {
            token.mint(who, 50e18);
            vm.prank(who);
            registry.addStake(50e18);
        } else if (stake != 0) {
            vm.prank(who);
            registry.startUnstake(bound(amount, 1, stake));
        }
    }
}
