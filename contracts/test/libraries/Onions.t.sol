// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IElection} from "../../src/interfaces/IElection.sol";
import {OnionBook, Onions} from "../../src/libraries/Onions.sol";
import {ElectionVectors} from "../utils/ElectionVectors.sol";
import {vm} from "../utils/Vm.sol";

contract OnionsTest is ElectionVectors {
    using Onions for OnionBook;

    OnionBook private book;
    OnionBook[20] private ofVector;
    bytes32 private constant START = keccak256("start");
    address private constant OWNER = address(0xD0C);

    function setUp() public {
        book.init(START);
    }

    function reveal(bytes32 preimage, uint64 epoch) external returns (bytes32) {
        return book.reveal(OWNER, preimage, epoch);
    }

    function hash(bytes32 preimage) private pure returns (bytes32) {
        return keccak256(abi.encode(preimage));
    }

    /// @dev mixes and seeds that the TypeScript port computed
    function test_mixAndSeed_equalTheVectors() public {
        uint256[] memory chainIds = this.uints(".mix.chainIds");
        address[] memory registries = this.addresses(".mix.registries");
        bytes32[] memory mix0 = this.words(".mix.mix0");
        bytes32[] memory preimages = this.words(".mix.preimages");
        bytes32[] memory mix1 = this.words(".mix.mix1");
        uint256[] memory epochs = this.uints(".mix.epochs");
        bytes32[] memory seeds = this.words(".mix.seeds");
        vm.assertEq(seeds.length, ofVector.length);
        for (uint256 i = 0; i < seeds.length; ++i) {
            OnionBook storage one = ofVector[i];
            vm.assertEq(keccak256(abi.encode("DuckMesh", chainIds[i], registries[i])), mix0[i]);
            one.init(mix0[i]);
            one.commit(OWNER, hash(preimages[i]), 0);
            vm.assertEq(one.reveal(OWNER, preimages[i], 1), mix1[i]);
            // epoch 0 has no epoch before it, so no contract can be asked for its seed
            if (epochs[i] != 0) vm.assertEq(one.seedOf(uint64(epochs[i])), seeds[i]);
        }
    }

    function test_seedOf_changesWithTheEpoch_whenNobodyReveals() public view {
        vm.assertEq(book.seedOf(7), keccak256(abi.encode(START, 7)));
        vm.assertEq(book.seedOf(8), keccak256(abi.encode(START, 8)));
    }

    function test_reveal_revertsWith_WrongPreimage_withoutAnOnion() public {
        vm.expectRevert(abi.encodeWithSelector(IElection.WrongPreimage.selector, bytes32(0)));
        this.reveal(0, 1);
    }

    function test_reveal_revertsWith_RevealTooEarly_inTheEpochOfTheCommit() public {
        book.commit(OWNER, hash("b"), 5);
        vm.expectRevert(abi.encodeWithSelector(IElection.RevealTooEarly.selector, 6));
        this.reveal("b", 5);
        vm.assertEq(this.reveal("b", 6), keccak256(abi.encode(START, bytes32("b"))));
    }

    function test_reveal_peelsOneLayerAnEpoch() public {
        bytes32 inner = "inner";
        book.commit(OWNER, hash(hash(inner)), 5);
        this.reveal(hash(inner), 6);
        vm.assertEq(book.onions[OWNER].tip, hash(inner));
        vm.expectRevert(abi.encodeWithSelector(IElection.RevealTooEarly.selector, 7));
        this.reveal(inner, 6);
        this.reveal(inner, 7);
    }

    function test_commit_replacesAnOnion_andWaitsAgain() public {
        book.commit(OWNER, hash("a"), 5);
        book.commit(OWNER, hash("b"), 6);
        vm.expectRevert(abi.encodeWithSelector(IElection.WrongPreimage.selector, hash("b")));
        this.reveal("a", 6);
        vm.expectRevert(abi.encodeWithSelector(IElection.RevealTooEarly.selector, 7));
        this.reveal("b", 6);
    }

    /// @dev the seed of an epoch never changes once the epoch before it is over, whatever is revealed later
    function testFuzz_seedOf_standsForEver(uint8[12] calldata gaps) public {
        bytes32[13] memory layers;
        layers[0] = keccak256(abi.encode(gaps));
        for (uint256 i = 1; i < 13; ++i) {
            layers[i] = hash(layers[i - 1]);
        }
        book.commit(OWNER, layers[12], 0);
        uint64 epoch = 1;
        bytes32 mix = START;
        bytes32[] memory mixes = new bytes32[](12 * 256 + 14);
        for (uint256 i = 0; i < 12; ++i) {
            uint64 next = epoch + gaps[i] % 4;
            for (; epoch < next; ++epoch) {
                mixes[epoch] = mix;
            }
            mix = this.reveal(layers[11 - i], epoch);
            mixes[epoch++] = mix;
        }
        for (uint64 e = 1; e < epoch; ++e) {
            vm.assertEq(book.seedOf(e + 1), keccak256(abi.encode(mixes[e], e + 1)));
        }
    }
}
