// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EvidenceBase} from "./disputes/EvidenceBase.sol";
import {IJobDisputes} from "./interfaces/IJobDisputes.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {ISignedFaults} from "./interfaces/ISignedFaults.sol";
import {BidsRoot} from "./libraries/BidsRoot.sol";
import {EvidenceLib} from "./libraries/EvidenceLib.sol";
import {FaultId} from "./libraries/FaultId.sol";
import {BidAck, Match, Receipt, Verdict} from "./types/Evidence.sol";

/// @title Faults that two signatures prove
/// @notice See ISignedFaults. Made by JobDisputes, which takes its word for what was proved.
contract SignedFaults is ISignedFaults, EvidenceBase {
    using EvidenceLib for BidAck;
    using EvidenceLib for Match;
    using EvidenceLib for Receipt;
    using EvidenceLib for Verdict;

    /// @inheritdoc ISignedFaults
    IJobDisputes public immutable disputes;
    uint256 private immutable _slashLock;

    mapping(bytes32 faultId => Held) private _faults;

    /// @notice Only JobDisputes makes one that counts.
    /// @param registry_ where operators are looked up
    constructor(IProviderRegistry registry_) EvidenceBase(registry_) {
        disputes = IJobDisputes(msg.sender);
        _slashLock = registry_.durations().slashLock;
    }

    /// @inheritdoc ISignedFaults
    function disputeReceipts(
        Receipt calldata a,
        bytes calldata signatureA,
        Receipt calldata b,
        bytes calldata signatureB
    )
        external
        returns (uint96 taken)
    {
        bytes32 faultId = FaultId.ofReceipts(a);
        if (faultId != FaultId.ofReceipts(b)) revert NotTheSame();
        _requireContradiction(a.provider, a.hash(), signatureA, b.hash(), signatureB);
        return _punish(faultId, a.provider, IJobDisputes.Fault.Equivocation);
    }

    /// @inheritdoc ISignedFaults
    function disputeVerdicts(
        Verdict calldata a,
        bytes calldata signatureA,
        Verdict calldata b,
        bytes calldata signatureB
    )
        external
        returns (uint96 taken)
    {
        bytes32 faultId = FaultId.ofVerdicts(a);
        if (faultId != FaultId.ofVerdicts(b)) revert NotTheSame();
        _requireContradiction(a.verifier, a.hash(), signatureA, b.hash(), signatureB);
        return _punish(faultId, a.verifier, IJobDisputes.Fault.Equivocation);
    }

    /// @inheritdoc ISignedFaults
    function disputeMatches(
        Match calldata a,
        bytes calldata signatureA,
        Match calldata b,
        bytes calldata signatureB
    )
        external
        returns (uint96 taken)
    {
        bytes32 faultId = FaultId.ofMatches(a);
        if (faultId != FaultId.ofMatches(b)) revert NotTheSame();
        // the later one is what made it a fault
        _requireRecent(a.epoch > b.epoch ? a.epoch : b.epoch);
        _requireContradiction(a.seat, a.hash(), signatureA, b.hash(), signatureB);
        return _punish(faultId, a.seat, IJobDisputes.Fault.Coordination);
    }

    /// @inheritdoc ISignedFaults
    function disputeOmission(
        Match calldata matched,
        bytes calldata matchSignature,
        BidAck calldata ack,
        bytes calldata ackSignature,
        bytes32[] calldata commits
    )
        external
        returns (uint96 taken)
    {
        if (matched.jobId != ack.jobId || matched.attempt != ack.attempt || matched.seat != ack.seat) {
            revert NotTheSame();
        }
        _requireRecent(matched.epoch);
        if (commits.length != matched.bids || BidsRoot.rootOf(commits) != matched.bidsRoot) {
            revert WrongCommits(matched.bidsRoot);
        }
        if (BidsRoot.contains(commits, ack.commit)) revert NotOmitted(ack.commit);
        _requireSigned(matched.seat, _digest(matched.hash()), matchSignature);
        _requireSigned(ack.seat, _digest(ack.hash()), ackSignature);
        bytes32 faultId = FaultId.ofOmission(matched);
        return _punish(faultId, matched.seat, IJobDisputes.Fault.Coordination);
    }

    /// @inheritdoc ISignedFaults
    function payOut(bytes32 faultId) external {
        Held memory fault = _faults[faultId];
        if (fault.gweiHeld == 0) revert NothingHeld(faultId);
        if (block.timestamp < fault.unlockAt) revert TooEarly(fault.unlockAt);
        _faults[faultId].gweiHeld = 0;
        disputes.shareOut(faultId, uint256(fault.gweiHeld) * 1 gwei, fault.reporter);
    }

    /// @inheritdoc ISignedFaults
    function faults(bytes32 faultId) external view returns (Held memory) {
        return _faults[faultId];
    }

    /// @notice Slashes once for each fault, and keeps the record.
    function _punish(bytes32 faultId, address offender, IJobDisputes.Fault fault) private returns (uint96 taken) {
        if (_faults[faultId].reporter != address(0)) revert AlreadyPunished(faultId);
        taken = disputes.punish(faultId, offender, fault, msg.sender);
        uint256 unlockAt = block.timestamp + _slashLock;
        // the supply is below 2^60 gwei, and 32 bits of seconds last until 2106
        // forge-lint: disable-next-line(unsafe-typecast)
        _faults[faultId] = Held(uint64(taken / 1 gwei), uint32(unlockAt), msg.sender);
        emit FaultProved(faultId, offender, msg.sender, taken, unlockAt);
    }

    function _requireContradiction(
        address offender,
        bytes32 hashA,
        bytes calldata signatureA,
        bytes32 hashB,
        bytes calldata signatureB
    )
        private
        view
    {
        if (hashA == hashB) revert NoContradiction();
        address signerA = _signerOf(_digest(hashA), signatureA);
        address signerB = _signerOf(_digest(hashB), signatureB);
        _requireOperator(offender, signerA);
        // almost always the same key, which need not be looked up twice
        if (signerB != signerA) _requireOperator(offender, signerB);
    }

    /// @notice Reverts when a match of `epoch` is past its fault window.
    function _requireRecent(uint64 epoch) private view {
        uint256 end = (uint256(epoch) + 1) * _epoch + _registry.durations().faultWindow;
        if (block.timestamp > end) revert FaultTooOld(end);
    }
}
