// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "./Vm.sol";

/// @notice The golden vectors of the election, written by the TypeScript side and read by both. Each array is read in a
/// call of its own, whose memory is freed with it.
abstract contract ElectionVectors {
    string private constant FILE = "proto/vectors/election.json";

    function uints(string calldata key) external view returns (uint256[] memory) {
        return vm.parseJsonUintArray(vm.readFile(FILE), key);
    }

    function ints(string calldata key) external view returns (int256[] memory) {
        return vm.parseJsonIntArray(vm.readFile(FILE), key);
    }

    function words(string calldata key) external view returns (bytes32[] memory) {
        return vm.parseJsonBytes32Array(vm.readFile(FILE), key);
    }

    function addresses(string calldata key) external view returns (address[] memory) {
        return vm.parseJsonAddressArray(vm.readFile(FILE), key);
    }
}
