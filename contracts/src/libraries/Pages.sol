// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {History, Track} from "./History.sol";
import {StakeBook, Stakes} from "./Stakes.sol";

/// @title Providers, page by page
/// @notice A page looks at a bounded number of registrations, however many there are.
library Pages {
    using History for Track;
    using Stakes for StakeBook;

    /// @notice The most registrations a page looks at.
    uint256 internal constant MAX = 100;

    /// @notice Who among registrations `cursor` to `cursor + limit` weighs anything at `when`, which must not lie ahead.
    /// @return owners in order of registration
    /// @return weights of these owners, wei
    /// @return next the cursor to go on with, or zero at the end
    function weighed(
        StakeBook storage book,
        Track storage minStake,
        uint256 cursor,
        uint256 limit,
        uint256 when
    )
        internal
        view
        returns (address[] memory owners, uint96[] memory weights, uint256 next)
    {
        uint256 end;
        (end, next) = bounds(book.owners.length, cursor, limit);
        (owners, weights) = between(book, cursor, end, when, minStake.valueAt(when));
    }

    function between(
        StakeBook storage book,
        uint256 start,
        uint256 end,
        uint256 when,
        uint96 least
    )
        private
        view
        returns (address[] memory owners, uint96[] memory weights)
    {
        uint256 found = 0;
        for (uint256 i = start; i < end; ++i) {
            if (book.weightAt(book.owners[i], when, least) != 0) ++found;
        }
        owners = new address[](found);
        weights = new uint96[](found);
        while (found != 0) {
            address owner = book.owners[--end];
            uint96 weight = book.weightAt(owner, when, least);
            if (weight == 0) continue;
            --found;
            owners[found] = owner;
            weights[found] = weight;
        }
    }

    /// @notice Where a page ends (at `cursor` when it is beyond the end), and where the next begins.
    function bounds(uint256 count, uint256 cursor, uint256 limit) private pure returns (uint256 end, uint256 next) {
        if (limit == 0 || limit > MAX) revert IProviderRegistry.PageLimit(limit);
        if (cursor >= count) return (cursor, 0);
        end = limit < count - cursor ? cursor + limit : count;
        next = end == count ? 0 : end;
    }
}
