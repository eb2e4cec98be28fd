// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title What is refused about evidence
/// @notice Wherever it is judged.
interface IEvidenceErrors {
    /// @notice `signer` is not an operator of `provider`, and was not within the last fault window.
    error NotSignedBy(address provider, address signer);

    /// @notice This fault was punished or decided already.
    error AlreadyPunished(bytes32 faultId);

    /// @notice `provider` has nothing left that could be taken.
    error NothingAtStake(address provider);

    /// @notice Entry number `index` is not above the one before it.
    error NotAscending(uint256 index);

    /// @notice This may happen from `start` (unix seconds) on.
    error TooEarly(uint256 start);

    /// @notice This could happen until `end` (unix seconds).
    error TooLate(uint256 end);

    /// @notice Only `JobDisputes` and the contracts it made may call one another here, not `caller`.
    error NotTrusted(address caller);
}
