// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "./Vm.sol";

/// @notice Signs as clients do, written apart from the contracts under test.
library Signing {
    uint256 internal constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function voucherDigest(
        bytes32 separator,
        address payer,
        address provider,
        uint96 cumulative,
        uint64 epoch
    )
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256("Voucher(address payer,address provider,uint96 cumulative,uint64 epoch)");
        bytes32 structHash = keccak256(abi.encode(typehash, payer, provider, cumulative, epoch));
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function allotmentDigest(
        bytes32 separator,
        address payer,
        address provider,
        uint96 amount,
        uint64 nonce,
        uint64 deadline
    )
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash =
            keccak256("Allotment(address payer,address provider,uint96 amount,uint64 nonce,uint64 deadline)");
        bytes32 structHash = keccak256(abi.encode(typehash, payer, provider, amount, nonce, deadline));
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    /// @return (r, s, v), 65 bytes
    function long(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @return (r, vs), 64 bytes as in EIP-2098
    function short(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, uint256(s) | (uint256(v - 27) << 255));
    }

    /// @return the other signature that ecrecover maps to the same key: (r, n - s, flipped v)
    function malleated(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, CURVE_ORDER - uint256(s), v == 27 ? uint8(28) : uint8(27));
    }
}
