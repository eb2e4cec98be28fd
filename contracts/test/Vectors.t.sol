// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {OrderLib} from "../src/libraries/OrderLib.sol";
import {Signatures} from "../src/libraries/Signatures.sol";
import {VoucherLib} from "../src/libraries/VoucherLib.sol";
import {Allotment} from "../src/types/Signed.sol";
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

    /// @return the digest of the one voucher of a batch
    function digestOf(address provider, bool service, bytes calldata packed) external view returns (bytes32) {
        VoucherLib.Form memory form = VoucherLib.formOf(provider, service, separator);
        VoucherLib.read(form, packed, 0);
        return form.digest;
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

    function test_voucherCases_digestAsTheContractDigests() public view {
        vm.assertTrue(checkVouchers("Voucher", false) != 0, "no Voucher case");
    }

    function test_serviceVoucherCases_digestAsTheContractDigests() public view {
        vm.assertTrue(checkVouchers("ServiceVoucher", true) != 0, "no ServiceVoucher case");
    }

    function test_allotmentCases_hashAsTheContractHashes() public view {
        uint256 seen = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, key(i, "")); ++i) {
            if (!isType(i, "Allotment")) continue;
            bytes32 hash = keccak256(abi.encode(OrderLib.ALLOTMENT_TYPEHASH, readAllotment(i)));
            vm.assertEq(hash, vm.parseJsonBytes32(json, key(i, ".structHash")));
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

    /// @return seen how many cases of the type with epoch 0 there are
    function checkVouchers(string memory name, bool service) private view returns (uint256 seen) {
        for (uint256 i = 0; vm.keyExistsJson(json, key(i, "")); ++i) {
            if (!isType(i, name)) continue;
            if (!service && vm.parseJsonUint(json, key(i, ".message.epoch")) != 0) continue;
            address provider = vm.parseJsonAddress(json, key(i, ".message.provider"));
            bytes memory packed = abi.encodePacked(
                vm.parseJsonAddress(json, key(i, ".message.payer")),
                uint96(vm.parseJsonUint(json, key(i, ".message.cumulative"))),
                new bytes(64)
            );
            vm.assertEq(this.digestOf(provider, service, packed), vm.parseJsonBytes32(json, key(i, ".digest")));
            ++seen;
        }
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
