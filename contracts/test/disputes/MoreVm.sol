// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Further cheat codes of forge that only these tests use.
interface MoreVm {
    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    function lastCallGas() external view returns (Gas memory);
    function parseJsonBool(string calldata json, string calldata key) external pure returns (bool);
}

MoreVm constant moreVm = MoreVm(address(uint160(uint256(keccak256("hevm cheat code")))));
