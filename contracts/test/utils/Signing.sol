// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deposit, RedeemPermit} from "../../src/types/Signed.sol";
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

    function serviceVoucherDigest(
        bytes32 separator,
        address payer,
        address provider,
        uint96 cumulative
    )
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256("ServiceVoucher(address payer,address provider,uint96 cumulative)");
        return digest(separator, keccak256(abi.encode(typehash, payer, provider, cumulative)));
    }

    function unallotmentDigest(
        bytes32 separator,
        address payer,
        address provider,
        uint64 nonce,
        uint64 deadline
    )
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256("Unallotment(address payer,address provider,uint64 nonce,uint64 deadline)");
        return digest(separator, keccak256(abi.encode(typehash, payer, provider, nonce, deadline)));
    }

    function depositDigest(bytes32 separator, Deposit memory d) internal pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "Deposit(address payer,uint96 amount,address provider,uint96 allotted,uint64 nonce,uint64 deadline)"
        );
        return digest(
            separator, keccak256(abi.encode(typehash, d.payer, d.amount, d.provider, d.allotted, d.nonce, d.deadline))
        );
    }

    function grantDigest(
        bytes32 separator,
        address account,
        address session,
        uint96 cap,
        uint64 expiry
    )
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash = keccak256("SessionGrant(address account,address session,uint96 cap,uint64 expiry)");
        return digest(separator, keccak256(abi.encode(typehash, account, session, cap, expiry)));
    }

    function redeemPermitDigest(bytes32 separator, RedeemPermit memory p) internal pure returns (bytes32) {
        bytes32 typehash =
            keccak256("RedeemPermit(address provider,address relayer,uint16 feeBps,uint64 nonce,uint64 deadline)");
        return digest(separator, keccak256(abi.encode(typehash, p.provider, p.relayer, p.feeBps, p.nonce, p.deadline)));
    }

    function tokenPermitDigest(
        bytes32 tokenSeparator,
        address owner,
        address spender,
        uint256 value,
        uint256 nonce,
        uint256 deadline
    )
        internal
        pure
        returns (bytes32)
    {
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        return digest(tokenSeparator, keccak256(abi.encode(typehash, owner, spender, value, nonce, deadline)));
    }

    function digest(bytes32 separator, bytes32 structHash) internal pure returns (bytes32) {
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
