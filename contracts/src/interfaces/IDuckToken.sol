// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What DUCK, the money of DuckMesh, adds to ERC-20 and ERC-2612 permits
/// @notice A fixed upper limit. It carries no votes: voting weight comes from stake.
interface IDuckToken {
    /// @notice Minting would bring the supply to `supply` wei, above MAX_SUPPLY.
    error MaxSupplyExceeded(uint256 supply, uint256 maxSupply);

    /// @notice The supply can never exceed this many wei (18 decimals). It fits in uint96.
    function MAX_SUPPLY() external view returns (uint256);

    /// @notice Creates `amount` wei for `to`. Only the token's owner (a timelock on a public network).
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` wei of the caller.
    function burn(uint256 amount) external;
}
