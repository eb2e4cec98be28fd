// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";

/// @notice When a provider served a class, unix seconds. One slot.
struct ClassSpan {
    /// @notice From when; zero when it never did.
    uint64 since;
    /// @notice Until when; zero while it does.
    uint64 until;
}

/// @notice Which provider serves which model classes.
struct ClassBook {
    mapping(address owner => bytes32[]) lists;
    mapping(address owner => mapping(bytes32 class => ClassSpan)) spans;
}

/// @title The model classes that providers answer for
/// @notice A draw asks who served a class at a time that lies behind it, so joining late gains nothing, and leaving
/// takes nothing back.
library Classes {
    /// @notice The most classes of one provider.
    uint256 internal constant MAX = 16;

    /// @notice Replaces the classes of `owner`; those that stay keep their time.
    function set(ClassBook storage self, address owner, bytes32[] calldata classes) internal {
        if (classes.length > MAX) revert IProviderRegistry.TooManyClasses(classes.length, MAX);
        uint64 time = uint64(block.timestamp);
        mapping(bytes32 class => ClassSpan) storage spans = self.spans[owner];
        bytes32[] memory former = self.lists[owner];
        for (uint256 i = 0; i < former.length; ++i) {
            spans[former[i]].until = time;
        }
        for (uint256 i = 0; i < classes.length; ++i) {
            bytes32 class = classes[i];
            for (uint256 j = 0; j < i; ++j) {
                if (classes[j] == class) revert IProviderRegistry.DuplicateClass(class);
            }
            // only a class of the former list ends now; one that ended earlier in this second starts anew all the same
            ClassSpan storage span = spans[class];
            if (!contains(former, class)) span.since = time;
            span.until = 0;
        }
        self.lists[owner] = classes;
    }

    /// @notice Whether `owner` served `class` at `when`.
    function served(ClassBook storage self, address owner, bytes32 class, uint256 when) internal view returns (bool) {
        ClassSpan storage span = self.spans[owner][class];
        return span.since != 0 && span.since <= when && (span.until == 0 || when < span.until);
    }

    function contains(bytes32[] memory list, bytes32 class) private pure returns (bool) {
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == class) return true;
        }
        return false;
    }
}
