// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "./interfaces/IJobMarket.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {AllotmentLib} from "./libraries/AllotmentLib.sol";
import {Channel, Channels} from "./libraries/Channels.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Balance, Thaw} from "./libraries/Thaw.sol";
import {VoucherLib} from "./libraries/VoucherLib.sol";
import {Durations} from "./types/Durations.sol";
import {Allotment, Voucher} from "./types/Signed.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

/// @title Escrow, channels and earnings
/// @notice See IJobMarket.
contract JobMarket is IJobMarket, ReentrancyGuardTransient {
    using BitMaps for BitMaps.BitMap;
    using Channels for Channel;
    using SafeERC20 for IERC20;
    using Signatures for address;
    using Thaw for Balance;

    /// @notice The most vouchers in one batch: about 11 million gas, below the cap of a transaction (EIP-7825).
    uint256 public constant MAX_BATCH = 1_000;

    IERC20 private immutable _token;
    IProviderRegistry private immutable _registry;
    uint256 private immutable _chainId;
    bytes32 private immutable _domainSeparator;
    /// @inheritdoc IJobMarket
    uint64 public immutable escrowThaw;
    /// @inheritdoc IJobMarket
    uint64 public immutable earnedThaw;

    mapping(address payer => Balance) private _accounts;
    /// @dev by provider first: a batch is for one provider
    mapping(address provider => mapping(address payer => Channel)) private _channels;
    mapping(address provider => Balance) private _earned;
    mapping(address payer => BitMaps.BitMap) private _nonces;

    /// @notice Takes token and durations from the registry.
    /// @param registry_ the registry that names this very address as its market
    constructor(IProviderRegistry registry_) {
        if (registry_.market() != address(this)) revert WrongMarket(registry_.market());
        Durations memory durations = registry_.durations();
        _registry = registry_;
        _token = IERC20(registry_.token());
        _chainId = block.chainid;
        _domainSeparator = registry_.domainSeparator();
        escrowThaw = durations.escrowThaw;
        earnedThaw = durations.earnedThaw;
    }

    /// @inheritdoc IJobMarket
    function deposit(address payer, uint96 amount) external nonReentrant {
        if (payer == address(0)) revert ZeroAddress();
        _deposit(payer, amount);
    }

    /// @inheritdoc IJobMarket
    function depositWithPermit(uint96 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external nonReentrant {
        // Anybody can copy the permit from the mempool and submit it first. The allowance is then there all the same;
        // if it is not, the transfer below says so. Only the caller's own money can move, into its own account.
        // solhint-disable-next-line no-empty-blocks
        try IERC20Permit(address(_token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(msg.sender, amount);
    }

    /// @inheritdoc IJobMarket
    function startWithdraw(uint96 amount) external {
        emit WithdrawStarted(msg.sender, amount, _accounts[msg.sender].start(amount, escrowThaw));
    }

    /// @inheritdoc IJobMarket
    function cancelWithdraw() external {
        emit WithdrawCancelled(msg.sender, _accounts[msg.sender].cancel());
    }

    /// @inheritdoc IJobMarket
    function withdraw(address to) external nonReentrant {
        uint96 amount = _accounts[msg.sender].finish();
        _token.safeTransfer(to, amount);
        emit Withdrawn(msg.sender, to, amount);
    }

    /// @inheritdoc IJobMarket
    function allot(address provider, uint96 amount) external {
        _allot(msg.sender, provider, amount);
    }

    /// @inheritdoc IJobMarket
    function allotBySig(Allotment calldata allotment, bytes calldata signature) external {
        address payer = allotment.payer;
        if (block.timestamp > allotment.deadline) revert JOB_EXPIRED(allotment.deadline);
        if (!payer.isBy(_digest(AllotmentLib.hash(allotment)), signature)) revert InvalidSignature();
        if (_nonces[payer].get(allotment.nonce)) revert NonceUsed(payer, allotment.nonce);
        _nonces[payer].set(allotment.nonce);
        _allot(payer, allotment.provider, allotment.amount);
    }

    /// @inheritdoc IJobMarket
    function startUnallot(address provider, uint96 amount) external {
        uint64 thawEnd = _channels[provider][msg.sender].startThaw(amount, escrowThaw);
        emit UnallotStarted(msg.sender, provider, amount, thawEnd);
    }

    /// @inheritdoc IJobMarket
    function cancelUnallot(address provider) external {
        emit UnallotCancelled(msg.sender, provider, _channels[provider][msg.sender].cancelThaw());
    }

    /// @inheritdoc IJobMarket
    function finishUnallot(address provider) external {
        _release(msg.sender, provider, _channels[provider][msg.sender].finishThaw());
    }

    /// @inheritdoc IJobMarket
    function unallot(address payer) external {
        _release(payer, msg.sender, _channels[msg.sender][payer].close());
    }

    /// @inheritdoc IJobMarket
    function finalizeJob(Voucher calldata voucher, bytes calldata signature) external returns (uint96 paid) {
        if (voucher.epoch != 0) revert InvalidEpoch(voucher.epoch);
        if (!voucher.payer.isBy(_digest(VoucherLib.hash(voucher)), signature)) revert InvalidSignature();
        Channel storage channel = _channels[voucher.provider][voucher.payer];
        paid = channel.redeem(voucher.cumulative);
        if (paid == 0) {
            if (voucher.cumulative > channel.allotted) revert AllotmentExceeded(voucher.cumulative, channel.allotted);
            revert ALREADY_FINALIZED(channel.redeemed);
        }
        _earned[voucher.provider].credit(paid);
        emit JobFinalized(voucher.provider, paid, 1);
    }

    /// @inheritdoc IJobMarket
    function finalizeJobs(address provider, bytes calldata packed) external returns (uint96 total) {
        uint256 count = packed.length / VoucherLib.PACKED_SIZE;
        if (count == 0 || count > MAX_BATCH || packed.length % VoucherLib.PACKED_SIZE != 0) {
            revert BatchLength(packed.length);
        }
        bytes32 separator = domainSeparator();
        mapping(address payer => Channel) storage ofProvider = _channels[provider];
        uint256 redeemed = 0;
        for (uint256 i = 0; i < count; ++i) {
            uint96 paid = _redeemAt(ofProvider, separator, provider, packed, i);
            // what is paid lies in this contract, so the sum stays below the supply; redeemed stays below MAX_BATCH
            unchecked {
                total += paid;
                if (paid != 0) ++redeemed;
            }
        }
        if (redeemed == 0) return 0;
        _earned[provider].credit(total);
        emit JobFinalized(provider, total, redeemed);
    }

    /// @inheritdoc IJobMarket
    function startWithdrawEarned(uint96 amount) external {
        emit EarnedWithdrawStarted(msg.sender, amount, _earned[msg.sender].start(amount, earnedThaw));
    }

    /// @inheritdoc IJobMarket
    function cancelWithdrawEarned() external {
        emit EarnedWithdrawCancelled(msg.sender, _earned[msg.sender].cancel());
    }

    /// @inheritdoc IJobMarket
    function withdrawEarned(address to) external nonReentrant {
        uint96 amount = _earned[msg.sender].finish();
        _token.safeTransfer(to, amount);
        emit EarnedWithdrawn(msg.sender, to, amount);
    }

    /// @inheritdoc IJobMarket
    function accounts(address payer) external view returns (uint96 free, uint96 thawing, uint64 thawEnd) {
        Balance storage account = _accounts[payer];
        return (account.free(), account.thawing, account.thawEnd);
    }

    /// @inheritdoc IJobMarket
    function channels(
        address payer,
        address provider
    )
        external
        view
        returns (uint96 allotted, uint96 redeemed, uint96 thawing, uint64 thawEnd)
    {
        Channel storage channel = _channels[provider][payer];
        return (channel.allotted, channel.redeemed, channel.thawing, channel.thawEnd);
    }

    /// @inheritdoc IJobMarket
    function capacity(address payer, address provider) external view returns (uint96) {
        return _channels[provider][payer].capacity();
    }

    /// @inheritdoc IJobMarket
    function earned(address provider) external view returns (uint96 total, uint96 thawing, uint64 thawEnd) {
        Balance storage balance = _earned[provider];
        return (balance.total, balance.thawing, balance.thawEnd);
    }

    /// @inheritdoc IJobMarket
    function isNonceUsed(address payer, uint64 nonce) external view returns (bool) {
        return _nonces[payer].get(nonce);
    }

    /// @inheritdoc IJobMarket
    function token() external view returns (address) {
        return address(_token);
    }

    /// @inheritdoc IJobMarket
    function registry() external view returns (address) {
        return address(_registry);
    }

    /// @inheritdoc IJobMarket
    function domainSeparator() public view returns (bytes32) {
        // after a fork of the chain the registry answers for the new chain id
        return block.chainid == _chainId ? _domainSeparator : _registry.domainSeparator();
    }

    function _deposit(address payer, uint96 amount) private {
        if (amount == 0) revert ZeroAmount();
        _accounts[payer].credit(amount);
        _token.safeTransferFrom(msg.sender, address(this), amount);
        emit Deposited(payer, msg.sender, amount);
    }

    function _allot(address payer, address provider, uint96 amount) private {
        if (amount == 0) revert ZeroAmount();
        Channel storage channel = _channels[provider][payer];
        // registrations are for ever, so an open channel needs no second look
        if (channel.allotted == 0 && _registry.operatorOf(provider) == address(0)) revert INVALID_PROVIDER(provider);
        _accounts[payer].debit(amount);
        channel.allotted += amount;
        emit Allotted(payer, provider, amount);
    }

    function _release(address payer, address provider, uint96 amount) private {
        _accounts[payer].credit(amount);
        emit Unallotted(payer, provider, amount);
    }

    /// @notice Redeems one entry of a batch, or says why not.
    /// @return paid what the voucher at `index` paid, zero when it was skipped
    function _redeemAt(
        mapping(address payer => Channel) storage ofProvider,
        bytes32 separator,
        address provider,
        bytes calldata packed,
        uint256 index
    )
        private
        returns (uint96 paid)
    {
        (address payer, uint96 cumulative, bytes32 r, bytes32 vs) = VoucherLib.entryOf(packed, index);
        bytes32 structHash = VoucherLib.hash(payer, provider, cumulative, 0);
        bytes4 reason = InvalidSignature.selector;
        if (payer.isBy(MessageHashUtils.toTypedDataHash(separator, structHash), r, vs)) {
            paid = ofProvider[payer].redeem(cumulative);
            if (paid != 0) return paid;
            bool above = cumulative > ofProvider[payer].allotted;
            reason = above ? AllotmentExceeded.selector : ALREADY_FINALIZED.selector;
        }
        emit VoucherSkipped(provider, payer, index, reason);
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(domainSeparator(), structHash);
    }
}
