// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {IThawErrors} from "../interfaces/IThawErrors.sol";
import {ChannelBook, EscrowBook, Session} from "../types/Books.sol";
import {RedeemPermit, SessionGrant} from "../types/Signed.sol";
import {Channel, Channels} from "./Channels.sol";
import {OrderLib} from "./OrderLib.sol";
import {Signatures} from "./Signatures.sol";
import {VoucherLib} from "./VoucherLib.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title The part of the market that is deployed apart and linked
/// @notice Session keys and the loops over batches: what the market's own size has no room for. It keeps no state and
/// holds no money; it works on the books of the market that calls it.
library MarketLogic {
    using Channels for Channel;
    using Signatures for address;
    using VoucherLib for VoucherLib.Form;

    /// @notice The zero provider: whose channels are the service allotments.
    address internal constant SERVICE = address(0);
    /// @notice The most that a relayer may take, hundredths of a per cent.
    uint256 internal constant MAX_FEE_BPS = 100;

    /// @notice See IJobMarket.authorizeSession.
    function authorize(
        EscrowBook storage book,
        SessionGrant calldata grant,
        bytes32 separator,
        bytes calldata proof
    )
        external
    {
        (address account, address session) = (grant.account, grant.session);
        if (session == account || book.sessions[account].account != address(0)) {
            revert IJobMarket.InvalidSession(session);
        }
        Session storage s = book.sessions[session];
        if (s.account != address(0) && s.account != account) revert IJobMarket.SessionTaken(session, s.account);
        bytes32 digest = MessageHashUtils.toTypedDataHash(separator, OrderLib.hash(grant));
        if (!session.isBy(digest, proof)) revert IJobMarket.InvalidSignature();
        s.account = account;
        s.cap = grant.cap;
        s.expiry = grant.expiry;
        s.thawEnd = 0;
        emit IJobMarket.SessionAuthorized(account, session, grant.cap, grant.expiry);
    }

    /// @notice See IJobMarket.startRevokeSession.
    function startRevoke(EscrowBook storage book, address session, uint64 thawEnd) external {
        Session storage s = book.sessions[session];
        if (s.thawEnd != 0) revert IJobMarket.SessionEnded(session);
        s.thawEnd = thawEnd;
        emit IJobMarket.SessionRevokeStarted(s.account, session, thawEnd);
    }

    /// @notice See IJobMarket.reclaimSession.
    function reclaim(EscrowBook storage book, address session) external {
        Session storage s = book.sessions[session];
        uint64 end = s.thawEnd != 0 && s.thawEnd < s.expiry ? s.thawEnd : s.expiry;
        if (block.timestamp < end) revert IThawErrors.StillThawing(end);
        uint96 amount = book.accounts[session].free;
        if (amount == 0) revert IThawErrors.ZeroAmount();
        book.accounts[session].free = 0;
        book.accounts[s.account].free += amount;
        emit IJobMarket.SessionReclaimed(s.account, session, amount);
    }

    /// @notice Takes what `session` is short of out of the account it belongs to; the caller books it.
    /// @param have what the key has itself, wei
    /// @param need what it wants to allot, wei, more than `have`
    function draw(EscrowBook storage book, address session, uint96 have, uint96 need) external {
        Session storage s = book.sessions[session];
        address account = s.account;
        if (account == address(0)) revert IThawErrors.InsufficientBalance(have, need);
        if (s.thawEnd != 0 || block.timestamp >= s.expiry) revert IJobMarket.SessionEnded(session);
        uint96 lack = need - have;
        uint256 drawn = uint256(s.drawn) + lack;
        if (drawn > s.cap) revert IJobMarket.SessionCapExceeded(drawn, s.cap);
        uint96 there = book.accounts[account].free;
        if (lack > there) revert IThawErrors.InsufficientBalance(there, lack);
        // drawn <= cap, a uint96
        // forge-lint: disable-next-line(unsafe-typecast)
        s.drawn = uint96(drawn);
        book.accounts[account].free = there - lack;
        emit IJobMarket.SessionDrawn(account, session, lack);
    }

    /// @notice Why the fee of a permit cannot be taken, or zero.
    /// @param relayer who wants to take it
    /// @param operator who signs for the provider, beside its owner
    function refusalOf(
        RedeemPermit calldata permit,
        bytes calldata signature,
        address relayer,
        address operator,
        bytes32 separator
    )
        external
        view
        returns (bytes4)
    {
        if (permit.feeBps > MAX_FEE_BPS) return IJobMarket.FeeTooHigh.selector;
        if (block.timestamp > permit.deadline) return IJobMarket.JOB_EXPIRED.selector;
        bytes32 digest = MessageHashUtils.toTypedDataHash(separator, OrderLib.hash(permit));
        bool signed = operator.isBy(digest, signature) || permit.provider.isBy(digest, signature);
        return signed && permit.relayer == relayer ? bytes4(0) : IJobMarket.InvalidSignature.selector;
    }

    /// @notice Redeems the vouchers of a batch that can be, and says why the others cannot.
    /// @param room what may be redeemed at most, wei
    /// @return left what remains of `room`, wei
    /// @return vouchers how many paid
    function redeemJobs(
        ChannelBook storage book,
        address provider,
        bytes calldata packed,
        bytes32 separator,
        uint256 room
    )
        external
        returns (uint256 left, uint256 vouchers)
    {
        VoucherLib.Form memory form = VoucherLib.formOf(provider, false, separator);
        return _redeemJobs(form, book.channels[provider], packed, room);
    }

    /// @notice The same for service vouchers.
    function redeemService(
        ChannelBook storage book,
        address provider,
        bytes calldata packed,
        bytes32 separator,
        uint256 room
    )
        external
        returns (uint256 left, uint256 vouchers)
    {
        VoucherLib.Form memory form = VoucherLib.formOf(provider, true, separator);
        left = room;
        for (uint256 at = 0; at < packed.length; at += VoucherLib.PACKED_SIZE) {
            (uint256 paid, bytes4 reason) = _redeemService(book, form, packed, at, left);
            if (reason != 0) {
                emit IJobMarket.VoucherSkipped(form.provider, form.payer, at / VoucherLib.PACKED_SIZE, reason);
            }
            if (paid == 0) continue;
            left -= paid;
            ++vouchers;
        }
    }

    function _redeemJobs(
        VoucherLib.Form memory form,
        mapping(address payer => Channel) storage ofProvider,
        bytes calldata packed,
        uint256 room
    )
        private
        returns (uint256 left, uint256 vouchers)
    {
        left = room;
        for (uint256 at = 0; at < packed.length;) {
            (address payer, uint96 cumulative, bool signed) = form.read(packed, at);
            Channel storage channel = ofProvider[payer];
            uint256 paid = signed ? channel.redeem(cumulative, left) : 0;
            // paid is at most what is left; no batch is longer than calldata can be
            unchecked {
                left -= paid;
                if (paid != 0) ++vouchers;
                // only where the room of the period ended can a voucher be paid in part
                if (paid == 0 || (left == 0 && channel.redeemed != cumulative)) {
                    bytes4 reason = signed ? _reasonOf(channel, cumulative) : IJobMarket.InvalidSignature.selector;
                    emit IJobMarket.VoucherSkipped(form.provider, payer, at / VoucherLib.PACKED_SIZE, reason);
                }
                at += VoucherLib.PACKED_SIZE;
            }
        }
    }

    /// @notice Redeems one entry from the payer's service allotment, whose `redeemed` is the sum over all who serve.
    /// @return paid wei
    /// @return reason zero when the voucher was paid in full
    function _redeemService(
        ChannelBook storage book,
        VoucherLib.Form memory form,
        bytes calldata packed,
        uint256 at,
        uint256 room
    )
        private
        returns (uint256 paid, bytes4 reason)
    {
        (address payer, uint96 cumulative, bool signed) = form.read(packed, at);
        if (!signed) return (0, IJobMarket.InvalidSignature.selector);
        mapping(address => uint96) storage redeemed = book.redeemedService[form.provider];
        uint96 before = redeemed[payer];
        if (cumulative <= before) return (0, IJobMarket.ALREADY_FINALIZED.selector);
        uint96 due = cumulative - before;
        Channel storage pool = book.channels[SERVICE][payer];
        if (due > pool.rest()) return (0, IJobMarket.AllotmentExceeded.selector);
        paid = pool.redeem(pool.redeemed + due, room);
        // at most what is due, a uint96
        // forge-lint: disable-next-line(unsafe-typecast)
        if (paid != 0) redeemed[payer] = before + uint96(paid);
        if (paid != due) reason = IJobMarket.RedemptionLimitReached.selector;
    }

    /// @notice Why a signed voucher was not paid in full.
    function _reasonOf(Channel storage channel, uint96 cumulative) private view returns (bytes4) {
        if (cumulative > channel.allotted) return IJobMarket.AllotmentExceeded.selector;
        bool stale = cumulative <= channel.redeemed;
        return stale ? IJobMarket.ALREADY_FINALIZED.selector : IJobMarket.RedemptionLimitReached.selector;
    }
}
