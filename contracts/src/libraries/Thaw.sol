// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IThawErrors} from "../interfaces/IThawErrors.sol";

/// @notice Money of one owner, part of which may be on its way out. One storage slot.
struct Balance {
    /// @notice All of it, the thawing part included, wei.
    uint96 total;
    /// @notice The part that leaves, at most `total`, wei.
    uint96 thawing;
    /// @notice From this time on the thawing part may leave, unix seconds. Zero when nothing thaws.
    uint64 thawEnd;
}

/// @title Money that leaves only after a delay
/// @notice One thaw at a time: starting another replaces it and restarts the clock, so no list can grow. The end is
/// stored when the thaw starts and never computed again.
library Thaw {
    /// @notice What neither left nor is leaving, wei.
    function free(Balance storage self) internal view returns (uint96) {
        return self.total - self.thawing;
    }

    /// @notice Adds `amount` wei. Reverts on overflow, which a supply below 2^96 excludes.
    function credit(Balance storage self, uint96 amount) internal {
        self.total += amount;
    }

    /// @notice Takes `amount` wei from the free part.
    function debit(Balance storage self, uint96 amount) internal {
        uint96 have = free(self);
        if (amount > have) revert IThawErrors.InsufficientBalance(have, amount);
        self.total -= amount;
    }

    /// @notice Makes `amount` wei (of all, the thawing part included) leave after `delay` seconds.
    /// @return thawEnd when they may leave, unix seconds
    function start(Balance storage self, uint96 amount, uint64 delay) internal returns (uint64 thawEnd) {
        if (amount == 0) revert IThawErrors.ZeroAmount();
        if (amount > self.total) revert IThawErrors.InsufficientBalance(self.total, amount);
        thawEnd = uint64(block.timestamp) + delay;
        self.thawing = amount;
        self.thawEnd = thawEnd;
    }

    /// @notice Keeps the thawing part after all.
    /// @return amount what had been thawing, wei
    function cancel(Balance storage self) internal returns (uint96 amount) {
        amount = self.thawing;
        if (amount == 0) revert IThawErrors.NotThawing();
        self.thawing = 0;
        self.thawEnd = 0;
    }

    /// @notice Removes the thawing part once its time has come.
    /// @return amount what left, wei
    function finish(Balance storage self) internal returns (uint96 amount) {
        return finish(self, 0);
    }

    /// @notice As `finish`, but leaves at least `keep` wei behind. What is kept goes on thawing and may leave as soon
    /// as it is no longer kept.
    /// @return amount what left, wei; zero when all of it is kept
    function finish(Balance storage self, uint96 keep) internal returns (uint96 amount) {
        uint96 thawing = self.thawing;
        if (thawing == 0) revert IThawErrors.NotThawing();
        if (block.timestamp < self.thawEnd) revert IThawErrors.StillThawing(self.thawEnd);
        uint96 total = self.total;
        uint96 movable = total > keep ? total - keep : 0;
        amount = thawing < movable ? thawing : movable;
        self.total = total - amount;
        self.thawing = thawing - amount;
        if (amount == thawing) self.thawEnd = 0;
    }

    /// @notice Takes up to `amount` wei whatever thaws: first from the free part, so that leaving protects nothing and
    /// what still counts shrinks first.
    /// @return taken what was taken, wei
    function seize(Balance storage self, uint96 amount) internal returns (uint96 taken) {
        uint96 total = self.total;
        taken = amount < total ? amount : total;
        uint96 left = total - taken;
        self.total = left;
        if (self.thawing <= left) return taken;
        self.thawing = left;
        if (left == 0) self.thawEnd = 0;
    }
}
