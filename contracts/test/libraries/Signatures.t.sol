// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Signatures} from "../../src/libraries/Signatures.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";

contract SignaturesTest {
    uint256 private constant KEY = 0xBEEF;
    address private signer = vm.addr(KEY);

    function isBy(address who, bytes32 digest, bytes calldata signature) external pure returns (bool) {
        return Signatures.isBy(who, digest, signature);
    }

    function isByPair(address who, bytes32 digest, bytes32 r, bytes32 vs) external pure returns (bool) {
        return Signatures.isBy(who, digest, r, vs);
    }

    function testFuzz_isBy_acceptsBothEncodings(uint256 key, bytes32 digest) public view {
        key = 1 + key % (Signing.CURVE_ORDER - 1);
        vm.assertTrue(this.isBy(vm.addr(key), digest, Signing.long(key, digest)));
        vm.assertTrue(this.isBy(vm.addr(key), digest, Signing.short(key, digest)));
    }

    function testFuzz_isBy_refusesAnotherDigest(bytes32 digest, bytes32 otherDigest) public view {
        // ECDSA signs a digest modulo the order of the curve
        vm.assume(uint256(digest) % Signing.CURVE_ORDER != uint256(otherDigest) % Signing.CURVE_ORDER);
        vm.assertTrue(!this.isBy(signer, otherDigest, Signing.long(KEY, digest)));
        vm.assertTrue(!this.isBy(signer, otherDigest, Signing.short(KEY, digest)));
    }

    function testFuzz_isBy_refusesMalleatedSignatures(bytes32 digest) public view {
        bytes memory malleated = Signing.malleated(KEY, digest);
        // the precompile itself would take it: the check is ours
        (bytes32 r, bytes32 s, uint8 v) = split(malleated);
        vm.assertEq(ecrecover(digest, v, r, s), signer);
        vm.assertTrue(!this.isBy(signer, digest, malleated));
    }

    function testFuzz_isBy_refusesOneFlippedBit(bytes32 digest, uint16 bit) public view {
        bytes memory signature = Signing.long(KEY, digest);
        bit = bit % (65 * 8);
        // one bit of one byte
        // forge-lint: disable-next-line(incorrect-shift, unsafe-typecast)
        signature[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        vm.assertTrue(!this.isBy(signer, digest, signature));
    }

    function testFuzz_isBy_refusesTheZeroAddress(bytes32 digest, bytes32 r, bytes32 vs, uint8 v) public view {
        vm.assertTrue(!this.isByPair(address(0), digest, r, vs));
        vm.assertTrue(!this.isBy(address(0), digest, abi.encodePacked(r, vs, v)));
    }

    function test_isBy_refusesTheZeroAddress_whenThePrecompileFails() public view {
        // v = 29 makes ecrecover answer zero, which must not count as the zero address having signed
        bytes memory signature = abi.encodePacked(bytes32(uint256(1)), bytes32(uint256(1)), uint8(29));
        vm.assertEq(ecrecover(0, 29, bytes32(uint256(1)), bytes32(uint256(1))), address(0));
        vm.assertTrue(!this.isBy(address(0), 0, signature));
        vm.assertTrue(!this.isByPair(address(0), 0, 0, 0));
    }

    function testFuzz_isBy_refusesOtherLengths(bytes calldata signature) public view {
        vm.assume(signature.length != 64 && signature.length != 65);
        vm.assertTrue(!this.isBy(signer, 0, signature));
    }

    function test_isBy_refusesVZeroAndOne(bytes32 digest) public view {
        (bytes32 r, bytes32 s, uint8 v) = split(Signing.long(KEY, digest));
        vm.assertTrue(!this.isBy(signer, digest, abi.encodePacked(r, s, v - 27)));
    }

    function split(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        (r, s) = abi.decode(signature, (bytes32, bytes32));
        v = uint8(signature[64]);
    }
}
