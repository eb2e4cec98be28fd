// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Thawing, Thaws} from "./Thaws.sol";

/// @notice What one provider redeemed and did not take out. The first four fields share a slot, so a redemption
/// touches one slot whatever thaws.
struct Earned {
    /// @notice All of it, the thawing part included, wei.
    uint96 total;
    /// @notice What may still be redeemed before `periodEnd`, wei.
    uint96 room;
    /// @notice From this time on a redemption begins a new period, unix seconds.
    uint56 periodEnd;
    /// @notice What was redeemed and not yet counted for the burn, wei, below BURN_DIVISOR.
    uint8 dust;
    /// @notice The part that leaves.
    Thawing thaw;
}

/// @title Earnings
/// @notice What was redeemed: bounded per period, partly burnt, and slashable until it left.
library Earnings {
    using Thaws for Thawing;

    /// @notice One wei in this many is burnt.
    uint256 internal constant BURN_DIVISOR = 100;

    /// @notice Books what was redeemed: `paid` wei, of which `room` remained afterwards, less the burn and `fee`.
    /// The burn of all redemptions is exactly the hundredth of their sum, rounded down, however they are cut up.
    /// @param begins when the period would end that begins now
    /// @return burnt wei
    function book(
        Earned storage self,
        uint256 paid,
        uint256 fee,
        uint256 room,
        uint256 begins
    )
        internal
        returns (uint256 burnt)
    {
        // side by side, so that the compiler reads and writes their slot once
        uint256 total = self.total;
        uint256 periodEnd = self.periodEnd;
        uint256 dust = self.dust;
        if (block.timestamp >= periodEnd) periodEnd = begins;
        // all of this money lies in the market, so it stays below the supply, which fits in uint96; burn and fee are
        // each at most a hundredth of what was paid, but for the dust that was kept back before
        unchecked {
            dust += paid;
            burnt = dust / BURN_DIVISOR;
            total += paid - burnt - fee;
            dust -= burnt * BURN_DIVISOR;
        }
        // forge-lint: disable-start(unsafe-typecast)
        self.total = uint96(total);
        self.room = uint96(room);
        self.periodEnd = uint56(periodEnd);
        self.dust = uint8(dust);
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @notice Takes up to `amount` wei away, what thaws included, even after its thaw is over.
    /// @return taken what was there of it, wei
    function slash(Earned storage self, uint96 amount) internal returns (uint96 taken) {
        uint96 total = self.total;
        taken = amount < total ? amount : total;
        self.total = total - taken;
        self.thaw.cap(total - taken);
    }
}
