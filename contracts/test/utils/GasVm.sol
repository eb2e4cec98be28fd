// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "./Vm.sol";

/// @notice The cheat codes of forge that keep figures in `contracts/snapshots`.
interface GasVm {
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256 gas);
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
}

GasVm constant gasVm = GasVm(address(vm));
