// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The seats of one committee.
struct Seats {
    /// @notice How many are taken.
    uint256 count;
    /// @notice One slot a seat: the score in the high 96 bits, the key that signs for the referee in the low 160.
    mapping(uint256 seat => uint256 scoreAndOperator) entries;
}

/// @title A committee drawn by stake
/// @notice The exponential race of the election: whoever has the lowest scores sits. Candidates come one after another
/// in any order; the better push out the worst. Whatever the order, the best of all candidates remain.
library Committee {
    /// @notice No seat.
    uint256 internal constant NONE = type(uint256).max;

    /// @notice Seats a candidate if it is among the `size` best so far. The same score again is the same candidate
    /// again: scores come from 10^18 values, two candidates do not share one.
    /// @return seat the number of the seat, or `NONE` when nothing changed
    function enter(Seats storage self, uint256 size, uint96 score, address operator) internal returns (uint256 seat) {
        uint256 count = self.count;
        uint96 worst = 0;
        for (uint256 i = 0; i < count; ++i) {
            uint96 other = scoreAt(self, i);
            if (other == score) return NONE;
            if (other >= worst) (seat, worst) = (i, other);
        }
        if (count < size) {
            seat = count;
            self.count = count + 1;
        } else if (score > worst) {
            return NONE;
        }
        self.entries[seat] = (uint256(score) << 160) | uint160(operator);
    }

    /// @notice The key that signs for `seat`; zero when nobody sits there.
    function operatorAt(Seats storage self, uint256 seat) internal view returns (address) {
        // the low 160 bits
        // forge-lint: disable-next-line(unsafe-typecast)
        return address(uint160(self.entries[seat]));
    }

    /// @notice The score of `seat`.
    function scoreAt(Seats storage self, uint256 seat) internal view returns (uint96) {
        // the high 96 bits
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint96(self.entries[seat] >> 160);
    }
}
