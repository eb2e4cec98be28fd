// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LnWad} from "./LnWad.sol";

/// @title A race in proportion to stake
/// @notice Each owner draws an exponential time with its weight as rate; the lowest score wins. So the first place goes
/// to each owner exactly in proportion to its weight (SCHEMAS, "Election").
library SeatScore {
    /// @notice The score of an owner in one turn of one shard; the worst there is without weight.
    /// @param seed of the epoch
    /// @param weight wei
    function score(
        bytes32 seed,
        uint8 shard,
        uint32 turn,
        address owner,
        uint96 weight
    )
        internal
        pure
        returns (uint256)
    {
        return race(keccak256(abi.encode(seed, shard, turn, owner)), weight);
    }

    /// @notice floor(-ln(u) * 1e18 * 2^96 / weight) with u = (draw mod 1e18 + 1) / 1e18.
    function race(bytes32 draw, uint96 weight) internal pure returns (uint256) {
        if (weight == 0) return type(uint256).max;
        // u is at most 1, so the logarithm is at most 0, and above -42e18
        int256 time = -LnWad.lnWad((uint256(draw) % 1e18) + 1);
        // forge-lint: disable-next-line(unsafe-typecast)
        return (uint256(time) << 96) / weight;
    }
}
