// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IThawErrors} from "../interfaces/IThawErrors.sol";

/// @notice What one payer set aside for one provider. The first three fields share a slot, so redeeming touches one
/// slot unless a thaw is running.
struct Channel {
    /// @notice The highest cumulative voucher that can be redeemed, wei.
    uint96 allotted;
    /// @notice The highest cumulative voucher redeemed, wei, at most `allotted`.
    uint96 redeemed;
    /// @notice From this time on the thawing part may go back, unix seconds. Zero when nothing thaws.
    uint64 thawEnd;
    /// @notice The part of `allotted - redeemed` on its way back to the payer, wei.
    uint96 thawing;
}

/// @title Exact cover per (payer, provider)
/// @notice `allotted` and `redeemed` are running totals. The cover of a provider shrinks only by its own redemptions
/// and by a thaw that everybody sees beforehand; nobody else's channel can touch it.
library Channels {
    /// @notice What is left for vouchers, the thawing part included, wei.
    function rest(Channel storage self) internal view returns (uint96) {
        return self.allotted - self.redeemed;
    }

    /// @notice What a provider may count on, wei.
    function capacity(Channel storage self) internal view returns (uint96) {
        return rest(self) - self.thawing;
    }

    /// @notice Starts giving `amount` wei back after `delay` seconds; replaces a running thaw.
    function startThaw(Channel storage self, uint96 amount, uint64 delay) internal returns (uint64 thawEnd) {
        if (amount == 0) revert IThawErrors.ZeroAmount();
        uint96 have = rest(self);
        if (amount > have) revert IThawErrors.InsufficientBalance(have, amount);
        thawEnd = uint64(block.timestamp) + delay;
        self.thawing = amount;
        self.thawEnd = thawEnd;
    }

    /// @notice Keeps the thawing part in the channel after all.
    function cancelThaw(Channel storage self) internal returns (uint96 amount) {
        amount = self.thawing;
        if (amount == 0) revert IThawErrors.NotThawing();
        self.thawing = 0;
        self.thawEnd = 0;
    }

    /// @notice Takes the thawing part out of the channel once its time has come.
    function finishThaw(Channel storage self) internal returns (uint96 amount) {
        uint64 thawEnd = self.thawEnd;
        amount = cancelThaw(self);
        if (block.timestamp < thawEnd) revert IThawErrors.StillThawing(thawEnd);
        self.allotted -= amount;
    }

    /// @notice Takes all that is left out of the channel at once: only the provider may ask for that.
    function close(Channel storage self) internal returns (uint96 amount) {
        amount = rest(self);
        if (amount == 0) revert IThawErrors.ZeroAmount();
        self.allotted -= amount;
        self.thawing = 0;
        self.thawEnd = 0;
    }

    /// @notice Raises `redeemed` to `cumulative` if that lies in (redeemed, allotted]; otherwise changes nothing.
    /// @return paid what the provider gained, wei; zero when nothing changed
    function redeem(Channel storage self, uint96 cumulative) internal returns (uint96 paid) {
        // side by side, so that the compiler reads their slot once
        uint96 allotted = self.allotted;
        uint96 redeemed = self.redeemed;
        uint64 thawEnd = self.thawEnd;
        if (cumulative <= redeemed || cumulative > allotted) return 0;
        self.redeemed = cumulative;
        if (thawEnd != 0) capThaw(self);
        // cumulative > redeemed was checked above
        unchecked {
            return cumulative - redeemed;
        }
    }

    /// @notice A voucher may eat what is thawing. The eaten part is forgotten for good: were it kept, money allotted
    /// later would already be on its way out.
    function capThaw(Channel storage self) private {
        uint96 left = rest(self);
        if (self.thawing <= left) return;
        self.thawing = left;
        if (left == 0) self.thawEnd = 0;
    }
}
