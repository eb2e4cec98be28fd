// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EvidenceBase} from "./disputes/EvidenceBase.sol";
import {IJobDisputes} from "./interfaces/IJobDisputes.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IReferees} from "./interfaces/IReferees.sol";
import {Committee, Seats} from "./libraries/Committee.sol";
import {DrawTime} from "./libraries/DrawTime.sol";
import {EvidenceLib} from "./libraries/EvidenceLib.sol";
import {SeatScore} from "./libraries/SeatScore.sol";
import {SignedSeat} from "./types/Evidence.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Who judges a dispute
/// @notice See IReferees. Made by JobDisputes.
contract Referees is IReferees, EvidenceBase {
    using Committee for Seats;
    using SafeCast for uint256;

    /// @notice The most candidates entered at a time.
    uint256 private constant MAX_CANDIDATES = 31;

    /// @inheritdoc IReferees
    IJobDisputes public immutable disputes;

    mapping(bytes32 disputeId => Seats) private _committees;

    /// @notice Only JobDisputes makes one that counts.
    /// @param registry_ where stakes, classes, seeds and operators are looked up
    constructor(IProviderRegistry registry_) EvidenceBase(registry_) {
        disputes = IJobDisputes(msg.sender);
    }

    /// @inheritdoc IReferees
    function enterReferees(bytes32 disputeId, address[] calldata owners) external {
        if (owners.length > MAX_CANDIDATES) revert TooManyCandidates(owners.length);
        IJobDisputes.Dispute memory d = _openDispute(disputeId);
        uint256 drawEnd = DrawTime.endOf(d.drawAt, d.deadline);
        if (block.timestamp >= drawEnd) revert TooLate(drawEnd);
        if (block.timestamp < d.drawAt) revert TooEarly(d.drawAt);
        for (uint256 i = 0; i < owners.length; ++i) {
            uint96 score = _scoreOf(d, owners[i]);
            uint256 seat = _committees[disputeId].enter(d.committee, score, _registry.operatorOf(owners[i]));
            if (seat != Committee.NONE) emit RefereeSeated(disputeId, owners[i], seat);
        }
    }

    /// @inheritdoc IReferees
    function requireRulings(
        bytes32 disputeId,
        IJobDisputes.Outcome outcome,
        bytes32 refereeRoot,
        SignedSeat[] calldata seats
    )
        external
        view
    {
        Seats storage committee = _committees[disputeId];
        uint256 next = 0;
        for (uint256 i = 0; i < seats.length; ++i) {
            SignedSeat calldata s = seats[i];
            // each seat once
            if (s.seat < next) revert NotAscending(i);
            next = uint256(s.seat) + 1;
            bytes32 ruling = EvidenceLib.hashRuling(disputeId, s.referee, uint8(outcome), refereeRoot);
            (address signer,,) = ECDSA.tryRecover(_digest(ruling), s.r, s.vs);
            // a key has one owner for ever, so whoever the ruling names as referee, its signer is the one that was drawn
            if (signer == address(0) || signer != committee.operatorAt(s.seat)) revert NotDrawn(s.seat, s.referee);
        }
    }

    /// @inheritdoc IReferees
    function scoreOf(bytes32 disputeId, address owner) external view returns (uint96) {
        return _scoreOf(_openDispute(disputeId), owner);
    }

    /// @inheritdoc IReferees
    function drawEndOf(bytes32 disputeId) external view returns (uint256) {
        IJobDisputes.Dispute memory d = disputes.disputes(disputeId);
        return DrawTime.endOf(d.drawAt, d.deadline);
    }

    /// @inheritdoc IReferees
    function seated(bytes32 disputeId) external view returns (uint256) {
        return _committees[disputeId].count;
    }

    /// @inheritdoc IReferees
    function committeeOf(bytes32 disputeId) external view returns (address[] memory operators) {
        Seats storage committee = _committees[disputeId];
        operators = new address[](committee.count);
        for (uint256 i = 0; i < operators.length; ++i) {
            operators[i] = committee.operatorAt(i);
        }
    }

    function _openDispute(bytes32 disputeId) private view returns (IJobDisputes.Dispute memory d) {
        d = disputes.disputes(disputeId);
        if (d.state != IJobDisputes.State.Open) revert IJobDisputes.WrongState(disputeId, d.state);
    }

    /// @dev weights and classes are those of the opening; the seed of the epoch after the draw is fixed at the draw
    function _scoreOf(IJobDisputes.Dispute memory d, address owner) private view returns (uint96) {
        bool isParty = owner == d.provider || owner == d.challenger;
        if (isParty || !_registry.servedClassAt(owner, d.modelId, d.openedAt)) revert NotEligible(owner);
        uint96 weight = _registry.weightAt(owner, (d.openedAt / _epoch).toUint64());
        if (weight == 0) revert NotEligible(owner);
        bytes32 seed = _registry.seedOf((d.drawAt / _epoch + 1).toUint64());
        // by the fault, not the dispute: whoever disputes, and when within the epoch, draws the same referees
        return SeatScore.race(keccak256(abi.encode(seed, d.faultId, owner)), weight).toUint96();
    }
}
