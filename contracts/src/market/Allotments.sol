// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {Channel, Channels} from "../libraries/Channels.sol";
import {MarketLogic} from "../libraries/MarketLogic.sol";
import {OrderLib} from "../libraries/OrderLib.sol";
import {Thawing, Thaws} from "../libraries/Thaws.sol";
import {ChannelBook} from "../types/Books.sol";
import {Allotment, Deposit, TokenPermit, Unallotment} from "../types/Signed.sol";
import {Escrow} from "./Escrow.sol";

/// @title What payers set aside: a channel per provider, and one service allotment for all seats and verifiers
/// @notice See IJobMarket. The service allotment is the channel to the zero provider, which is nobody: nothing can be
/// redeemed from it but service vouchers.
abstract contract Allotments is Escrow {
    using Channels for Channel;
    using Thaws for Thawing;

    address private constant SERVICE = MarketLogic.SERVICE;

    ChannelBook internal _set;

    /// @inheritdoc IJobMarket
    function allot(address provider, uint96 amount) external {
        if (provider == SERVICE) revert INVALID_PROVIDER(provider);
        _allot(msg.sender, provider, amount);
    }

    /// @inheritdoc IJobMarket
    function allotService(uint96 amount) external {
        _allot(msg.sender, SERVICE, amount);
    }

    /// @inheritdoc IJobMarket
    function allotFor(address session, address provider, uint96 amount) external {
        _checkAccountOf(session);
        _allot(session, provider, amount);
    }

    /// @inheritdoc IJobMarket
    function allotBySig(Allotment calldata allotment, bytes calldata signature) external {
        _useOrder(
            allotment.payer,
            allotment.nonce,
            allotment.deadline,
            OrderLib.hashOfCall(OrderLib.ALLOTMENT_TYPEHASH, 5),
            signature
        );
        _allot(allotment.payer, allotment.provider, allotment.amount);
    }

    /// @inheritdoc IJobMarket
    function depositBySig(Deposit calldata order, bytes calldata signature, TokenPermit calldata permit) external {
        _useOrder(
            order.payer, order.nonce, order.deadline, OrderLib.hashOfCall(OrderLib.DEPOSIT_TYPEHASH, 6), signature
        );
        _permit(order.payer, order.amount, permit);
        _deposit(order.payer, order.payer, order.amount);
        if (order.allotted != 0) _allot(order.payer, order.provider, order.allotted);
    }

    /// @inheritdoc IJobMarket
    function startUnallot(address provider, uint96 amount) external {
        _startUnallot(msg.sender, provider, amount);
    }

    /// @inheritdoc IJobMarket
    function startUnallotService(uint96 amount) external {
        _startUnallot(msg.sender, SERVICE, amount);
    }

    /// @inheritdoc IJobMarket
    function startUnallotFor(address session, address provider, uint96 amount) external {
        _checkAccountOf(session);
        _startUnallot(session, provider, amount);
    }

    /// @inheritdoc IJobMarket
    function cancelUnallot(address provider) external {
        _cancelUnallot(provider);
    }

    /// @inheritdoc IJobMarket
    function cancelUnallotService() external {
        _cancelUnallot(SERVICE);
    }

    /// @inheritdoc IJobMarket
    function finishUnallot(address provider) external {
        _finishUnallot(msg.sender, provider);
    }

    /// @inheritdoc IJobMarket
    function finishUnallotService() external {
        _finishUnallot(msg.sender, SERVICE);
    }

    /// @inheritdoc IJobMarket
    function finishUnallotFor(address session, address provider) external {
        _checkAccountOf(session);
        _finishUnallot(session, provider);
    }

    /// @inheritdoc IJobMarket
    function unallot(address payer) external {
        _release(payer, msg.sender, _set.channels[msg.sender][payer].close());
    }

    /// @inheritdoc IJobMarket
    function unallotBySig(Unallotment calldata order, bytes calldata signature) external {
        if (block.timestamp > order.deadline) revert JOB_EXPIRED(order.deadline);
        if (!_isByProvider(order.provider, OrderLib.hashOfCall(OrderLib.UNALLOTMENT_TYPEHASH, 4), signature)) {
            revert InvalidSignature();
        }
        _useNonce(order.provider, order.nonce);
        _release(order.payer, order.provider, _set.channels[order.provider][order.payer].close());
    }

    /// @inheritdoc IJobMarket
    function channels(
        address payer,
        address provider
    )
        public
        view
        returns (uint96 allotted, uint96 redeemed, uint96 thawing, uint64 thawEnd)
    {
        Channel storage channel = _set.channels[provider][payer];
        return (channel.allotted, channel.redeemed, channel.thaw.amount, channel.thaw.end);
    }

    /// @inheritdoc IJobMarket
    function service(address payer)
        external
        view
        returns (uint96 allotted, uint96 redeemed, uint96 thawing, uint64 thawEnd)
    {
        return channels(payer, SERVICE);
    }

    /// @inheritdoc IJobMarket
    function redeemedService(address payer, address provider) external view returns (uint96) {
        return _set.redeemedService[provider][payer];
    }

    /// @inheritdoc IJobMarket
    function capacity(address payer, address provider) external view returns (uint96) {
        Channel storage channel = _set.channels[provider][payer];
        return channel.rest() - channel.thaw.amount;
    }

    function _allot(address payer, address provider, uint96 amount) private {
        if (amount == 0) revert ZeroAmount();
        Channel storage channel = _set.channels[provider][payer];
        // registrations are for ever, so an open channel needs no second look
        if (channel.allotted == 0 && provider != SERVICE && _operatorOf(provider) == address(0)) {
            revert INVALID_PROVIDER(provider);
        }
        _debit(payer, amount);
        channel.allotted += amount;
        emit Allotted(payer, provider, amount);
    }

    function _startUnallot(address payer, address provider, uint96 amount) private {
        emit UnallotStarted(payer, provider, amount, _set.channels[provider][payer].startThaw(amount, escrowThaw));
    }

    function _cancelUnallot(address provider) private {
        emit UnallotCancelled(msg.sender, provider, _set.channels[provider][msg.sender].thaw.cancel());
    }

    function _finishUnallot(address payer, address provider) private {
        _release(payer, provider, _set.channels[provider][payer].finishThaw());
    }

    function _release(address payer, address provider, uint96 amount) private {
        _credit(payer, amount);
        emit Unallotted(payer, provider, amount);
    }
}
