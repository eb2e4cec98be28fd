// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Allotment, Deposit, RedeemGroup, TokenPermit, Unallotment, Voucher} from "../types/Signed.sol";
import {IThawErrors} from "./IThawErrors.sol";

/// @title Where clients keep their money and providers redeem vouchers
/// @notice A payer deposits once, allots parts to channels (payer, provider), and pays off chain by signing cumulative
/// vouchers. Seats, verifiers and referees are paid in the same way from one service allotment per payer, which the
/// zero provider stands for. A hundredth of what is redeemed is burnt; the rest is the provider's earnings, leaves after
/// a delay, and can be slashed until then. Nobody else, the deployer included, has any power over it. All amounts are
/// wei of DUCK; all times are unix seconds.
interface IJobMarket is IThawErrors {
    /// @notice `from` put `amount` wei into the account of `payer`.
    event Deposited(address indexed payer, address from, uint96 amount);

    /// @notice `amount` wei of the account of `payer` may leave at `thawEnd`.
    event WithdrawStarted(address indexed payer, uint96 amount, uint64 thawEnd);

    /// @notice `payer` kept the `amount` wei that were thawing.
    event WithdrawCancelled(address indexed payer, uint96 amount);

    /// @notice `amount` wei of the account of `payer` went to `to`.
    event Withdrawn(address indexed payer, address indexed to, uint96 amount);

    /// @notice `account` let the key `session` spend up to `cap` wei of it until `expiry`.
    event SessionAuthorized(address indexed account, address indexed session, uint96 cap, uint64 expiry);

    /// @notice `amount` wei of `account` went to its key `session`, which had less than it allotted.
    event SessionDrawn(address indexed account, address indexed session, uint96 amount);

    /// @notice `session` draws no more, and what it holds unallotted can be taken back from `thawEnd` on.
    event SessionRevokeStarted(address indexed account, address indexed session, uint64 thawEnd);

    /// @notice `amount` wei that `session` had not allotted went back to `account`.
    event SessionReclaimed(address indexed account, address indexed session, uint96 amount);

    /// @notice `payer` added `amount` wei to its channel with `provider`; zero is its service allotment.
    event Allotted(address indexed payer, address indexed provider, uint96 amount);

    /// @notice `amount` wei of the channel may go back to `payer` at `thawEnd`. The provider redeems before that.
    event UnallotStarted(address indexed payer, address indexed provider, uint96 amount, uint64 thawEnd);

    /// @notice `payer` left the `amount` wei that were thawing in the channel.
    event UnallotCancelled(address indexed payer, address indexed provider, uint96 amount);

    /// @notice `amount` wei of the channel went back into the account of `payer`.
    event Unallotted(address indexed payer, address indexed provider, uint96 amount);

    /// @notice `vouchers` vouchers paid `total` wei; `burnt` of them are gone, `provider` (and its relayer, where
    /// RelayerPaid says so) earned the rest.
    event JobFinalized(address indexed provider, uint256 total, uint256 vouchers, uint256 burnt);

    /// @notice The same for vouchers of service allotments.
    event ServiceFinalized(address indexed provider, uint256 total, uint256 vouchers, uint256 burnt);

    /// @notice The voucher at `index` of a batch paid nothing; `reason` is the selector of the error it would have
    /// met alone. RedemptionLimitReached also stands for a voucher that was paid in part: the rest stays good.
    event VoucherSkipped(address indexed provider, address indexed payer, uint256 index, bytes4 reason);

    /// @notice No voucher of the group at `index` was looked at; `reason` is the selector of an error.
    event GroupSkipped(address indexed provider, uint256 index, bytes4 reason);

    /// @notice `relayer` took `fee` wei of what it redeemed for `provider`, into its own earnings.
    event RelayerPaid(address indexed provider, address indexed relayer, uint256 fee);

    /// @notice `amount` wei of the earnings of `provider` may leave at `thawEnd`.
    event EarnedWithdrawStarted(address indexed provider, uint96 amount, uint64 thawEnd);

    /// @notice `provider` kept the `amount` wei that were thawing.
    event EarnedWithdrawCancelled(address indexed provider, uint96 amount);

    /// @notice `amount` wei of the earnings of `provider` went to `to`.
    event EarnedWithdrawn(address indexed provider, address indexed to, uint96 amount);

    /// @notice `amount` wei of the earnings of `provider` went to the disputes contract for a proved fault.
    event EarnedSlashed(address indexed provider, uint96 amount, bytes32 indexed faultId);

    /// @notice `provider` never registered: no channel to it can be opened, and it can redeem nothing.
    error INVALID_PROVIDER(address provider);

    /// @notice The signed order could be used until `deadline`, which has passed.
    error JOB_EXPIRED(uint64 deadline);

    /// @notice The voucher pays nothing: `redeemed` wei of this channel are redeemed already.
    error ALREADY_FINALIZED(uint256 redeemed);

    /// @notice The voucher promises `cumulative` wei, the channel goes up to `allotted`.
    error AllotmentExceeded(uint256 cumulative, uint256 allotted);

    /// @notice The provider has redeemed as much as its stake allows in this period (`redeemable`). The voucher stays
    /// good for the next one.
    error RedemptionLimitReached();

    /// @notice The signature is malformed, malleable, or not by the one whose order it is.
    error InvalidSignature();

    /// @notice Vouchers of this version carry epoch 0.
    error InvalidEpoch(uint64 epoch);

    /// @notice `signer` used this nonce already.
    error NonceUsed(address signer, uint64 nonce);

    /// @notice A relayer takes at most MAX_FEE_BPS hundredths of a per cent, not `feeBps`.
    error FeeTooHigh(uint16 feeBps);

    /// @notice One call redeems for 1 to MAX_GROUPS providers, not `count`.
    error GroupCount(uint256 count);

    /// @notice Only the disputes contract slashes, not `caller`.
    error NotDisputes(address caller);

    /// @notice `session` is not a key of the caller, or cannot become one.
    error InvalidSession(address session);

    /// @notice `session` is a key of `account` already, and stays one.
    error SessionTaken(address session, address account);

    /// @notice `session` was revoked or its time is over: it draws no more.
    error SessionEnded(address session);

    /// @notice The session would have drawn `drawn` wei of at most `cap`.
    error SessionCapExceeded(uint256 drawn, uint256 cap);

    /// @notice The money of a session key goes back to `account` only.
    error SessionCannotWithdraw(address account);

    /// @notice A batch is 1 to MAX_BATCH whole entries of 96 bytes, not `length` bytes.
    error BatchLength(uint256 length);

    /// @notice The registry pays its vouchers at `market`, not here.
    error WrongMarket(address market);

    /// @notice Moves `amount` wei from the caller's wallet into the account of `payer` (approve the market first).
    function deposit(address payer, uint96 amount) external;

    /// @notice Moves `amount` wei from the caller's wallet into its own account, with an ERC-2612 permit for the
    /// market. A permit that somebody else submitted first does no harm.
    function depositWithPermit(uint96 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Moves money from the wallet of the payer into its account, and on into a channel if the order says so,
    /// by the payer's signature and an ERC-2612 permit of `order.amount` for the market. Anybody may send it. An
    /// allowance that is there already serves as well: the order itself shows what the payer wants.
    /// @param signature 65 bytes (r, s, v) or 64 bytes (EIP-2098), by the payer's key
    function depositBySig(Deposit calldata order, bytes calldata signature, TokenPermit calldata permit) external;

    /// @notice Starts taking `amount` wei out of the caller's account; replaces a running withdrawal.
    function startWithdraw(uint96 amount) external;

    /// @notice Keeps the caller's thawing money in its account after all.
    function cancelWithdraw() external;

    /// @notice Sends the caller's thawing money to `to` once the escrow thaw is over.
    function withdraw(address to) external;

    /// @notice Makes `session` a key of the caller for ever: a payer with channels of its own, which draws what it
    /// lacks from the caller's account, up to `cap` wei in all, until `expiry`. Calling again sets cap and expiry
    /// anew; what was drawn stays counted. Vouchers of the key are its own and outlive all of this.
    /// @param proof the SessionGrant, signed by the session key: 65 bytes (r, s, v) or 64 bytes (EIP-2098)
    function authorizeSession(address session, uint96 cap, uint64 expiry, bytes calldata proof) external;

    /// @notice Ends at once that `session` draws from the caller. What it holds in channels thaws channel by channel
    /// (`startUnallotFor`); what it holds unallotted can be reclaimed after the escrow thaw.
    function startRevokeSession(address session) external;

    /// @notice Moves what `session` holds unallotted into the caller's account, once the session is over. Can be
    /// repeated whenever money came back from the channels of the key.
    function reclaimSession(address session) external;

    /// @notice Moves `amount` wei of the caller's free money into its channel with `provider`.
    function allot(address provider, uint96 amount) external;

    /// @notice Moves `amount` wei of the caller's free money into its service allotment.
    function allotService(uint96 amount) external;

    /// @notice Moves `amount` wei into the channel of the caller's key `session` with `provider` (zero: into the
    /// service allotment of the key). Counts as drawn by the key.
    function allotFor(address session, address provider, uint96 amount) external;

    /// @notice Allots by the payer's signature, sent by anybody. Each nonce works once. A zero provider stands for
    /// the service allotment.
    /// @param signature 65 bytes (r, s, v) or 64 bytes (EIP-2098), by the payer's key
    function allotBySig(Allotment calldata allotment, bytes calldata signature) external;

    /// @notice Starts taking `amount` wei back out of the caller's channel; replaces a running release.
    function startUnallot(address provider, uint96 amount) external;

    /// @notice Starts taking `amount` wei back out of the caller's service allotment; replaces a running release.
    function startUnallotService(uint96 amount) external;

    /// @notice Starts taking `amount` wei back out of a channel (zero: the service allotment) of the caller's key.
    function startUnallotFor(address session, address provider, uint96 amount) external;

    /// @notice Leaves the thawing money in the caller's channel after all.
    function cancelUnallot(address provider) external;

    /// @notice Leaves the thawing money in the caller's service allotment after all.
    function cancelUnallotService() external;

    /// @notice Moves the thawing money of the channel into the caller's account once the escrow thaw is over.
    function finishUnallot(address provider) external;

    /// @notice Moves the thawing money of the service allotment into the caller's account after the escrow thaw.
    function finishUnallotService() external;

    /// @notice Moves the thawing money of a channel (zero: the service allotment) of the caller's key back into the
    /// account of the key after the escrow thaw.
    function finishUnallotFor(address session, address provider) external;

    /// @notice Gives all that is left of the caller's channel with `payer` back to it at once. For the provider: it
    /// gives up its vouchers until the payer allots again.
    function unallot(address payer) external;

    /// @notice The same, ordered by the signature of the provider or its operator, sent by anybody.
    /// @param signature 65 bytes (r, s, v) or 64 bytes (EIP-2098)
    function unallotBySig(Unallotment calldata order, bytes calldata signature) external;

    /// @notice Redeems one voucher for its provider. Anybody may send it. Pays in part where the period's limit ends.
    /// @param signature 65 bytes (r, s, v) or 64 bytes (EIP-2098), by the payer's key
    /// @return paid what the voucher paid, the burnt part included, wei
    function finalizeJob(Voucher calldata voucher, bytes calldata signature) external returns (uint96 paid);

    /// @notice Redeems up to MAX_BATCH vouchers of epoch 0 for one provider. Anybody may send them; one that cannot
    /// be redeemed is skipped.
    /// @param packed per voucher 96 bytes: payer 20 | cumulative 12 | signature 64 (EIP-2098)
    /// @return paid what they paid, the burnt part included, wei
    function finalizeJobs(address provider, bytes calldata packed) external returns (uint96 paid);

    /// @notice Redeems vouchers of up to MAX_GROUPS providers, MAX_BATCH vouchers in all, and takes the fees that
    /// those providers signed for the caller. A group whose permit is not good is skipped whole.
    /// @return paid what all vouchers paid, burnt parts and fees included, wei
    function finalizeMany(RedeemGroup[] calldata groups) external returns (uint96 paid);

    /// @notice Redeems service vouchers of several payers for one registered owner, as `finalizeJobs` does.
    /// @param packed per voucher 96 bytes: payer 20 | cumulative 12 | signature 64 (EIP-2098)
    /// @return paid what they paid, the burnt part included, wei
    function finalizeService(address provider, bytes calldata packed) external returns (uint96 paid);

    /// @notice Starts taking out `amount` wei of the caller's earnings; replaces a running withdrawal.
    function startWithdrawEarned(uint96 amount) external;

    /// @notice Keeps the caller's thawing earnings here after all.
    function cancelWithdrawEarned() external;

    /// @notice Sends the caller's thawing earnings to `to` once the earned thaw is over.
    function withdrawEarned(address to) external;

    /// @notice Takes up to `amount` wei of the earnings of `provider`, what thaws included, for a proved fault. Only the
    /// disputes contract calls this, and it is who gets them.
    /// @return taken what was there of it, wei
    function slashEarned(address provider, uint96 amount, bytes32 faultId) external returns (uint96 taken);

    /// @notice The account of `payer`.
    /// @return free what can be allotted, wei
    /// @return thawing what is on its way out, wei
    /// @return thawEnd from when it may leave; zero when nothing thaws
    function accounts(address payer) external view returns (uint96 free, uint96 thawing, uint64 thawEnd);

    /// @notice The channel of `payer` with `provider`. `allotted` and `redeemed` are running totals, wei.
    function channels(
        address payer,
        address provider
    )
        external
        view
        returns (uint96 allotted, uint96 redeemed, uint96 thawing, uint64 thawEnd);

    /// @notice The service allotment of `payer`; the fields are those of a channel, `redeemed` over all who serve.
    function service(address payer)
        external
        view
        returns (uint96 allotted, uint96 redeemed, uint96 thawing, uint64 thawEnd);

    /// @notice The highest cumulative amount that `provider` redeemed from the service allotment of `payer`, wei.
    function redeemedService(address payer, address provider) external view returns (uint96);

    /// @notice The key `session`: all zero when it is nobody's.
    /// @return account whose money it draws
    /// @return cap what it may draw in all, wei
    /// @return drawn what it has drawn in all, wei
    /// @return expiry from when on it draws no more
    /// @return thawEnd from when on what it holds can be reclaimed after a revocation; zero when not revoked
    function sessions(address session)
        external
        view
        returns (address account, uint96 cap, uint96 drawn, uint64 expiry, uint64 thawEnd);

    /// @notice What `provider` may count on: allotted - redeemed - thawing, wei.
    function capacity(address payer, address provider) external view returns (uint96);

    /// @notice The earnings of `provider`: `total` includes `thawing`, wei.
    function earned(address provider) external view returns (uint96 total, uint96 thawing, uint64 thawEnd);

    /// @notice How much more `provider` may redeem in this period. A period begins with its first redemption and
    /// allows what was eligible stake then; stake that is added or thaws meanwhile counts in the next one.
    /// @return room what may still be redeemed, wei
    /// @return periodEnd when the next period can begin; zero when none is running
    function redeemable(address provider) external view returns (uint256 room, uint64 periodEnd);

    /// @notice Whether `signer` has used `nonce` in an order: a payer's, or a provider's.
    function isNonceUsed(address signer, uint64 nonce) external view returns (bool);

    /// @notice The EIP-712 domain separator of the mesh (that of the registry), for the chain it is asked on.
    function domainSeparator() external view returns (bytes32);

    /// @notice The token held.
    function token() external view returns (address);

    /// @notice The registry that knows the providers.
    function registry() external view returns (address);

    /// @notice The only contract that slashes earnings: that of the registry.
    function disputes() external view returns (address);

    /// @notice From the start of a withdrawal or release of a payer to its money, seconds.
    function escrowThaw() external view returns (uint64);

    /// @notice From the start of a withdrawal of a provider to its earnings, seconds.
    function earnedThaw() external view returns (uint64);

    /// @notice How long a period of the redemption limit lasts, seconds.
    function redeemPeriod() external view returns (uint64);

    /// @notice The most vouchers in one call: about 11 million gas, below the cap of a transaction (EIP-7825).
    function MAX_BATCH() external view returns (uint256);

    /// @notice The most providers in one call.
    function MAX_GROUPS() external view returns (uint256);

    /// @notice One wei in this many that a voucher pays is burnt, rounded down over all that a provider redeemed.
    function BURN_DIVISOR() external view returns (uint256);

    /// @notice The most that a relayer may take, hundredths of a per cent of what its vouchers pay.
    function MAX_FEE_BPS() external view returns (uint256);
}
