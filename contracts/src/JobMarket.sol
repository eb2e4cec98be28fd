// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "./interfaces/IJobMarket.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {Channel, Channels} from "./libraries/Channels.sol";
import {Earnings} from "./libraries/Earnings.sol";
import {MarketLogic} from "./libraries/MarketLogic.sol";
import {OrderLib} from "./libraries/OrderLib.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {VoucherLib} from "./libraries/VoucherLib.sol";
import {EarningsBook} from "./market/EarningsBook.sol";
import {MarketBase} from "./market/MarketBase.sol";
import {RedeemGroup, RedeemPermit, Voucher} from "./types/Signed.sol";

/// @title The market: escrow, channels and earnings, and here the redemption of vouchers
/// @notice See IJobMarket.
contract JobMarket is EarningsBook {
    using Channels for Channel;
    using Signatures for address;

    /// @inheritdoc IJobMarket
    uint256 public constant MAX_BATCH = 1_000;
    /// @inheritdoc IJobMarket
    uint256 public constant MAX_GROUPS = 64;
    /// @inheritdoc IJobMarket
    uint256 public constant BURN_DIVISOR = Earnings.BURN_DIVISOR;
    /// @inheritdoc IJobMarket
    uint256 public constant MAX_FEE_BPS = MarketLogic.MAX_FEE_BPS;

    uint256 private constant MAX_SIZE = MAX_BATCH * VoucherLib.PACKED_SIZE;

    /// @notice Takes token, durations and the disputes contract from the registry.
    /// @param registry_ the registry that names this very address as its market
    constructor(IProviderRegistry registry_) MarketBase(registry_) {}

    /// @inheritdoc IJobMarket
    function finalizeJob(Voucher calldata voucher, bytes calldata signature) external returns (uint96) {
        if (voucher.epoch != 0) revert InvalidEpoch(voucher.epoch);
        if (!voucher.payer.isBy(_digest(OrderLib.hashOfCall(VoucherLib.TYPEHASH, 4)), signature)) {
            revert InvalidSignature();
        }
        address provider = voucher.provider;
        uint256 room = _roomOf(provider);
        Channel storage channel = _set.channels[provider][voucher.payer];
        uint256 paid = channel.redeem(voucher.cumulative, room);
        if (paid == 0) {
            if (voucher.cumulative > channel.allotted) revert AllotmentExceeded(voucher.cumulative, channel.allotted);
            if (voucher.cumulative <= channel.redeemed) revert ALREADY_FINALIZED(channel.redeemed);
            revert RedemptionLimitReached();
        }
        _burn(_finishJobs(provider, paid, 0, room - paid, 1));
        return _uint96(paid);
    }

    /// @inheritdoc IJobMarket
    function finalizeJobs(address provider, bytes calldata packed) external returns (uint96) {
        (uint256 paid, uint256 burnt) = _redeemJobs(provider, packed, 0);
        _burn(burnt);
        return _uint96(paid);
    }

    /// @inheritdoc IJobMarket
    function finalizeMany(RedeemGroup[] calldata groups) external returns (uint96) {
        if (groups.length == 0 || groups.length > MAX_GROUPS) revert GroupCount(groups.length);
        uint256 total = 0;
        uint256 size = 0;
        uint256 fees = 0;
        uint256 burnt = 0;
        for (uint256 i = 0; i < groups.length; ++i) {
            RedeemGroup calldata group = groups[i];
            RedeemPermit calldata permit = group.permit;
            size += group.packed.length;
            if (size > MAX_SIZE) revert BatchLength(size);
            bytes4 reason = _refusalOf(permit, group.signature, group.packed.length);
            if (reason != 0) {
                emit GroupSkipped(permit.provider, i, reason);
                continue;
            }
            (uint256 paid, uint256 gone) = _redeemJobs(permit.provider, group.packed, permit.feeBps);
            total += paid;
            burnt += gone;
            if (permit.feeBps != 0 && paid != 0) fees += _takeFee(permit, paid);
        }
        if (fees != 0) _bookFee(msg.sender, fees);
        _burn(burnt);
        return _uint96(total);
    }

    /// @inheritdoc IJobMarket
    function finalizeService(address provider, bytes calldata packed) external returns (uint96) {
        if (_isBadSize(packed.length)) revert BatchLength(packed.length);
        uint256 room = _roomOf(provider);
        (uint256 left, uint256 vouchers) = MarketLogic.redeemService(_set, provider, packed, domainSeparator(), room);
        uint256 paid = room - left;
        if (paid == 0) return 0;
        uint256 burnt = _book(provider, paid, 0, left);
        emit ServiceFinalized(provider, paid, vouchers, burnt);
        _burn(burnt);
        return _uint96(paid);
    }

    function _redeemJobs(
        address provider,
        bytes calldata packed,
        uint256 feeBps
    )
        private
        returns (uint256 paid, uint256 burnt)
    {
        if (_isBadSize(packed.length)) revert BatchLength(packed.length);
        uint256 room = _roomOf(provider);
        (uint256 left, uint256 vouchers) = MarketLogic.redeemJobs(_set, provider, packed, domainSeparator(), room);
        paid = room - left;
        if (paid != 0) burnt = _finishJobs(provider, paid, _feeOf(paid, feeBps), left, vouchers);
    }

    function _finishJobs(
        address provider,
        uint256 paid,
        uint256 fee,
        uint256 left,
        uint256 vouchers
    )
        private
        returns (uint256 burnt)
    {
        burnt = _book(provider, paid, fee, left);
        emit JobFinalized(provider, paid, vouchers, burnt);
    }

    function _takeFee(RedeemPermit calldata permit, uint256 paid) private returns (uint256 fee) {
        _useNonce(permit.provider, permit.nonce);
        fee = _feeOf(paid, permit.feeBps);
        emit RelayerPaid(permit.provider, msg.sender, fee);
    }

    function _feeOf(uint256 paid, uint256 feeBps) private pure returns (uint256) {
        return (paid * feeBps) / 10_000;
    }

    /// @notice Why a group cannot be redeemed or its fee not be taken, or zero.
    function _refusalOf(
        RedeemPermit calldata permit,
        bytes calldata signature,
        uint256 size
    )
        private
        view
        returns (bytes4)
    {
        if (_isBadSize(size)) return BatchLength.selector;
        address operator = _operatorOf(permit.provider);
        if (operator == address(0)) return INVALID_PROVIDER.selector;
        if (permit.feeBps == 0) return 0;
        if (isNonceUsed(permit.provider, permit.nonce)) return NonceUsed.selector;
        return MarketLogic.refusalOf(permit, signature, msg.sender, operator, domainSeparator());
    }

    function _isBadSize(uint256 size) private pure returns (bool) {
        return size == 0 || size > MAX_SIZE || size % VoucherLib.PACKED_SIZE != 0;
    }

    /// @dev what is paid lies in the market: below the supply, which fits
    function _uint96(uint256 amount) private pure returns (uint96) {
        // forge-lint: disable-next-line(unsafe-typecast)
        return uint96(amount);
    }
}
