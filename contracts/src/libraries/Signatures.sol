// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Plain secp256k1 signatures
/// @notice Recovers a key and nothing else: no ERC-1271 call and no look at code, because a payer could change either
/// after it was served (an EIP-7702 delegation is enough) and void its vouchers. Refuses the malleable upper half of
/// s, any v but 27 and 28, and keys that recover to zero.
library Signatures {
    /// @dev Half of the order of the curve. For each s above it there is a second signature of the same message below.
    uint256 private constant HIGHEST_S = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    uint256 private constant LOW_255_BITS = type(uint256).max >> 1;

    /// @notice Whether `signer` made the 64-byte (EIP-2098) signature (r, vs) over `digest`.
    function isBy(address signer, bytes32 digest, bytes32 r, bytes32 vs) internal pure returns (bool) {
        // the top bit of vs is the parity of v, the rest is s
        uint8 v = uint256(vs) > LOW_255_BITS ? 28 : 27;
        return isBy(signer, digest, v, r, bytes32(uint256(vs) & LOW_255_BITS));
    }

    /// @notice Whether `signer` made `signature` over `digest`: 65 bytes (r, s, v) or 64 bytes (EIP-2098).
    function isBy(address signer, bytes32 digest, bytes calldata signature) internal pure returns (bool) {
        if (signature.length != 64 && signature.length != 65) return false;
        (bytes32 r, bytes32 s) = abi.decode(signature, (bytes32, bytes32));
        if (signature.length == 64) return isBy(signer, digest, r, s);
        return isBy(signer, digest, uint8(signature[64]), r, s);
    }

    function isBy(address signer, bytes32 digest, uint8 v, bytes32 r, bytes32 s) private pure returns (bool) {
        if (uint256(s) > HIGHEST_S) return false;
        // the precompile answers zero for whatever is no signature, v included
        address recovered = ecrecover(digest, v, r, s);
        return recovered == signer && recovered != address(0);
    }
}
