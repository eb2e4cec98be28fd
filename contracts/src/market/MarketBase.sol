// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Durations} from "../types/Durations.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

/// @title What all parts of the market share: its parameters, its domain and the nonces of signed orders
/// @notice See IJobMarket.
abstract contract MarketBase is IJobMarket, ReentrancyGuardTransient {
    using BitMaps for BitMaps.BitMap;
    using Signatures for address;

    IERC20 internal immutable _token;
    IProviderRegistry internal immutable _registry;
    uint256 private immutable _chainId;
    bytes32 private immutable _domainSeparator;
    /// @inheritdoc IJobMarket
    address public immutable disputes;
    /// @inheritdoc IJobMarket
    uint64 public immutable escrowThaw;
    /// @inheritdoc IJobMarket
    uint64 public immutable earnedThaw;
    /// @inheritdoc IJobMarket
    uint64 public immutable redeemPeriod;

    mapping(address signer => BitMaps.BitMap) private _nonces;

    /// @notice Takes token and durations from the registry.
    constructor(IProviderRegistry registry_) {
        if (registry_.market() != address(this)) revert WrongMarket(registry_.market());
        Durations memory durations = registry_.durations();
        _registry = registry_;
        _token = IERC20(registry_.token());
        _chainId = block.chainid;
        _domainSeparator = registry_.domainSeparator();
        escrowThaw = durations.escrowThaw;
        earnedThaw = durations.earnedThaw;
        redeemPeriod = durations.redeemPeriod;
        disputes = registry_.disputes();
    }

    /// @inheritdoc IJobMarket
    function isNonceUsed(address signer, uint64 nonce) public view returns (bool) {
        return _nonces[signer].get(nonce);
    }

    /// @inheritdoc IJobMarket
    function token() external view returns (address) {
        return address(_token);
    }

    /// @inheritdoc IJobMarket
    function registry() external view returns (address) {
        return address(_registry);
    }

    /// @inheritdoc IJobMarket
    function domainSeparator() public view returns (bytes32) {
        // after a fork of the chain the registry answers for the new chain id
        return block.chainid == _chainId ? _domainSeparator : _registry.domainSeparator();
    }

    function _useNonce(address signer, uint64 nonce) internal {
        if (_nonces[signer].get(nonce)) revert NonceUsed(signer, nonce);
        _nonces[signer].set(nonce);
    }

    /// @notice Reverts unless `payer` itself signed the order, it is in time, and its nonce is fresh; uses the nonce.
    function _useOrder(
        address payer,
        uint64 nonce,
        uint64 deadline,
        bytes32 structHash,
        bytes calldata signature
    )
        internal
    {
        if (block.timestamp > deadline) revert JOB_EXPIRED(deadline);
        if (!payer.isBy(_digest(structHash), signature)) revert InvalidSignature();
        _useNonce(payer, nonce);
    }

    /// @notice Whether the provider (its owner) or its operator made the signature.
    function _isByProvider(address provider, bytes32 structHash, bytes calldata signature)
        internal
        view
        returns (bool)
    {
        bytes32 digest = _digest(structHash);
        return _operatorOf(provider).isBy(digest, signature) || provider.isBy(digest, signature);
    }

    function _operatorOf(address provider) internal view returns (address) {
        return _registry.operatorOf(provider);
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domainSeparator(), structHash);
    }
}
