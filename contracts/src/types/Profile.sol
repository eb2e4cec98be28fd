// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Who a provider is, and when its eligible stake last changed. The first four fields share a slot.
struct Profile {
    /// @notice The key that signs for it.
    address operator;
    /// @notice When it registered, unix seconds; zero when it never did.
    uint32 since;
    /// @notice Since when its eligible stake is what it is now, unix seconds.
    uint32 changedAt;
    /// @notice How many earlier values of its eligible stake are kept.
    uint32 changes;
    /// @notice Its Ed25519 public key on the mesh.
    bytes32 peerKey;
}
