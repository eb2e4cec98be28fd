// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {IThawErrors} from "../interfaces/IThawErrors.sol";

/// @notice For whom a key signs, and when. One slot.
struct OperatorKey {
    /// @notice The one provider that ever used this key; zero for a free key.
    address owner;
    /// @notice From when it signed, unix seconds; zero while it waits to take over.
    uint48 since;
    /// @notice From when on it no longer signs, unix seconds; zero while it does.
    uint48 until;
}

/// @notice A key that will take over.
struct Rotation {
    /// @notice The next operator; zero when none is on its way.
    address operator;
    /// @notice From when it may take over, unix seconds.
    uint64 readyAt;
}

/// @notice All operator keys there ever were.
struct OperatorBook {
    mapping(address operator => OperatorKey) keys;
    mapping(address owner => Rotation) rotations;
}

/// @title Who signs for whom
/// @notice A key belongs to one provider for ever, so a signature is never somebody else's. A key that was replaced
/// stays answerable for one fault window, in which what it signed can still be brought, and then for nothing: else a
/// stolen old key could have its owner punished for ever.
library Operators {
    /// @notice Makes `operator` the first key of `owner`.
    function claim(OperatorBook storage self, address owner, address operator) internal {
        reserve(self, owner, operator);
        self.keys[operator].since = uint48(block.timestamp);
    }

    /// @notice Announces that `operator` takes over after `delay` seconds; replaces an announced one.
    /// @return readyAt from when on, unix seconds
    function start(
        OperatorBook storage self,
        address owner,
        address operator,
        uint64 delay
    )
        internal
        returns (uint64 readyAt)
    {
        address announced = self.rotations[owner].operator;
        if (announced != address(0)) delete self.keys[announced];
        reserve(self, owner, operator);
        readyAt = uint64(block.timestamp) + delay;
        self.rotations[owner] = Rotation(operator, readyAt);
    }

    /// @notice Frees the announced key.
    function cancel(OperatorBook storage self, address owner) internal returns (address operator) {
        operator = announcedBy(self, owner);
        delete self.keys[operator];
        delete self.rotations[owner];
    }

    /// @notice Puts the announced key in the place of `previous`, once its time has come.
    function finish(OperatorBook storage self, address owner, address previous) internal returns (address operator) {
        operator = announcedBy(self, owner);
        uint64 readyAt = self.rotations[owner].readyAt;
        if (block.timestamp < readyAt) revert IThawErrors.StillThawing(readyAt);
        delete self.rotations[owner];
        self.keys[previous].until = uint48(block.timestamp);
        self.keys[operator].since = uint48(block.timestamp);
    }

    /// @notice For whom `operator` signs now; zero for nobody.
    function ownerOf(OperatorBook storage self, address operator) internal view returns (address) {
        OperatorKey storage key = self.keys[operator];
        return key.since == 0 || key.until != 0 ? address(0) : key.owner;
    }

    /// @notice Whether what `operator` signed still counts against `owner`, `window` seconds after it was replaced.
    function answersFor(
        OperatorBook storage self,
        address owner,
        address operator,
        uint64 window
    )
        internal
        view
        returns (bool)
    {
        OperatorKey storage key = self.keys[operator];
        if (key.owner != owner || key.since == 0) return false;
        return key.until == 0 || block.timestamp <= uint256(key.until) + window;
    }

    function reserve(OperatorBook storage self, address owner, address operator) private {
        if (operator == address(0)) revert IThawErrors.ZeroAddress();
        address taken = self.keys[operator].owner;
        if (taken != address(0)) revert IProviderRegistry.OperatorTaken(operator, taken);
        self.keys[operator].owner = owner;
    }

    function announcedBy(OperatorBook storage self, address owner) private view returns (address operator) {
        operator = self.rotations[owner].operator;
        if (operator == address(0)) revert IProviderRegistry.NoRotation(owner);
    }
}
