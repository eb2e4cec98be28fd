// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignedSeat} from "../types/Evidence.sol";
import {IEvidenceErrors} from "./IEvidenceErrors.sol";
import {IJobDisputes} from "./IJobDisputes.sol";

/// @title Who judges a dispute
/// @notice The first seed that is fixed after a dispute was opened draws its referees: by stake of before, among the
/// owners that served the model then, one seat each, never a party. Anybody enters candidates in any order, and the best
/// scores of all that were entered hold the seats; so it takes one honest watcher to make the committee what the seed
/// says.
interface IReferees is IEvidenceErrors {
    /// @notice `referee` took seat number `seat`; a better score may still take it over.
    event RefereeSeated(bytes32 indexed disputeId, address indexed referee, uint256 seat);

    /// @notice At most 31 candidates are entered at a time, not `count`.
    error TooManyCandidates(uint256 count);

    /// @notice `owner` may not judge this dispute: a party to it, without weight, or not serving the model then.
    error NotEligible(address owner);

    /// @notice Seat number `seat` was not drawn, or not for the key that signed for `referee`.
    error NotDrawn(uint256 seat, address referee);

    /// @notice Enters candidates into the draw, from its `drawAt` until `drawEndOf`. Whoever is entered twice sits once.
    /// @param owners at most 31
    function enterReferees(bytes32 disputeId, address[] calldata owners) external;

    /// @notice Reverts unless each of `seats` signed the ruling.
    /// @param seats strictly ascending by seat
    function requireRulings(
        bytes32 disputeId,
        IJobDisputes.Outcome outcome,
        bytes32 refereeRoot,
        SignedSeat[] calldata seats
    )
        external
        view;

    /// @notice How good a candidate is: the lower the better. Reverts when the owner may not judge, and before the draw.
    function scoreOf(bytes32 disputeId, address owner) external view returns (uint96);

    /// @notice When the draw of a dispute ends and rulings can decide; zero when there is no such dispute.
    function drawEndOf(bytes32 disputeId) external view returns (uint256);

    /// @notice How many seats are taken.
    function seated(bytes32 disputeId) external view returns (uint256);

    /// @notice The keys that sign for the committee as it stands, by seat.
    function committeeOf(bytes32 disputeId) external view returns (address[] memory operators);

    /// @notice The contract that made this one and asks it.
    function disputes() external view returns (IJobDisputes);
}
