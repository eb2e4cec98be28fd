// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Channel} from "../libraries/Channels.sol";
import {Thawing} from "../libraries/Thaws.sol";

/// @notice The money of one payer that is in no channel.
struct Account {
    /// @notice What neither left nor is leaving, wei.
    uint96 free;
    /// @notice The part on its way out of the market.
    Thawing thaw;
}

/// @notice A key that draws on an account.
struct Session {
    /// @notice Whose money it draws; never changes once set.
    address account;
    /// @notice What it may draw in all, wei.
    uint96 cap;
    /// @notice What it has drawn in all, wei.
    uint96 drawn;
    /// @notice From when on it draws no more, unix seconds.
    uint64 expiry;
    /// @notice From when on what it holds can be reclaimed after a revocation, unix seconds; zero when not revoked.
    uint64 thawEnd;
}

/// @notice The accounts of all payers, session keys included.
struct EscrowBook {
    mapping(address payer => Account) accounts;
    mapping(address session => Session) sessions;
}

/// @notice What payers set aside. By provider first: a batch is for one provider.
struct ChannelBook {
    mapping(address provider => mapping(address payer => Channel)) channels;
    /// @notice The highest service voucher redeemed, wei.
    mapping(address provider => mapping(address payer => uint96)) redeemedService;
}
