// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IThawErrors} from "../interfaces/IThawErrors.sol";
import {Thawing, Thaws} from "./Thaws.sol";

/// @notice What one payer set aside for one provider. The first three fields share a slot, so redeeming touches one
/// slot unless a thaw is running.
struct Channel {
    /// @notice The highest cumulative voucher that can be redeemed, wei.
    uint96 allotted;
    /// @notice The highest cumulative voucher redeemed, wei, at most `allotted`.
    uint96 redeemed;
    /// @notice Whether `thaw` may hold something.
    bool thaws;
    /// @notice The part of `allotted - redeemed` on its way back to the payer.
    Thawing thaw;
}

/// @title Exact cover per (payer, provider)
/// @notice `allotted` and `redeemed` are running totals. The cover of a provider shrinks only by its own redemptions
/// and by a thaw that everybody sees beforehand; nobody else's channel can touch it.
library Channels {
    using Thaws for Thawing;

    /// @notice What is left for vouchers, the thawing part included, wei.
    function rest(Channel storage self) internal view returns (uint96) {
        return self.allotted - self.redeemed;
    }

    /// @notice Starts giving `amount` wei back after `delay` seconds; replaces a running thaw.
    function startThaw(Channel storage self, uint96 amount, uint64 delay) internal returns (uint64 thawEnd) {
        self.thaws = true;
        return self.thaw.start(rest(self), amount, delay);
    }

    /// @notice Takes the thawing part out of the channel once its time has come.
    function finishThaw(Channel storage self) internal returns (uint96 amount) {
        amount = self.thaw.finish();
        self.allotted -= amount;
        self.thaws = false;
    }

    /// @notice Takes all that is left out of the channel at once: only the provider may ask for that.
    function close(Channel storage self) internal returns (uint96 amount) {
        amount = rest(self);
        if (amount == 0) revert IThawErrors.ZeroAmount();
        self.allotted -= amount;
        self.thaw.cap(0);
    }

    /// @notice Raises `redeemed` towards `cumulative`, by at most `room` wei, if `cumulative` lies in
    /// (redeemed, allotted]; otherwise changes nothing. A voucher may eat what is thawing. The eaten part is forgotten
    /// for good: were it kept, money allotted later would already be on its way out.
    /// @return paid by how much it rose, wei; zero when nothing changed
    function redeem(Channel storage self, uint96 cumulative, uint256 room) internal returns (uint256 paid) {
        // side by side, so that the compiler reads their slot once
        uint96 allotted = self.allotted;
        uint96 redeemed = self.redeemed;
        bool thaws = self.thaws;
        if (cumulative <= redeemed || cumulative > allotted) return 0;
        // cumulative > redeemed was checked above; what is redeemed then lies between the two
        unchecked {
            paid = cumulative - redeemed;
            if (paid > room) {
                paid = room;
                // forge-lint: disable-next-line(unsafe-typecast)
                cumulative = redeemed + uint96(room);
            }
            self.redeemed = cumulative;
            if (thaws) self.thaw.cap(allotted - cumulative);
        }
    }
}
