// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LnWad} from "../../src/libraries/LnWad.sol";
import {SeatScore} from "../../src/libraries/SeatScore.sol";
import {ElectionVectors} from "../utils/ElectionVectors.sol";
import {vm} from "../utils/Vm.sol";

contract SeatScoreTest is ElectionVectors {
    struct Cases {
        bytes32[] seeds;
        uint256[] shards;
        uint256[] turns;
        address[] owners;
        uint256[] weights;
        uint256[] scores;
    }

    function scoreOf(Cases memory c, uint256 i) private pure returns (uint256) {
        return SeatScore.score(c.seeds[i], uint8(c.shards[i]), uint32(c.turns[i]), c.owners[i], uint96(c.weights[i]));
    }

    /// @dev 10 000 scores that the TypeScript port computed
    function test_score_equalsTheVectors() public view {
        Cases memory c;
        c.seeds = this.words(".scores.seeds");
        c.shards = this.uints(".scores.shards");
        c.turns = this.uints(".scores.turns");
        c.owners = this.addresses(".scores.owners");
        c.weights = this.uints(".scores.weights");
        c.scores = this.uints(".scores.scores");
        vm.assertGe(c.scores.length, 10_000);
        for (uint256 i = 0; i < c.scores.length; ++i) {
            vm.assertEq(scoreOf(c, i), c.scores[i]);
        }
    }

    function test_race_isWorstWithoutWeight() public pure {
        vm.assertEq(SeatScore.race(keccak256("duck"), 0), type(uint256).max);
    }

    function test_race_isBestForTheLuckiestDraw() public pure {
        // x = 1e18: u = 1, and ln(1) = 0
        vm.assertEq(SeatScore.race(bytes32(uint256(1e18 - 1)), 1), 0);
    }

    function testFuzz_race_isTheFormula(bytes32 draw, uint96 weight) public pure {
        vm.assume(weight != 0);
        int256 ln = LnWad.lnWad(uint256(draw) % 1e18 + 1);
        vm.assertEq(SeatScore.race(draw, weight), uint256(-ln) * 2 ** 96 / weight);
    }

    function testFuzz_race_favoursWeight(bytes32 draw, uint96 weight) public pure {
        weight = weight % (type(uint96).max / 2) + 1;
        vm.assertTrue(SeatScore.race(draw, weight * 2) <= SeatScore.race(draw, weight));
    }

    /// @dev rank 0 goes to each of four owners in proportion to its weight: chi squared with 3 degrees of freedom
    function test_score_winsInProportionToWeight() public pure {
        uint96[4] memory weights = [uint96(1_000e18), 2_000e18, 3_000e18, 10_000e18];
        uint256[4] memory wins;
        uint32 turns = 4_000;
        for (uint32 turn = 0; turn < turns; ++turn) {
            ++wins[winner(weights, turn)];
        }
        uint256 chi = 0;
        for (uint256 i = 0; i < 4; ++i) {
            uint256 expected = uint256(turns) * weights[i] / 16_000e18;
            uint256 off = wins[i] > expected ? wins[i] - expected : expected - wins[i];
            chi += off * off * 1_000 / expected;
        }
        // 11.345 is exceeded once in a hundred; the seed is fixed, so this either holds or does not
        vm.assertLe(chi, 11_345);
    }

    function winner(uint96[4] memory weights, uint32 turn) private pure returns (uint256 best) {
        uint256 lowest = type(uint256).max;
        for (uint160 i = 0; i < 4; ++i) {
            uint256 found = SeatScore.score(keccak256("seed"), 3, turn, address(0xD0C + i), weights[i]);
            if (found >= lowest) continue;
            (lowest, best) = (found, i);
        }
    }
}
