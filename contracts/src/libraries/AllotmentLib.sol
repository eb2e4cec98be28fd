// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Allotment} from "../types/Signed.sol";

/// @title Allotments as signed (EIP-712)
/// @notice Written once per allotment, so plain Solidity.
library AllotmentLib {
    bytes32 internal constant TYPEHASH =
        keccak256("Allotment(address payer,address provider,uint96 amount,uint64 nonce,uint64 deadline)");

    /// @notice The EIP-712 struct hash.
    function hash(Allotment memory a) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, a.payer, a.provider, a.amount, a.nonce, a.deadline));
    }
}
