// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IElection} from "../src/interfaces/IElection.sol";
import {IProviderRegistry} from "../src/interfaces/IProviderRegistry.sol";
import {SeatScore} from "../src/libraries/SeatScore.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {vm} from "./utils/Vm.sol";

/// @notice epochOf, weightAt, getWeights, commitOnion, reveal, seedOf, score.
contract ProviderRegistryElectionTest is MeshTest {
    uint64 private constant EPOCH = 1 hours;
    /// @dev START is the first second of an epoch
    uint64 private constant NOW = START / EPOCH;
    bytes32 private constant INNER = "inner";

    bytes32 private firstMix;

    function setUp() public override {
        super.setUp();
        firstMix = keccak256(abi.encode("DuckMesh", block.chainid, address(registry)));
    }

    function begin(uint64 epoch) private {
        vm.warp(uint256(epoch) * EPOCH);
    }

    function tipOf(bytes32 preimage) private pure returns (bytes32) {
        return keccak256(abi.encode(preimage));
    }

    function commit(address who, bytes32 tip) private {
        vm.prank(who);
        registry.commitOnion(tip);
    }

    function reveal(address who, bytes32 preimage) private {
        vm.prank(who);
        registry.reveal(preimage);
    }

    function test_epochOf_countsHoursSince1970() public {
        vm.assertEq(registry.epochOf(0), 0);
        vm.assertEq(registry.epochOf(3_599), 0);
        vm.assertEq(registry.epochOf(3_600), 1);
        vm.assertEq(registry.currentEpoch(), NOW);
        vm.warp(START + EPOCH - 1);
        vm.assertEq(registry.currentEpoch(), NOW);
        vm.warp(START + EPOCH);
        vm.assertEq(registry.currentEpoch(), NOW + 1);
    }

    function test_weightAt_isTheStakeAtTheStartOfTheEpochBefore() public {
        begin(NOW + 2);
        // registered in the first second of NOW, so at its start already
        vm.assertEq(registry.weightAt(provider, NOW), 0);
        vm.assertEq(registry.weightAt(provider, NOW + 1), STAKE);
        vm.assertEq(registry.weightAt(provider, NOW + 2), STAKE);
    }

    function test_weightAt_revertsWith_FutureLookup_untilTheSecondIsOver() public {
        begin(NOW + 1);
        uint256 start = uint256(NOW + 1) * EPOCH;
        expectRevert(IElection.FutureLookup.selector, start, start);
        registry.weightAt(provider, NOW + 2);
        vm.warp(start + 1);
        vm.assertEq(registry.weightAt(provider, NOW + 2), STAKE);
    }

    function test_weightAt_dropsWithAnUnstake_fromTheSecondEpochOn() public {
        begin(NOW + 3);
        vm.prank(provider);
        registry.startUnstake(500e18);
        begin(NOW + 5);
        vm.assertEq(registry.weightAt(provider, NOW + 3), STAKE);
        vm.assertEq(registry.weightAt(provider, NOW + 4), STAKE - 500e18);
        vm.prank(provider);
        registry.cancelUnstake();
        begin(NOW + 7);
        vm.assertEq(registry.weightAt(provider, NOW + 5), STAKE - 500e18);
        vm.assertEq(registry.weightAt(provider, NOW + 6), STAKE);
    }

    function test_weightAt_countsExactlyTheLeastStake() public {
        vm.prank(provider);
        registry.startUnstake(STAKE - 1_000e18);
        begin(NOW + 2);
        vm.assertEq(registry.weightAt(provider, NOW + 1), 1_000e18);
        (address[] memory owners,,) = registry.getWeights(NOW + 1, 0, 100);
        vm.assertEq(owners.length, 2);
    }

    function test_weightAt_isZeroBelowTheLeastStake() public {
        vm.warp(START + 5);
        vm.prank(provider);
        registry.startUnstake(STAKE - 1_000e18 + 1);
        begin(NOW + 4);
        vm.assertEq(registry.weightAt(provider, NOW + 1), STAKE);
        vm.assertEq(registry.weightAt(provider, NOW + 2), 0);
    }

    function test_weightAt_usesTheLeastStakeOfThen() public {
        begin(NOW + 3);
        vm.prank(governance);
        registry.setMinStake(STAKE + 1);
        begin(NOW + 5);
        vm.assertEq(registry.weightAt(provider, NOW + 3), STAKE);
        vm.assertEq(registry.weightAt(provider, NOW + 4), 0);
    }

    function test_weightAt_isZeroForStrangersAndForEpochZero() public {
        begin(NOW + 2);
        vm.assertEq(registry.weightAt(relayer, NOW + 1), 0);
        vm.assertEq(registry.weightAt(provider, 0), 0);
    }

    function test_getWeights_listsOnlyWhoWeighsSomething() public {
        vm.warp(START + 5);
        vm.prank(provider);
        registry.startUnstake(STAKE);
        begin(NOW + 2);
        (address[] memory owners, uint96[] memory weights, uint256 next) = registry.getWeights(NOW + 1, 0, 100);
        vm.assertEq(owners.length, 2);
        vm.assertEq(owners[0], provider);
        vm.assertEq(owners[1], other);
        vm.assertEq(weights[1], STAKE);
        vm.assertEq(next, 0);
        (owners, weights, next) = registry.getWeights(NOW + 2, 0, 1);
        vm.assertEq(owners.length + weights.length, 0);
        vm.assertEq(next, 1);
        (owners, weights, next) = registry.getWeights(NOW + 2, 1, 1);
        vm.assertEq(owners[0], other);
        vm.assertEq(next, 0);
    }

    function test_getWeights_revertsWith_PageLimit_whenZeroOrAboveOneHundred() public {
        begin(NOW + 2);
        expectRevert(IProviderRegistry.PageLimit.selector, 0);
        registry.getWeights(NOW + 1, 0, 0);
        expectRevert(IProviderRegistry.PageLimit.selector, 101);
        registry.getWeights(NOW + 1, 0, 101);
    }

    function test_getWeights_isEmptyBeyondTheEnd() public {
        begin(NOW + 2);
        (address[] memory owners,, uint256 next) = registry.getWeights(NOW + 1, type(uint256).max, 100);
        vm.assertEq(owners.length, 0);
        vm.assertEq(next, 0);
    }

    function test_seedOf_isFixedFromTheMiddleOfTheEpochBefore() public {
        vm.warp(START + EPOCH / 2 - 1);
        expectRevert(IElection.SeedNotFixed.selector, NOW + 1);
        registry.seedOf(NOW + 1);
        vm.warp(START + EPOCH / 2);
        vm.assertEq(registry.seedOf(NOW + 1), keccak256(abi.encode(firstMix, NOW + 1)));
        expectRevert(IElection.SeedNotFixed.selector, NOW + 2);
        registry.seedOf(NOW + 2);
    }

    function test_seedOf_revertsWith_SeedNotFixed_forEpochZero() public {
        expectRevert(IElection.SeedNotFixed.selector, 0);
        registry.seedOf(0);
    }

    function test_commitOnion_saysFromWhichEpochOn() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IElection.OnionCommitted(provider, tipOf(INNER), NOW + 1);
        commit(provider, tipOf(INNER));
        (bytes32 tip, uint64 from) = registry.onionOf(provider);
        vm.assertEq(tip, tipOf(INNER));
        vm.assertEq(from, NOW + 1);
    }

    function test_commitOnion_byTheOperatorIsForItsProvider() public {
        commit(operator, tipOf(INNER));
        (bytes32 tip,) = registry.onionOf(provider);
        vm.assertEq(tip, tipOf(INNER));
        (, uint64 from) = registry.onionOf(operator);
        vm.assertEq(from, 0);
    }

    function test_commitOnion_revertsWith_INVALID_PROVIDER_forAStranger() public {
        expectRevert(IProviderRegistry.INVALID_PROVIDER.selector, relayer);
        commit(relayer, tipOf(INNER));
    }

    function test_reveal_changesTheSeedOfTheNextEpoch() public {
        commit(provider, tipOf(INNER));
        begin(NOW + 1);
        bytes32 mix = keccak256(abi.encode(firstMix, INNER));
        vm.expectEmit(true, true, true, true, address(registry));
        emit IElection.OnionRevealed(provider, NOW + 1, INNER, mix);
        reveal(operator, INNER);
        vm.warp(START + EPOCH + EPOCH / 2);
        vm.assertEq(registry.seedOf(NOW + 1), keccak256(abi.encode(firstMix, NOW + 1)));
        vm.assertEq(registry.seedOf(NOW + 2), keccak256(abi.encode(mix, NOW + 2)));
        begin(NOW + 9);
        vm.assertEq(registry.seedOf(NOW + 9), keccak256(abi.encode(mix, NOW + 9)));
    }

    function test_reveal_ofTwoOwnersMixesBoth() public {
        commit(provider, tipOf(INNER));
        commit(other, tipOf("other"));
        begin(NOW + 1);
        reveal(other, "other");
        reveal(provider, INNER);
        bytes32 mix = keccak256(abi.encode(keccak256(abi.encode(firstMix, bytes32("other"))), INNER));
        vm.warp(START + EPOCH + EPOCH / 2);
        vm.assertEq(registry.seedOf(NOW + 2), keccak256(abi.encode(mix, NOW + 2)));
    }

    function test_reveal_revertsWith_RevealClosed_inTheSecondHalf() public {
        commit(provider, tipOf(INNER));
        vm.warp(START + EPOCH + EPOCH / 2);
        expectRevert(IElection.RevealClosed.selector, NOW + 1);
        reveal(provider, INNER);
        vm.warp(START + EPOCH + EPOCH / 2 - 1);
        reveal(provider, INNER);
    }

    function test_reveal_revertsWith_RevealTooEarly_whenTwiceAnEpoch() public {
        commit(provider, tipOf(tipOf(INNER)));
        begin(NOW + 1);
        reveal(provider, tipOf(INNER));
        expectRevert(IElection.RevealTooEarly.selector, NOW + 2);
        reveal(provider, INNER);
    }

    function test_reveal_revertsWith_INSUFFICIENT_STAKE_withoutIt() public {
        commit(provider, tipOf(INNER));
        vm.prank(provider);
        registry.startUnstake(STAKE);
        begin(NOW + 1);
        expectRevert(IProviderRegistry.INSUFFICIENT_STAKE.selector, 0, 1_000e18);
        reveal(provider, INNER);
    }

    function test_reveal_revertsWith_INVALID_PROVIDER_forAStranger() public {
        expectRevert(IProviderRegistry.INVALID_PROVIDER.selector, relayer);
        reveal(relayer, INNER);
    }

    function test_score_isOfSeedSeatAndWeight() public {
        begin(NOW + 2);
        bytes32 seed = registry.seedOf(NOW + 2);
        uint256 expected = SeatScore.score(seed, 5, 59, provider, STAKE);
        vm.assertEq(registry.score(NOW + 2, 5, 59, provider), expected);
        vm.assertEq(registry.score(NOW + 2, 5, 59, relayer), type(uint256).max);
    }

    function test_score_revertsWith_SeedNotFixed_tooEarly() public {
        expectRevert(IElection.SeedNotFixed.selector, NOW + 1);
        registry.score(NOW + 1, 0, 0, provider);
    }

    /// @dev weights against a list of what the stake was at the start of each epoch
    function testFuzz_weightAt_equalsAPlainList(uint16[16] calldata gaps, uint96[16] calldata amounts) public {
        uint96[] memory atStart = new uint96[](64);
        uint64 epoch = NOW + 1;
        for (uint256 i = 0; i < 16; ++i) {
            uint256 time = block.timestamp + gaps[i] % (2 * EPOCH);
            for (; uint256(epoch) * EPOCH <= time; ++epoch) {
                atStart[epoch - NOW] = registry.eligibleStake(provider);
            }
            vm.warp(time);
            change(amounts[i]);
            // a change in the very second in which the epoch begins still counts
            if (time % EPOCH == 0) atStart[time / EPOCH - NOW] = registry.eligibleStake(provider);
        }
        vm.warp(block.timestamp + 1);
        for (uint64 e = NOW + 1; e < epoch; ++e) {
            uint96 stake = atStart[e - NOW];
            vm.assertEq(registry.weightAt(provider, e + 1), stake < 1_000e18 ? 0 : stake);
        }
    }

    function change(uint96 amount) private {
        uint96 value = bound(amount, 1, providerOf(provider).stake);
        bool back = amount % 3 == 0 && providerOf(provider).thawing != 0;
        vm.prank(provider);
        if (back) registry.cancelUnstake();
        else registry.startUnstake(value);
    }
}
