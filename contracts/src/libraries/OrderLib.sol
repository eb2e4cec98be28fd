// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RedeemPermit, SessionGrant} from "../types/Signed.sol";

/// @title Orders as signed (EIP-712)
/// @notice A struct of value types alone encodes as its fields one by one, in `abi.encode` as in calldata.
library OrderLib {
    bytes32 internal constant ALLOTMENT_TYPEHASH =
        keccak256("Allotment(address payer,address provider,uint96 amount,uint64 nonce,uint64 deadline)");
    bytes32 internal constant UNALLOTMENT_TYPEHASH =
        keccak256("Unallotment(address payer,address provider,uint64 nonce,uint64 deadline)");
    bytes32 internal constant DEPOSIT_TYPEHASH =
        keccak256("Deposit(address payer,uint96 amount,address provider,uint96 allotted,uint64 nonce,uint64 deadline)");
    bytes32 internal constant SESSION_GRANT_TYPEHASH =
        keccak256("SessionGrant(address account,address session,uint96 cap,uint64 expiry)");
    bytes32 internal constant REDEEM_PERMIT_TYPEHASH =
        keccak256("RedeemPermit(address provider,address relayer,uint16 feeBps,uint64 nonce,uint64 deadline)");

    /// @notice The EIP-712 struct hash of the order that is the first parameter of the call: its `words` fields stand
    /// right behind the selector. A field with dirty bits hashes as what it is, so it was signed like that.
    function hashOfCall(bytes32 typehash, uint256 words) internal pure returns (bytes32) {
        return keccak256(bytes.concat(typehash, msg.data[4:4 + 32 * words]));
    }

    /// @notice The EIP-712 struct hash.
    function hash(SessionGrant calldata g) internal pure returns (bytes32) {
        return keccak256(abi.encode(SESSION_GRANT_TYPEHASH, g));
    }

    /// @notice The EIP-712 struct hash.
    function hash(RedeemPermit calldata p) internal pure returns (bytes32) {
        return keccak256(abi.encode(REDEEM_PERMIT_TYPEHASH, p));
    }
}
