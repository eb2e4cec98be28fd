// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IElection} from "../interfaces/IElection.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";

/// @notice A hash onion: each layer is the hash of the next.
struct Onion {
    /// @notice The hash of what is revealed next.
    bytes32 tip;
    /// @notice The first epoch in which it may be revealed.
    uint64 from;
}

/// @notice All onions, and the randomness made of what came out of them.
struct OnionBook {
    mapping(address owner => Onion) onions;
    /// @notice The mix after the last reveal of each epoch that had one, keyed by epoch.
    Checkpoints.Trace256 mixes;
}

/// @title Randomness from hash onions
/// @notice An owner fixes its numbers long before it shows them, one an epoch; the last to show can choose only between
/// showing and not showing (SCHEMAS, "Election"). A new onion counts from the next epoch on, so its number is fixed
/// before anybody shows one in that epoch.
library Onions {
    using Checkpoints for Checkpoints.Trace256;

    /// @notice Writes the mix before any reveal.
    function init(OnionBook storage self, bytes32 mix) internal {
        self.mixes.push(0, uint256(mix));
    }

    /// @notice Takes the onion `tip` of `owner`, to be revealed from the epoch after `epoch` on.
    function commit(OnionBook storage self, address owner, bytes32 tip, uint64 epoch) internal {
        self.onions[owner] = Onion(tip, epoch + 1);
    }

    /// @notice Peels one layer in `epoch` and mixes it in.
    /// @return mix the new one
    function reveal(
        OnionBook storage self,
        address owner,
        bytes32 preimage,
        uint64 epoch
    )
        internal
        returns (bytes32 mix)
    {
        Onion storage onion = self.onions[owner];
        if (onion.from == 0 || keccak256(abi.encode(preimage)) != onion.tip) revert IElection.WrongPreimage(onion.tip);
        if (epoch < onion.from) revert IElection.RevealTooEarly(onion.from);
        onion.tip = preimage;
        onion.from = epoch + 1;
        mix = keccak256(abi.encode(self.mixes.latest(), preimage));
        self.mixes.push(epoch, uint256(mix));
    }

    /// @notice The seed of `epoch`, which is not zero: the mix after the last reveal of the epoch before it, or of the
    /// last epoch that had one, and its own number.
    function seedOf(OnionBook storage self, uint64 epoch) internal view returns (bytes32) {
        return keccak256(abi.encode(self.mixes.upperLookupRecent(epoch - 1), epoch));
    }
}
