// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IElection} from "../interfaces/IElection.sol";
import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {Windows} from "../types/Durations.sol";
import {Profile} from "../types/Profile.sol";
import {ClassBook, Classes} from "./Classes.sol";
import {DurationsLib} from "./DurationsLib.sol";
import {Track} from "./History.sol";
import {OnionBook, Onions} from "./Onions.sol";
import {OperatorBook, Operators} from "./Operators.sol";
import {Pages} from "./Pages.sol";
import {SeatScore} from "./SeatScore.sol";
import {StakeBook} from "./Stakes.sol";

/// @title What the registry does rarely
/// @notice Deployed apart and linked, so that the registry stays small. It has no storage and no money of its own, the
/// registry's link to it can never change, and what it emits comes from the registry.
library RegistryLogic {
    using Classes for ClassBook;
    using Onions for OnionBook;
    using Operators for OperatorBook;

    /// @notice See `IProviderRegistry.startOperatorRotation`.
    function startRotation(OperatorBook storage book, address owner, address operator, uint64 delay) external {
        emit IProviderRegistry.OperatorRotationStarted(owner, operator, book.start(owner, operator, delay));
    }

    /// @notice See `IProviderRegistry.cancelOperatorRotation`.
    function cancelRotation(OperatorBook storage book, address owner) external {
        emit IProviderRegistry.OperatorRotationCancelled(owner, book.cancel(owner));
    }

    /// @notice See `IProviderRegistry.finishOperatorRotation`.
    function finishRotation(OperatorBook storage book, Profile storage profile, address owner) external {
        address previous = profile.operator;
        address operator = book.finish(owner, previous);
        profile.operator = operator;
        emit IProviderRegistry.OperatorRotated(owner, operator, previous);
    }

    /// @notice See `IProviderRegistry.setClasses`.
    function setClasses(ClassBook storage book, address owner, bytes32[] calldata classes) external {
        book.set(owner, classes);
        emit IProviderRegistry.ClassesSet(owner, classes);
    }

    /// @notice See `IProviderRegistry.setWindows`.
    /// @return former the unbonding until now, seconds
    function setWindows(Windows storage windows, Windows calldata next) external returns (uint64 former) {
        former = windows.unbonding;
        DurationsLib.checkWindows(next, former);
        (windows.unbonding, windows.faultWindow) = (next.unbonding, next.faultWindow);
        (windows.dispute, windows.reserve) = (next.dispute, next.reserve);
        emit IProviderRegistry.WindowsSet(next.unbonding, next.faultWindow, next.dispute, next.reserve);
    }

    /// @notice See `IElection.commitOnion`.
    function commitOnion(OnionBook storage book, address owner, bytes32 tip, uint64 epoch) external {
        book.commit(owner, tip, epoch);
        emit IElection.OnionCommitted(owner, tip, epoch + 1);
    }

    /// @notice See `IElection.reveal`.
    function reveal(OnionBook storage book, address owner, bytes32 preimage, uint64 epoch) external {
        emit IElection.OnionRevealed(owner, epoch, preimage, book.reveal(owner, preimage, epoch));
    }

    /// @notice See `Onions.seedOf`.
    function seedOf(OnionBook storage book, uint64 epoch) external view returns (bytes32) {
        return book.seedOf(epoch);
    }

    /// @notice See `Pages.weighed`.
    function weighed(
        StakeBook storage book,
        Track storage minStake,
        uint256 cursor,
        uint256 limit,
        uint256 when
    )
        external
        view
        returns (address[] memory owners, uint96[] memory weights, uint256 next)
    {
        return Pages.weighed(book, minStake, cursor, limit, when);
    }

    /// @notice See `SeatScore.score`.
    function score(
        bytes32 seed,
        uint8 shard,
        uint32 turn,
        address owner,
        uint96 weight
    )
        external
        pure
        returns (uint256)
    {
        return SeatScore.score(seed, shard, turn, owner, weight);
    }
}
