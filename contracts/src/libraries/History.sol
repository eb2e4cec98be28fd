// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice An amount and what it was before. The first three fields share a slot.
struct Track {
    /// @notice The amount now, wei.
    uint96 value;
    /// @notice Since when, unix seconds.
    uint32 since;
    /// @notice How many earlier amounts are kept.
    uint32 changes;
    /// @notice The earlier amounts, as `History` packs them.
    uint128[4294967296] past;
}

/// @title What an amount was at any time in the past
/// @notice The present amount is kept elsewhere; an earlier one is written when it ends, together with the time from
/// which it held. Two of them share a slot, the array has no length to update, and a first amount writes nothing. Within
/// one second only the last amount counts, so no amount of no duration can be looked up. Times are 32 bits: until 2106.
library History {
    using SafeCast for uint256;

    /// @notice The time of this block in 32 bits.
    function time() internal view returns (uint32) {
        return block.timestamp.toUint32();
    }

    /// @notice Keeps as number `changes` that the amount was `value` from `since` until now.
    function keep(uint128[4294967296] storage past, uint32 changes, uint32 since, uint96 value) internal {
        past[changes] = (uint128(since) << 96) | value;
    }

    /// @notice What the amount was at `when`, a time before the last change; zero before the first amount.
    function lookup(uint128[4294967296] storage past, uint32 changes, uint256 when) internal view returns (uint96) {
        // almost every question is about the last change
        uint256 high = changes;
        uint256 low = high != 0 && sinceOf(past[high - 1]) <= when ? high : 0;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (sinceOf(past[middle]) > when) high = middle;
            else low = middle + 1;
        }
        // the lower 96 bits
        // forge-lint: disable-next-line(unsafe-typecast)
        return high == 0 ? 0 : uint96(past[high - 1]);
    }

    /// @notice Makes `value` the amount from now on.
    function set(Track storage self, uint96 value) internal {
        uint32 present = time();
        uint32 since = self.since;
        if (since != 0 && since != present) {
            keep(self.past, self.changes, since, self.value);
            ++self.changes;
        }
        self.since = present;
        self.value = value;
    }

    /// @notice What the amount was at `when`, which must not lie ahead.
    function valueAt(Track storage self, uint256 when) internal view returns (uint96) {
        return when >= self.since ? self.value : lookup(self.past, self.changes, when);
    }

    function sinceOf(uint128 packed) private pure returns (uint256) {
        return packed >> 96;
    }
}
