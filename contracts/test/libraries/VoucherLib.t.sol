// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Signatures} from "../../src/libraries/Signatures.sol";
import {VoucherLib} from "../../src/libraries/VoucherLib.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";

contract VoucherLibTest {
    struct Entry {
        address payer;
        uint96 cumulative;
        bytes32 r;
        bytes32 vs;
    }

    /// @dev reads all of a batch by one form
    function readAll(
        address provider,
        bool service,
        bytes32 separator,
        bytes calldata packed
    )
        external
        view
        returns (bool[] memory signed)
    {
        VoucherLib.Form memory form = VoucherLib.formOf(provider, service, separator);
        signed = new bool[](packed.length / 96);
        for (uint256 i = 0; i < signed.length; ++i) {
            address payer;
            uint96 cumulative;
            (payer, cumulative, signed[i]) = VoucherLib.read(form, packed, 96 * i);
            bytes calldata entry = packed[96 * i:96 * i + 96];
            vm.assertEq(payer, address(bytes20(entry[:20])));
            vm.assertEq(uint256(cumulative), uint96(bytes12(entry[20:32])));
            vm.assertEq(form.digest, digestOf(provider, service, separator, payer, cumulative));
            bool expected = Signatures.isBy(payer, form.digest, bytes32(entry[32:64]), bytes32(entry[64:]));
            vm.assertEq(signed[i], expected);
        }
    }

    function digestOf(
        address provider,
        bool service,
        bytes32 separator,
        address payer,
        uint96 cumulative
    )
        private
        pure
        returns (bytes32)
    {
        return service
            ? Signing.serviceVoucherDigest(separator, payer, provider, cumulative)
            : Signing.voucherDigest(separator, payer, provider, cumulative, 0);
    }

    function pack(Entry memory e) private pure returns (bytes memory) {
        return abi.encodePacked(e.payer, e.cumulative, e.r, e.vs);
    }

    /// @notice Good, foreign, malleated and random signatures in one batch: each as plain Solidity says.
    function testFuzz_read_equalsPlainSolidity(
        address provider,
        bool service,
        bytes32 separator,
        uint256 key,
        uint96[3] memory cumulatives,
        Entry memory random
    )
        public
        view
    {
        key = 1 + key % (Signing.CURVE_ORDER - 1);
        address payer = vm.addr(key);
        bytes memory packed = pack(random);
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 digest = digestOf(provider, service, separator, payer, cumulatives[i]);
            bytes memory good = Signing.short(key, digest);
            packed = bytes.concat(packed, abi.encodePacked(payer, cumulatives[i], good));
            packed = bytes.concat(packed, abi.encodePacked(address(uint160(payer) ^ 1), cumulatives[i], good));
            packed = bytes.concat(packed, abi.encodePacked(payer, cumulatives[i] ^ 1, good));
        }
        packed = bytes.concat(packed, pack(random));
        bool[] memory signed = this.readAll(provider, service, separator, packed);
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertTrue(signed[1 + 3 * i]);
            vm.assertTrue(!signed[2 + 3 * i]);
            vm.assertTrue(!signed[3 + 3 * i]);
        }
        vm.assertTrue(!signed[10]);
    }

    function testFuzz_read_refusesTheZeroPayer(
        bytes32 separator,
        uint96 cumulative,
        bytes32 r,
        bytes32 vs
    )
        public
        view
    {
        bytes memory packed = abi.encodePacked(address(0), cumulative, r, vs);
        vm.assertTrue(!this.readAll(address(1), false, separator, packed)[0]);
    }

    function testFuzz_formOf_leavesMemoryAlone(bytes memory before, bytes memory behind) public pure {
        bytes32 hashes = keccak256(abi.encode(before, behind));
        VoucherLib.Form memory form = VoucherLib.formOf(address(1), true, keccak256("separator"));
        bytes memory fresh = new bytes(192);
        for (uint256 i = 0; i < fresh.length; ++i) {
            vm.assertTrue(fresh[i] == 0);
        }
        vm.assertEq(keccak256(abi.encode(before, behind)), hashes);
        vm.assertEq(form.typehash, VoucherLib.SERVICE_TYPEHASH);
        vm.assertEq(form.separator, keccak256("separator"));
        vm.assertEq(uint256(form.epoch), 0);
    }
}
