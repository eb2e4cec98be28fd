// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SeatScore} from "../src/libraries/SeatScore.sol";
import {vm} from "./utils/Vm.sol";

/// @notice 10 000 whole draws: the seats by the contract's scores are those that the TypeScript side drew. Each case
/// comes from its number alone, as `protocols/test/election/seat-cases.ts` says; the file keeps a hash for a thousand.
contract SeatCasesTest {
    uint256 private constant SEATS = 7;
    uint256 private constant CASES_PER_HASH = 1_000;

    /// @notice One network and one turn of it.
    struct Draw {
        bytes32 seed;
        uint8 shard;
        uint32 turn;
        address[] owners;
        uint256[] scores;
    }

    function test_seats_equalTheVectors_0() public view {
        check(0);
    }

    function test_seats_equalTheVectors_1() public view {
        check(1);
    }

    function test_seats_equalTheVectors_2() public view {
        check(2);
    }

    function test_seats_equalTheVectors_3() public view {
        check(3);
    }

    function test_seats_equalTheVectors_4() public view {
        check(4);
    }

    function test_seats_equalTheVectors_5() public view {
        check(5);
    }

    function test_seats_equalTheVectors_6() public view {
        check(6);
    }

    function test_seats_equalTheVectors_7() public view {
        check(7);
    }

    function test_seats_equalTheVectors_8() public view {
        check(8);
    }

    function test_seats_equalTheVectors_9() public view {
        check(9);
    }

    function check(uint256 thousand) private view {
        bytes32[] memory hashes = vm.parseJsonBytes32Array(vm.readFile("proto/vectors/seats.json"), ".hashes");
        bytes32 hash = 0;
        for (uint256 n = thousand * CASES_PER_HASH; n < (thousand + 1) * CASES_PER_HASH; ++n) {
            // in a call of its own, whose memory is freed with it
            hash = this.fold(hash, n);
        }
        vm.assertEq(hash, hashes[thousand]);
    }

    /// @notice The hash after case `n`.
    function fold(bytes32 hash, uint256 n) external pure returns (bytes32) {
        Draw memory draw = drawOf(n);
        bytes memory words = abi.encode(hash);
        for (uint256 seat = 0; seat < SEATS; ++seat) {
            uint256 best = bestOf(draw);
            if (best == draw.owners.length) break;
            words = bytes.concat(words, abi.encode(draw.owners[best]));
            draw.scores[best] = type(uint256).max;
        }
        return keccak256(words);
    }

    /// @notice The place of the lowest score, of two the one with the lower address; beyond the end when nobody is left.
    function bestOf(Draw memory draw) private pure returns (uint256 best) {
        best = draw.owners.length;
        uint256 lowest = type(uint256).max;
        for (uint256 i = 0; i < draw.owners.length; ++i) {
            uint256 score = draw.scores[i];
            if (score == type(uint256).max) continue;
            if (score < lowest || (score == lowest && draw.owners[i] < draw.owners[best])) (lowest, best) = (score, i);
        }
    }

    function drawOf(uint256 n) private pure returns (Draw memory draw) {
        draw.seed = keccak256(abi.encode(n));
        uint256 random = uint256(draw.seed);
        uint256 count = 1 + random % 12;
        draw.shard = uint8((random >> 16) % 16);
        draw.turn = uint32((random >> 32) % 60);
        (draw.owners, draw.scores) = (new address[](count), new uint256[](count));
        for (uint256 i = 0; i < count; ++i) {
            uint256 hash = uint256(keccak256(abi.encode(draw.seed, i)));
            address owner = address(uint160(hash));
            draw.owners[i] = owner;
            draw.scores[i] = SeatScore.score(draw.seed, draw.shard, draw.turn, owner, weightOf(hash >> 160));
        }
    }

    function weightOf(uint256 random) private pure returns (uint96) {
        return random % 8 == 0 ? 0 : uint96(1_000e18 + random % 1_000_000e18);
    }
}
