// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {VoucherLib} from "../../src/libraries/VoucherLib.sol";
import {Voucher} from "../../src/types/Signed.sol";
import {vm} from "../utils/Vm.sol";

contract VoucherLibTest {
    struct Entry {
        address payer;
        uint96 cumulative;
        bytes32 r;
        bytes32 vs;
    }

    function entryOf(bytes calldata packed, uint256 index) external pure returns (Entry memory e) {
        (e.payer, e.cumulative, e.r, e.vs) = VoucherLib.entryOf(packed, index);
    }

    function testFuzz_entryOf_readsWhatWasPacked(Entry memory a, Entry memory b) public view {
        bytes memory packed = abi.encodePacked(a.payer, a.cumulative, a.r, a.vs, b.payer, b.cumulative, b.r, b.vs);
        vm.assertEq(keccak256(abi.encode(this.entryOf(packed, 0))), keccak256(abi.encode(a)));
        vm.assertEq(keccak256(abi.encode(this.entryOf(packed, 1))), keccak256(abi.encode(b)));
    }

    function testFuzz_entryOf_equalsSlicing(bytes calldata packed, uint256 index) public view {
        vm.assume(packed.length >= 96);
        index = index % (packed.length / 96);
        bytes calldata entry = packed[index * 96:(index + 1) * 96];
        Entry memory e = this.entryOf(packed, index);
        vm.assertEq(e.payer, address(bytes20(entry[:20])));
        vm.assertEq(uint256(e.cumulative), uint96(bytes12(entry[20:32])));
        vm.assertEq(e.r, bytes32(entry[32:64]));
        vm.assertEq(e.vs, bytes32(entry[64:96]));
    }

    function testFuzz_hash_ignoresDirtyBits(
        uint256 payer,
        uint256 provider,
        uint256 cumulative,
        uint256 epoch
    )
        public
        pure
    {
        address payer_;
        address provider_;
        uint96 cumulative_;
        uint64 epoch_;
        assembly {
            payer_ := payer
            provider_ := provider
            cumulative_ := cumulative
            epoch_ := epoch
        }
        bytes32 typehash = keccak256("Voucher(address payer,address provider,uint96 cumulative,uint64 epoch)");
        bytes32 expected = keccak256(
            abi.encode(typehash, address(uint160(payer)), address(uint160(provider)), uint96(cumulative), uint64(epoch))
        );
        vm.assertEq(VoucherLib.hash(payer_, provider_, cumulative_, epoch_), expected);
    }

    function testFuzz_hash_leavesMemoryAlone(Voucher memory v, bytes memory before, bytes memory behind) public pure {
        bytes32 hashes = keccak256(abi.encode(before, behind));
        VoucherLib.hash(v);
        bytes memory fresh = new bytes(192);
        for (uint256 i = 0; i < fresh.length; ++i) {
            vm.assertTrue(fresh[i] == 0);
        }
        vm.assertEq(keccak256(abi.encode(before, behind)), hashes);
    }

    function testFuzz_hash_isTheSameFromStructAndFields(Voucher memory v) public pure {
        bytes32 typehash = keccak256("Voucher(address payer,address provider,uint96 cumulative,uint64 epoch)");
        bytes32 expected = keccak256(abi.encode(typehash, v.payer, v.provider, v.cumulative, v.epoch));
        vm.assertEq(VoucherLib.hash(v), expected);
        vm.assertEq(VoucherLib.hash(v.payer, v.provider, v.cumulative, v.epoch), expected);
    }
}
