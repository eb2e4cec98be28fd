// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEvidenceErrors} from "../interfaces/IEvidenceErrors.sol";
import {ISignedFaults} from "../interfaces/ISignedFaults.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title The root over the commitments of a match
/// @notice Leaves are the commitments as they are, strictly ascending; pairs hash in sorted order; the odd last node
/// of a layer is carried up unchanged. The number of leaves is signed with the root, so the shape is fixed.
/// @dev A commitment is the hash of 128 bytes that the seat computed itself, an inner node the hash of 64: no leaf can
/// pass for a node. A seat that signs commitments it did not compute loses that certainty.
library BidsRoot {
    /// @notice The most bids of a match.
    uint256 internal constant MAX_BIDS = 64;

    /// @notice The root of `commits`, zero for none. Reverts when they are too many or not strictly ascending.
    function rootOf(bytes32[] memory commits) internal pure returns (bytes32) {
        uint256 count = commits.length;
        if (count > MAX_BIDS) revert ISignedFaults.TooManyBids(count);
        if (count == 0) return bytes32(0);
        for (uint256 i = 1; i < count; ++i) {
            if (commits[i] <= commits[i - 1]) revert IEvidenceErrors.NotAscending(i);
        }
        while (count > 1) {
            count = foldOnce(commits, count);
        }
        return commits[0];
    }

    /// @notice Whether `commit` is among `commits`.
    function contains(bytes32[] calldata commits, bytes32 commit) internal pure returns (bool) {
        for (uint256 i = 0; i < commits.length; ++i) {
            if (commits[i] == commit) return true;
        }
        return false;
    }

    /// @dev writes the next layer over the first `count` nodes
    function foldOnce(bytes32[] memory nodes, uint256 count) private pure returns (uint256 half) {
        half = (count + 1) / 2;
        for (uint256 i = 0; i < count / 2; ++i) {
            nodes[i] = Hashes.commutativeKeccak256(nodes[2 * i], nodes[2 * i + 1]);
        }
        if (count % 2 == 1) nodes[half - 1] = nodes[count - 1];
    }
}
