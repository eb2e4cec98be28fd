// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {ClassBook, Classes} from "../libraries/Classes.sol";
import {OperatorBook, Operators} from "../libraries/Operators.sol";
import {RegistryLogic} from "../libraries/RegistryLogic.sol";
import {RegistryBase} from "./RegistryBase.sol";

/// @title Who signs for a provider, and which models it serves
/// @notice See IProviderRegistry.
abstract contract Identities is RegistryBase {
    using Classes for ClassBook;
    using Operators for OperatorBook;

    /// @inheritdoc IProviderRegistry
    function startOperatorRotation(address operator) external onlyProvider {
        RegistryLogic.startRotation(_operators, msg.sender, operator, _escrowThaw);
    }

    /// @inheritdoc IProviderRegistry
    function cancelOperatorRotation() external {
        RegistryLogic.cancelRotation(_operators, msg.sender);
    }

    /// @inheritdoc IProviderRegistry
    function finishOperatorRotation() external {
        RegistryLogic.finishRotation(_operators, _book.profiles[msg.sender], msg.sender);
    }

    /// @inheritdoc IProviderRegistry
    function setClasses(bytes32[] calldata classes) external {
        RegistryLogic.setClasses(_classes, _callingProvider(), classes);
    }

    /// @inheritdoc IProviderRegistry
    function operatorOf(address provider) external view returns (address) {
        return _book.profiles[provider].operator;
    }

    /// @inheritdoc IProviderRegistry
    function providerOf(address operator) external view returns (address) {
        return _operators.ownerOf(operator);
    }

    /// @inheritdoc IProviderRegistry
    function wasOperator(address provider, address operator) external view returns (bool) {
        return _operators.answersFor(provider, operator, _windows.faultWindow);
    }

    /// @inheritdoc IProviderRegistry
    function nextOperatorOf(address provider) external view returns (address operator, uint64 readyAt) {
        return (_operators.rotations[provider].operator, _operators.rotations[provider].readyAt);
    }

    /// @inheritdoc IProviderRegistry
    function classesOf(address provider) external view returns (bytes32[] memory) {
        return _classes.lists[provider];
    }

    /// @inheritdoc IProviderRegistry
    function servesClass(address provider, bytes32 class) external view returns (bool) {
        return _classes.served(provider, class, block.timestamp);
    }

    /// @inheritdoc IProviderRegistry
    function servedClassAt(address provider, bytes32 class, uint256 when) external view returns (bool) {
        return _classes.served(provider, class, _past(when));
    }
}
