// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IThawErrors} from "../interfaces/IThawErrors.sol";

/// @notice A part of some money that is on its way out. A slot of its own, so that what happens often need not touch
/// it; whoever keeps it decides whether its total includes this part.
struct Thawing {
    /// @notice Wei.
    uint96 amount;
    /// @notice From this time on the part may leave, unix seconds. Zero when nothing thaws.
    uint64 end;
}

/// @title Money of the market that leaves only after a delay
/// @notice One thaw at a time: starting another replaces it and restarts the clock, so no list can grow. The end is
/// stored when the thaw starts and never computed again.
library Thaws {
    /// @notice Makes `amount` of `have` wei (the thawing part included) leave after `delay` seconds.
    /// @return end when they may leave, unix seconds
    function start(Thawing storage self, uint96 have, uint96 amount, uint64 delay) internal returns (uint64 end) {
        if (amount == 0) revert IThawErrors.ZeroAmount();
        if (amount > have) revert IThawErrors.InsufficientBalance(have, amount);
        end = uint64(block.timestamp) + delay;
        self.amount = amount;
        self.end = end;
    }

    /// @notice Ends the thaw. Reverts when there is none.
    /// @return amount what had been thawing, wei
    function cancel(Thawing storage self) internal returns (uint96 amount) {
        amount = self.amount;
        if (amount == 0) revert IThawErrors.NotThawing();
        self.amount = 0;
        self.end = 0;
    }

    /// @notice Ends the thaw once its time has come.
    /// @return amount what may leave now, wei
    function finish(Thawing storage self) internal returns (uint96 amount) {
        uint64 end = self.end;
        amount = cancel(self);
        if (block.timestamp < end) revert IThawErrors.StillThawing(end);
    }

    /// @notice No more than `left` wei can thaw any longer; the rest is forgotten for good.
    function cap(Thawing storage self, uint96 left) internal {
        if (self.amount <= left) return;
        self.amount = left;
        if (left == 0) self.end = 0;
    }
}
