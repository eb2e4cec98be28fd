// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A payer's promise that everything it owes `provider` so far is `cumulative` wei. A later voucher replaces
/// an earlier one, so only the highest is worth anything.
struct Voucher {
    address payer;
    address provider;
    uint96 cumulative;
    uint64 epoch;
}

/// @notice A payer's order to move `amount` wei of its deposit into the channel to `provider`. Anybody may submit it.
struct Allotment {
    address payer;
    address provider;
    uint96 amount;
    uint64 nonce;
    uint64 deadline;
}
