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

/// @notice The same promise to a seat, verifier or referee, paid from the payer's service allotment. A type of its
/// own, so that no voucher of a channel can be redeemed as one of these, nor the reverse.
struct ServiceVoucher {
    address payer;
    address provider;
    uint96 cumulative;
}

/// @notice A payer's order to move `amount` wei of its deposit into the channel to `provider`; the zero provider
/// stands for the payer's service allotment. Anybody may submit it.
struct Allotment {
    address payer;
    address provider;
    uint96 amount;
    uint64 nonce;
    uint64 deadline;
}

/// @notice A provider's order to give all that is left of a channel back to `payer`. Anybody may submit it.
struct Unallotment {
    address payer;
    address provider;
    uint64 nonce;
    uint64 deadline;
}

/// @notice A payer's order to move `amount` wei from its wallet into its account, and `allotted` wei of the account
/// on into the channel to `provider` (zero: none). Anybody may submit it.
struct Deposit {
    address payer;
    uint96 amount;
    address provider;
    uint96 allotted;
    uint64 nonce;
    uint64 deadline;
}

/// @notice The consent of the key `session` to spend up to `cap` wei of `account` until `expiry` (unix seconds).
struct SessionGrant {
    address account;
    address session;
    uint96 cap;
    uint64 expiry;
}

/// @notice A provider's promise of `feeBps` hundredths of a per cent of what `relayer` redeems for it, once.
struct RedeemPermit {
    address provider;
    address relayer;
    uint16 feeBps;
    uint64 nonce;
    uint64 deadline;
}

/// @notice An ERC-2612 permit for the market; owner and value are those of the order that it comes with.
struct TokenPermit {
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice Vouchers of one provider among those of several, and what it pays for their redemption. Not signed itself.
struct RedeemGroup {
    /// @notice Names the provider; where `feeBps` is not zero all of it counts.
    RedeemPermit permit;
    /// @notice Of the permit, by the provider or its operator; empty when nothing is taken.
    bytes signature;
    /// @notice As in a batch: 96 bytes per voucher.
    bytes packed;
}
