// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Referees} from "./Referees.sol";
import {SignedFaults} from "./SignedFaults.sol";
import {EvidenceBase} from "./disputes/EvidenceBase.sol";
import {SlashBook} from "./disputes/SlashBook.sol";
import {IJobDisputes} from "./interfaces/IJobDisputes.sol";
import {IJobMarket} from "./interfaces/IJobMarket.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IReferees} from "./interfaces/IReferees.sol";
import {DisputeParametersLib} from "./libraries/DisputeParametersLib.sol";
import {DrawTime} from "./libraries/DrawTime.sol";
import {EvidenceLib} from "./libraries/EvidenceLib.sol";
import {FaultId} from "./libraries/FaultId.sol";
import {DisputeParameters} from "./types/DisputeParameters.sol";
import {JobOrder, Receipt, SignedSeat} from "./types/Evidence.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Disputes about results, and the only slasher
/// @notice See IJobDisputes. Makes the contracts that check proofs and draw referees, so the wiring cannot be wrong.
contract JobDisputes is SlashBook {
    using EvidenceLib for JobOrder;
    using EvidenceLib for Receipt;
    using SafeERC20 for IERC20;

    /// @notice A wrong result costs at least this many times its price (DESIGN §9).
    uint256 private constant PRICE_MULTIPLE = 30;
    /// @notice The most bytes of a reason.
    uint256 private constant MAX_REASON = 256;

    IJobMarket private immutable _market;
    IReferees private immutable _referees;

    mapping(bytes32 disputeId => Dispute) private _disputes;
    /// @inheritdoc IJobDisputes
    mapping(bytes32 faultId => bytes32 disputeId) public disputeOf;

    /// @notice Deploy right after registry and market, from the same account.
    /// @param registry_ the registry that names this very address as its disputes contract
    /// @param parameters_ what governance may change later
    constructor(
        IProviderRegistry registry_,
        DisputeParameters memory parameters_
    )
        EvidenceBase(registry_)
        SlashBook(address(new SignedFaults(registry_)), parameters_)
    {
        if (registry_.disputes() != address(this)) revert WrongDisputes(registry_.disputes());
        _market = IJobMarket(registry_.market());
        _referees = new Referees(registry_);
    }

    /// @inheritdoc IJobDisputes
    function disputeJob(
        Receipt calldata receipt,
        bytes calldata signature,
        JobOrder calldata order,
        string calldata reason
    )
        external
        returns (bytes32 disputeId)
    {
        if (bytes(reason).length > MAX_REASON) revert ReasonTooLong(bytes(reason).length);
        if (_digest(order.hash()) != receipt.jobId) revert WrongOrder(receipt.jobId);
        _requireClient(order.payer);
        bytes32 receiptHash = _digest(receipt.hash());
        _requireSigned(receipt.provider, receiptHash, signature);
        disputeId = _open(receipt, receiptHash, order.modelId);
        Dispute storage d = _disputes[disputeId];
        emit DisputeOpened(
            disputeId,
            receipt.provider,
            msg.sender,
            receipt.jobId,
            receiptHash,
            order.modelId,
            d.amount,
            d.drawAt,
            reason
        );
        _registry.freeze(receipt.provider, d.frozen, d.faultId);
        _token.safeTransferFrom(msg.sender, address(this), d.bond);
    }

    /// @inheritdoc IJobDisputes
    function resolveDispute(
        bytes32 disputeId,
        Outcome outcome,
        bytes32 refereeRoot,
        SignedSeat[] calldata seats
    )
        external
    {
        Dispute storage d = _openDispute(disputeId);
        uint256 deadline = d.deadline;
        if (block.timestamp >= deadline) revert TooLate(deadline);
        uint256 drawEnd = DrawTime.endOf(d.drawAt, deadline);
        if (block.timestamp < drawEnd) revert TooEarly(drawEnd);
        if (seats.length < d.quorum) revert QuorumTooSmall(seats.length, d.quorum);
        _referees.requireRulings(disputeId, outcome, refereeRoot, seats);
        emit DisputeResolved(disputeId, outcome, refereeRoot, seats.length);
        if (outcome == Outcome.Fault) _slash(d);
        else _close(d, outcome == Outcome.Ok);
    }

    /// @inheritdoc IJobDisputes
    function expireDispute(bytes32 disputeId) external {
        Dispute storage d = _openDispute(disputeId);
        uint256 end = _referees.seated(disputeId) < d.quorum ? DrawTime.endOf(d.drawAt, d.deadline) : d.deadline;
        if (block.timestamp < end) revert TooEarly(end);
        delete disputeOf[d.faultId];
        emit DisputeExpired(disputeId);
        _close(d, false);
    }

    /// @inheritdoc IJobDisputes
    function payOut(bytes32 disputeId) external {
        Dispute storage d = _disputes[disputeId];
        if (d.state != State.Slashed) revert WrongState(disputeId, d.state);
        if (block.timestamp < d.deadline) revert TooEarly(d.deadline);
        d.state = State.Closed;
        uint256 amount = d.amount;
        // the client first, but at least half is burnt: whoever accuses itself still loses that half
        uint256 toClient = _shareOf(amount, DisputeParametersLib.CLIENT_BPS);
        if (d.price < toClient) toClient = d.price;
        _payOut(disputeId, amount, toClient, d.challenger, d.bond);
    }

    /// @inheritdoc IJobDisputes
    function disputes(bytes32 disputeId) external view returns (Dispute memory) {
        return _disputes[disputeId];
    }

    /// @inheritdoc IJobDisputes
    function referees() external view returns (address) {
        return address(_referees);
    }

    /// @notice Writes a new dispute, before anything moves.
    function _open(Receipt calldata receipt, bytes32 receiptHash, bytes32 modelId) private returns (bytes32 disputeId) {
        bytes32 faultId = FaultId.ofWrongResult(receipt);
        _requireFresh(faultId);
        disputeId = keccak256(abi.encode(faultId, receiptHash, msg.sender, block.timestamp));
        disputeOf[faultId] = disputeId;
        Dispute storage d = _disputes[disputeId];
        uint96 stake = _stakeOf(receipt.provider);
        uint96 amount = _atStake(receipt, stake);
        (d.provider, d.amount) = (receipt.provider, amount);
        (d.challenger, d.bond) = (msg.sender, _parameters.bond);
        (d.modelId, d.receiptHash, d.faultId) = (modelId, receiptHash, faultId);
        (d.price, d.frozen) = (receipt.amount, amount < stake ? amount : stake);
        uint256 drawAt = DrawTime.startAfter(block.timestamp, _epoch);
        (d.openedAt, d.drawAt) = (_time(block.timestamp), _time(drawAt));
        d.deadline = _time(drawAt + _registry.durations().dispute);
        (d.committee, d.quorum) = (_parameters.committee, _parameters.quorum);
        d.state = State.Open;
    }

    /// @notice Takes what was frozen, the rest of it from the earnings, and holds it.
    function _slash(Dispute storage d) private {
        (address provider, uint96 amount, bytes32 faultId) = (d.provider, d.amount, d.faultId);
        d.state = State.Slashed;
        d.deadline = _time(block.timestamp + _slashLock);
        _registry.unfreeze(provider, d.frozen, faultId);
        uint96 taken = _registry.slash(provider, amount, faultId, d.challenger);
        if (taken == amount) return;
        d.amount = taken + _market.slashEarned(provider, amount - taken, faultId);
    }

    /// @notice Ends a dispute without a slash. An accuser that was wrong pays for everybody's time, and nobody gains by
    /// it; else its bond goes back.
    function _close(Dispute storage d, bool isDismissed) private {
        d.state = State.Closed;
        _registry.unfreeze(d.provider, d.frozen, d.faultId);
        if (isDismissed) _burn(d.bond);
        else _pay(d.challenger, d.bond);
    }

    function _openDispute(bytes32 disputeId) private view returns (Dispute storage d) {
        d = _disputes[disputeId];
        if (d.state != State.Open) revert WrongState(disputeId, d.state);
    }

    /// @notice Reverts unless the caller is the payer of the order, or the account whose session key that is.
    function _requireClient(address payer) private view {
        if (msg.sender == payer) return;
        (address account,,,,) = _market.sessions(payer);
        if (msg.sender != account) revert NotClient(msg.sender);
    }

    /// @notice Reverts when the fault is in dispute or was decided. A dispute without a quorum decided nothing.
    function _requireFresh(bytes32 faultId) private view {
        bytes32 disputeId = disputeOf[faultId];
        if (disputeId == 0) return;
        if (_disputes[disputeId].state == State.Open) revert AlreadyDisputed(disputeId);
        revert AlreadyPunished(faultId);
    }

    /// @notice What a wrong result costs: a share of the stake, at least a multiple of the price, at most all there is.
    function _atStake(Receipt calldata receipt, uint96 stake) private view returns (uint96) {
        uint256 amount = _shareOf(stake, _parameters.wrongResultBps);
        uint256 least = uint256(receipt.amount) * PRICE_MULTIPLE;
        if (least > amount) {
            (uint96 earned,,) = _market.earned(receipt.provider);
            uint256 most = uint256(stake) + earned;
            amount = least < most ? least : most;
        }
        if (amount == 0) revert NothingAtStake(receipt.provider);
        // at most the supply, which is below 2^96
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint96(amount);
    }

    /// @dev 40 bits last for 34,000 years
    function _time(uint256 time) private pure returns (uint40) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint40(time);
    }
}
