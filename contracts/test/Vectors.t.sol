// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AllotmentLib} from "../src/libraries/AllotmentLib.sol";
import {Signatures} from "../src/libraries/Signatures.sol";
import {VoucherLib} from "../src/libraries/VoucherLib.sol";
import {Allotment, Voucher} from "../src/types/Signed.sol";
import {vm} from "./utils/Vm.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @notice The golden EIP-712 vectors that the TypeScript side reads too: both must sign the same bytes.
contract VectorsTest {
    string private constant FILE = "proto/vectors/eip712.json";

    string private json;
    bytes32 private separator;

    function setUp() public {
        json = vm.readFile(FILE);
        separator = vm.parseJsonBytes32(json, ".domainSeparator");
    }

    function isBy(address signer, bytes32 digest, bytes calldata signature) external pure returns (bool) {
        return Signatures.isBy(signer, digest, signature);
    }

    function test_domainSeparator_followsFromTheDomain() public view {
        vm.assertEq(vm.parseJsonString(json, ".domain.name"), "DuckMesh");
        vm.assertEq(vm.parseJsonString(json, ".domain.version"), "1");
        bytes32 typehash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 expected = keccak256(
            abi.encode(
                typehash,
                keccak256("DuckMesh"),
                keccak256("1"),
                vm.parseJsonUint(json, ".domain.chainId"),
                vm.parseJsonAddress(json, ".domain.verifyingContract")
            )
        );
        vm.assertEq(separator, expected);
    }

    function test_everyCase_hasTheDigestAndSignerItClaims() public view {
        uint256 count = 0;
        for (; vm.keyExistsJson(json, key(count, "")); ++count) {
            checkCase(count);
        }
        vm.assertTrue(count != 0, "no cases");
    }

    function test_voucherCases_hashAsTheContractHashes() public view {
        uint256 seen = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, key(i, "")); ++i) {
            if (!isType(i, "Voucher")) continue;
            vm.assertEq(VoucherLib.hash(readVoucher(i)), vm.parseJsonBytes32(json, key(i, ".structHash")));
            ++seen;
        }
        vm.assertTrue(seen != 0, "no Voucher case");
    }

    function test_allotmentCases_hashAsTheContractHashes() public view {
        uint256 seen = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, key(i, "")); ++i) {
            if (!isType(i, "Allotment")) continue;
            vm.assertEq(AllotmentLib.hash(readAllotment(i)), vm.parseJsonBytes32(json, key(i, ".structHash")));
            ++seen;
        }
        vm.assertTrue(seen != 0, "no Allotment case");
    }

    function checkCase(uint256 i) private view {
        bytes32 structHash = vm.parseJsonBytes32(json, key(i, ".structHash"));
        bytes32 digest = vm.parseJsonBytes32(json, key(i, ".digest"));
        vm.assertEq(MessageHashUtils.toTypedDataHash(separator, structHash), digest);
        uint256 privateKey = uint256(vm.parseJsonBytes32(json, key(i, ".privateKey")));
        vm.assertEq(vm.addr(privateKey), signerOf(i));
        vm.assertTrue(this.isBy(signerOf(i), digest, vm.parseJsonBytes(json, key(i, ".signature"))));
    }

    function readVoucher(uint256 i) private view returns (Voucher memory) {
        return Voucher({
            payer: vm.parseJsonAddress(json, key(i, ".message.payer")),
            provider: vm.parseJsonAddress(json, key(i, ".message.provider")),
            cumulative: uint96(vm.parseJsonUint(json, key(i, ".message.cumulative"))),
            epoch: uint64(vm.parseJsonUint(json, key(i, ".message.epoch")))
        });
    }

    function readAllotment(uint256 i) private view returns (Allotment memory) {
        return Allotment({
            payer: vm.parseJsonAddress(json, key(i, ".message.payer")),
            provider: vm.parseJsonAddress(json, key(i, ".message.provider")),
            amount: uint96(vm.parseJsonUint(json, key(i, ".message.amount"))),
            nonce: uint64(vm.parseJsonUint(json, key(i, ".message.nonce"))),
            deadline: uint64(vm.parseJsonUint(json, key(i, ".message.deadline")))
        });
    }

    function signerOf(uint256 i) private view returns (address) {
        return vm.parseJsonAddress(json, key(i, ".signer"));
    }

    function isType(uint256 i, string memory name) private view returns (bool) {
        return keccak256(bytes(vm.parseJsonString(json, key(i, ".type")))) == keccak256(bytes(name));
    }

    function key(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(".cases[", vm.toString(i), "]", field);
    }
}
