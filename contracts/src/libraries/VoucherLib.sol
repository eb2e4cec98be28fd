// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Vouchers as signed (EIP-712) and as packed into batches
/// @notice One voucher covers any number of jobs of a channel.
/// @dev A batch calls `read` once per voucher; written in assembly, over memory that is laid out once per batch, it
/// saves 500 of 11,500 gas each time. `VoucherLib.t.sol` compares it with plain Solidity.
library VoucherLib {
    bytes32 internal constant TYPEHASH =
        keccak256("Voucher(address payer,address provider,uint96 cumulative,uint64 epoch)");
    bytes32 internal constant SERVICE_TYPEHASH =
        keccak256("ServiceVoucher(address payer,address provider,uint96 cumulative)");

    /// @notice Bytes of one voucher in a batch: payer 20 | cumulative 12 | signature 64 (EIP-2098).
    uint256 internal constant PACKED_SIZE = 96;

    /// @dev Half of the order of the curve: see Signatures.
    uint256 private constant HIGHEST_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    /// @notice Where a batch puts a voucher together: first the words that are hashed into the struct hash, then those
    /// of the digest, then those that the precompile takes.
    struct Form {
        bytes32 typehash;
        address payer;
        address provider;
        uint96 cumulative;
        uint64 epoch;
        /// @dev hex"1901" in its last two bytes, so that it touches the separator
        uint256 prefix;
        bytes32 separator;
        bytes32 structHash;
        bytes32 digest;
        uint256 v;
        bytes32 r;
        uint256 s;
        /// @dev how many bytes from the first word on are hashed into the struct hash
        uint256 size;
    }

    /// @notice The form for vouchers of `provider`: of its channels with epoch 0, or of service allotments.
    function formOf(address provider, bool service, bytes32 separator) internal pure returns (Form memory form) {
        (form.typehash, form.size) = service ? (SERVICE_TYPEHASH, 0x80) : (TYPEHASH, 0xa0);
        (form.provider, form.prefix, form.separator) = (provider, 0x1901, separator);
    }

    /// @notice The voucher that begins `offset` bytes into a batch, and whether its payer signed it: as
    /// `Signatures.isBy` says of the digest. The caller has made sure that the entry ends within `packed`.
    function read(
        Form memory form,
        bytes calldata packed,
        uint256 offset
    )
        internal
        view
        returns (address payer, uint96 cumulative, bool signed)
    {
        uint256 highest = HIGHEST_S;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let entry := add(packed.offset, offset)
            payer := shr(96, calldataload(entry))
            cumulative := shr(160, shl(160, calldataload(entry)))
            mstore(add(form, 0x20), payer)
            mstore(add(form, 0x60), cumulative)
            mstore(add(form, 0xe0), keccak256(form, mload(add(form, 0x180))))
            // 2 + 32 + 32 bytes: prefix, separator, struct hash
            mstore(add(form, 0x100), keccak256(add(form, 0xbe), 0x42))
            // the top bit of the last word is the parity of v, the rest is s
            let vs := calldataload(add(entry, 0x40))
            mstore(add(form, 0x120), add(27, shr(255, vs)))
            mstore(add(form, 0x140), calldataload(add(entry, 0x20)))
            vs := shr(1, shl(1, vs))
            mstore(add(form, 0x160), vs)
            // the precompile answers nothing for what is no signature: then the zero stays
            mstore(0, 0)
            signed := staticcall(gas(), 1, add(form, 0x100), 0x80, 0, 0x20)
            signed := and(signed, iszero(gt(vs, highest)))
            signed := and(signed, and(eq(mload(0), payer), iszero(iszero(payer))))
        }
    }
}
