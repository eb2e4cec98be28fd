// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Allotment, Voucher} from "../types/Signed.sol";
import {IThawErrors} from "./IThawErrors.sol";

/// @title Where clients keep their money and providers redeem vouchers
/// @notice A payer deposits once, allots parts to channels (payer, provider), and pays off chain by signing cumulative
/// vouchers. Redeemed money is the provider's earnings and leaves after a delay. Nobody else, the deployer included,
/// has any power over it. All amounts are wei of DUCK; all times are unix seconds.
interface IJobMarket is IThawErrors {
    /// @notice `from` put `amount` wei into the account of `payer`.
    event Deposited(address indexed payer, address indexed from, uint96 amount);

    /// @notice `amount` wei of the account of `payer` may leave at `thawEnd`.
    event WithdrawStarted(address indexed payer, uint96 amount, uint64 thawEnd);

    /// @notice `payer` kept the `amount` wei that were thawing.
    event WithdrawCancelled(address indexed payer, uint96 amount);

    /// @notice `amount` wei of the account of `payer` went to `to`.
    event Withdrawn(address indexed payer, address indexed to, uint96 amount);

    /// @notice `payer` added `amount` wei to its channel with `provider`.
    event Allotted(address indexed payer, address indexed provider, uint96 amount);

    /// @notice `amount` wei of the channel may go back to `payer` at `thawEnd`. The provider redeems before that.
    event UnallotStarted(address indexed payer, address indexed provider, uint96 amount, uint64 thawEnd);

    /// @notice `payer` left the `amount` wei that were thawing in the channel.
    event UnallotCancelled(address indexed payer, address indexed provider, uint96 amount);

    /// @notice `amount` wei of the channel went back into the account of `payer`.
    event Unallotted(address indexed payer, address indexed provider, uint96 amount);

    /// @notice `provider` earned `total` wei by `vouchers` vouchers.
    event JobFinalized(address indexed provider, uint256 total, uint256 vouchers);

    /// @notice The voucher at `index` of a batch paid nothing; `reason` is the selector of the error it would have
    /// met alone.
    event VoucherSkipped(address indexed provider, address indexed payer, uint256 index, bytes4 reason);

    /// @notice `amount` wei of the earnings of `provider` may leave at `thawEnd`.
    event EarnedWithdrawStarted(address indexed provider, uint96 amount, uint64 thawEnd);

    /// @notice `provider` kept the `amount` wei that were thawing.
    event EarnedWithdrawCancelled(address indexed provider, uint96 amount);

    /// @notice `amount` wei of the earnings of `provider` went to `to`.
    event EarnedWithdrawn(address indexed provider, address indexed to, uint96 amount);

    /// @notice `provider` never registered, so no channel to it can be opened.
    error INVALID_PROVIDER(address provider);

    /// @notice The signed order could be used until `deadline`, which has passed.
    error JOB_EXPIRED(uint64 deadline);

    /// @notice The voucher pays nothing: `redeemed` wei of this channel are redeemed already.
    error ALREADY_FINALIZED(uint256 redeemed);

    /// @notice The voucher promises `cumulative` wei, the channel goes up to `allotted`.
    error AllotmentExceeded(uint256 cumulative, uint256 allotted);

    /// @notice The signature is malformed, malleable, or not by the payer.
    error InvalidSignature();

    /// @notice Vouchers of this version carry epoch 0.
    error InvalidEpoch(uint64 epoch);

    /// @notice `payer` used this nonce already.
    error NonceUsed(address payer, uint64 nonce);

    /// @notice A batch is 1 to MAX_BATCH whole entries of 96 bytes, not `length` bytes.
    error BatchLength(uint256 length);

    /// @notice The registry pays its vouchers at `market`, not here.
    error WrongMarket(address market);

    /// @notice Moves `amount` wei from the caller's wallet into the account of `payer` (approve the market first).
    function deposit(address payer, uint96 amount) external;

    /// @notice Moves `amount` wei from the caller's wallet into its own account, with an ERC-2612 permit for the
    /// market. A permit that somebody else submitted first does no harm.
    function depositWithPermit(uint96 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Starts taking `amount` wei out of the caller's account; replaces a running withdrawal.
    function startWithdraw(uint96 amount) external;

    /// @notice Keeps the caller's thawing money in its account after all.
    function cancelWithdraw() external;

    /// @notice Sends the caller's thawing money to `to` once the escrow thaw is over.
    function withdraw(address to) external;

    /// @notice Moves `amount` wei of the caller's free money into its channel with `provider`.
    function allot(address provider, uint96 amount) external;

    /// @notice The same, ordered by the payer's signature and sent by anybody. Each nonce works once.
    /// @param signature 65 bytes (r, s, v) or 64 bytes (EIP-2098), by the payer's key
    function allotBySig(Allotment calldata allotment, bytes calldata signature) external;

    /// @notice Starts taking `amount` wei back out of the caller's channel; replaces a running release.
    function startUnallot(address provider, uint96 amount) external;

    /// @notice Leaves the thawing money in the caller's channel after all.
    function cancelUnallot(address provider) external;

    /// @notice Moves the thawing money of the channel into the caller's account once the escrow thaw is over.
    function finishUnallot(address provider) external;

    /// @notice Gives all that is left of the caller's channel with `payer` back to it at once. For the provider: it
    /// gives up its vouchers until the payer allots again.
    function unallot(address payer) external;

    /// @notice Redeems one voucher for its provider. Anybody may send it.
    /// @param signature 65 bytes (r, s, v) or 64 bytes (EIP-2098), by the payer's key
    /// @return paid what the provider earned by it, wei
    function finalizeJob(Voucher calldata voucher, bytes calldata signature) external returns (uint96 paid);

    /// @notice Redeems up to MAX_BATCH vouchers of epoch 0 for one provider. Anybody may send them; one that cannot
    /// be redeemed is skipped.
    /// @param packed per voucher 96 bytes: payer 20 | cumulative 12 | signature 64 (EIP-2098)
    /// @return total what the provider earned by them, wei
    function finalizeJobs(address provider, bytes calldata packed) external returns (uint96 total);

    /// @notice Starts taking out `amount` wei of the caller's earnings; replaces a running withdrawal.
    function startWithdrawEarned(uint96 amount) external;

    /// @notice Keeps the caller's thawing earnings here after all.
    function cancelWithdrawEarned() external;

    /// @notice Sends the caller's thawing earnings to `to` once the earned thaw is over.
    function withdrawEarned(address to) external;

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

    /// @notice What `provider` may count on: allotted - redeemed - thawing, wei.
    function capacity(address payer, address provider) external view returns (uint96);

    /// @notice The earnings of `provider`: `total` includes `thawing`, wei.
    function earned(address provider) external view returns (uint96 total, uint96 thawing, uint64 thawEnd);

    /// @notice Whether `payer` has used `nonce` for an allotment.
    function isNonceUsed(address payer, uint64 nonce) external view returns (bool);

    /// @notice The EIP-712 domain separator of the mesh (that of the registry), for the chain it is asked on.
    function domainSeparator() external view returns (bytes32);

    /// @notice The token held.
    function token() external view returns (address);

    /// @notice The registry that knows the providers.
    function registry() external view returns (address);

    /// @notice From the start of a withdrawal or release of a payer to its money, seconds.
    function escrowThaw() external view returns (uint64);

    /// @notice From the start of a withdrawal of a provider to its earnings, seconds.
    function earnedThaw() external view returns (uint64);
}
