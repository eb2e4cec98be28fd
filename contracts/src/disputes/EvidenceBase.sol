// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEvidenceErrors} from "../interfaces/IEvidenceErrors.sol";
import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title Who signed what on the mesh
/// @notice What all contracts that judge evidence share: the registry, its EIP-712 domain, and the keys behind signatures.
abstract contract EvidenceBase is IEvidenceErrors {
    IProviderRegistry internal immutable _registry;
    uint256 private immutable _chainId;
    bytes32 private immutable _domainSeparator;
    /// @dev seconds; never changes
    uint256 internal immutable _epoch;

    constructor(IProviderRegistry registry_) {
        _registry = registry_;
        _chainId = block.chainid;
        _domainSeparator = registry_.domainSeparator();
        _epoch = registry_.durations().epoch;
    }

    /// @notice The registry whose stakes are at issue here.
    function registry() external view returns (address) {
        return address(_registry);
    }

    /// @notice Reverts unless an operator of `provider` signed the digest, one that still answers for it.
    function _requireSigned(address provider, bytes32 digest, bytes calldata signature) internal view {
        _requireOperator(provider, _signerOf(digest, signature));
    }

    /// @notice Reverts unless `signer` is an operator of `provider`, one that still answers for it.
    function _requireOperator(address provider, address signer) internal view {
        if (!_registry.wasOperator(provider, signer)) revert NotSignedBy(provider, signer);
    }

    /// @notice The EIP-712 digest of a struct hash.
    function _digest(bytes32 structHash) internal view returns (bytes32) {
        // after a fork of the chain the registry answers for the new chain id
        bytes32 separator = block.chainid == _chainId ? _domainSeparator : _registry.domainSeparator();
        return MessageHashUtils.toTypedDataHash(separator, structHash);
    }

    /// @dev 65 bytes (r, s, v) or 64 (EIP-2098); zero for whatever is no signature, malleable ones included
    function _signerOf(bytes32 digest, bytes calldata signature) internal pure returns (address signer) {
        if (signature.length == 64) {
            (bytes32 r, bytes32 vs) = abi.decode(signature, (bytes32, bytes32));
            (signer,,) = ECDSA.tryRecover(digest, r, vs);
        } else {
            (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        }
    }
}
