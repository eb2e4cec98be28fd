// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDuckToken} from "./interfaces/IDuckToken.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title DUCK, the money of DuckMesh
/// @notice See IDuckToken.
contract DuckToken is IDuckToken, ERC20, ERC20Permit, Ownable {
    /// @inheritdoc IDuckToken
    uint256 public constant MAX_SUPPLY = 1_000_000_000e18;

    /// @notice Starts with no supply.
    /// @param owner_ who may mint; it has no other power
    constructor(address owner_) ERC20("DuckMesh", "DUCK") ERC20Permit("DuckMesh") Ownable(owner_) {}

    /// @inheritdoc IDuckToken
    function mint(address to, uint256 amount) external onlyOwner {
        // by subtraction, so that no amount can overflow on the way to the error
        if (amount > MAX_SUPPLY - totalSupply()) revert MaxSupplyExceeded(totalSupply(), MAX_SUPPLY);
        _mint(to, amount);
    }

    /// @inheritdoc IDuckToken
    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }
}
