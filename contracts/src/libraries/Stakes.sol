// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {Profile} from "../types/Profile.sol";
import {History, Track} from "./History.sol";
import {Balance, Thaw} from "./Thaw.sol";

/// @notice The stakes of all providers, with their past.
struct StakeBook {
    mapping(address owner => Profile) profiles;
    mapping(address owner => Balance) stakes;
    /// @notice What open disputes hold, wei; may exceed the stake.
    mapping(address owner => uint96) frozen;
    /// @notice What the eligible stake of each owner was before, see `History`.
    mapping(address owner => uint128[4294967296]) past;
    /// @notice The sum of all eligible stakes.
    Track total;
    /// @notice Everybody who ever registered; append-only, and only ever read page by page.
    address[] owners;
}

/// @title Stake and what it was
/// @notice Every change of an eligible stake (stake minus its thawing part) goes through here, so that the sum and the
/// past always agree with it.
library Stakes {
    using History for Track;
    using History for uint128[4294967296];
    using Thaw for Balance;

    /// @notice Adds `amount` wei.
    function credit(StakeBook storage self, address owner, uint96 amount) internal {
        uint96 before = eligible(self, owner);
        self.stakes[owner].credit(amount);
        note(self, owner, before);
    }

    /// @notice Makes `amount` wei leave after `delay` seconds.
    /// @return thawEnd when they may leave, unix seconds
    function start(
        StakeBook storage self,
        address owner,
        uint96 amount,
        uint64 delay
    )
        internal
        returns (uint64 thawEnd)
    {
        uint96 before = eligible(self, owner);
        thawEnd = self.stakes[owner].start(amount, delay);
        note(self, owner, before);
    }

    /// @notice Keeps the thawing part after all.
    function cancel(StakeBook storage self, address owner) internal returns (uint96 amount) {
        uint96 before = eligible(self, owner);
        amount = self.stakes[owner].cancel();
        note(self, owner, before);
    }

    /// @notice Removes what has thawed and is not frozen. It no longer counted, so nothing else changes.
    function finish(StakeBook storage self, address owner) internal returns (uint96 amount) {
        uint96 held = self.frozen[owner];
        amount = self.stakes[owner].finish(held);
        if (amount == 0) revert IProviderRegistry.FrozenStake(held);
    }

    /// @notice Takes up to `amount` wei, thawing or not.
    function seize(StakeBook storage self, address owner, uint96 amount) internal returns (uint96 taken) {
        uint96 before = eligible(self, owner);
        taken = self.stakes[owner].seize(amount);
        note(self, owner, before);
    }

    /// @notice Stake minus its thawing part, wei.
    function eligible(StakeBook storage self, address owner) internal view returns (uint96) {
        return self.stakes[owner].free();
    }

    /// @notice What the eligible stake of an owner was at `when`, which must not lie ahead, wei.
    function eligibleAt(StakeBook storage self, address owner, uint256 when) internal view returns (uint96) {
        Profile storage profile = self.profiles[owner];
        if (when >= profile.changedAt) return eligible(self, owner);
        return self.past[owner].lookup(profile.changes, when);
    }

    /// @notice The eligible stake of an owner at `when`, which must not lie ahead, or zero below `least`.
    function weightAt(StakeBook storage self, address owner, uint256 when, uint96 least)
        internal
        view
        returns (uint96)
    {
        uint96 stake = eligibleAt(self, owner, when);
        return stake < least ? 0 : stake;
    }

    function note(StakeBook storage self, address owner, uint96 before) private {
        uint96 present = eligible(self, owner);
        if (present == before) return;
        Profile storage profile = self.profiles[owner];
        uint32 time = History.time();
        if (profile.changedAt != time) {
            self.past[owner].keep(profile.changes, profile.changedAt, before);
            ++profile.changes;
            profile.changedAt = time;
        }
        self.total.set(self.total.value - before + present);
    }
}
