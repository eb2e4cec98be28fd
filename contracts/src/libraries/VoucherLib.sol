// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Voucher} from "../types/Signed.sol";

/// @title Vouchers as signed (EIP-712) and as packed into batches
/// @notice One voucher covers any number of jobs of a channel.
/// @dev A batch calls `entryOf` and `hash` once per voucher; written in assembly they save 900 of 12,000 gas each
/// time. `VoucherLib.t.sol` compares both with plain Solidity, dirty bits included.
library VoucherLib {
    bytes32 internal constant TYPEHASH =
        keccak256("Voucher(address payer,address provider,uint96 cumulative,uint64 epoch)");

    /// @notice Bytes of one voucher in a batch: payer 20 | cumulative 12 | signature 64 (EIP-2098).
    uint256 internal constant PACKED_SIZE = 96;

    /// @notice The EIP-712 struct hash.
    function hash(Voucher memory voucher) internal pure returns (bytes32) {
        return hash(voucher.payer, voucher.provider, voucher.cumulative, voucher.epoch);
    }

    /// @notice The EIP-712 struct hash, from the fields.
    function hash(
        address payer,
        address provider,
        uint96 cumulative,
        uint64 epoch
    )
        internal
        pure
        returns (bytes32 structHash)
    {
        bytes32 typehash = TYPEHASH;
        // abi.encode without taking the memory for good; the shifts cut off bits above the types
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, typehash)
            mstore(add(start, 0x20), shr(96, shl(96, payer)))
            mstore(add(start, 0x40), shr(96, shl(96, provider)))
            mstore(add(start, 0x60), shr(160, shl(160, cumulative)))
            mstore(add(start, 0x80), shr(192, shl(192, epoch)))
            structHash := keccak256(start, 0xa0)
        }
    }

    /// @notice The voucher at `index` of a batch. The caller has made sure that `packed` is that long.
    function entryOf(
        bytes calldata packed,
        uint256 index
    )
        internal
        pure
        returns (address payer, uint96 cumulative, bytes32 r, bytes32 vs)
    {
        bytes32 head;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let entry := add(packed.offset, mul(index, PACKED_SIZE))
            head := calldataload(entry)
            r := calldataload(add(entry, 0x20))
            vs := calldataload(add(entry, 0x40))
        }
        // the first 20 and the last 12 of 32 bytes
        // forge-lint: disable-next-line(unsafe-typecast)
        payer = address(bytes20(head));
        // forge-lint: disable-next-line(unsafe-typecast)
        cumulative = uint96(uint256(head));
    }
}
