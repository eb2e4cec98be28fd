// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDuckToken} from "../interfaces/IDuckToken.sol";
import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {Earned, Earnings} from "../libraries/Earnings.sol";
import {Thawing, Thaws} from "../libraries/Thaws.sol";
import {Allotments} from "./Allotments.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title What providers earned, how much of it they may earn in a period, and how it leaves
/// @notice See IJobMarket.
abstract contract EarningsBook is Allotments {
    using Earnings for Earned;
    using SafeERC20 for IERC20;
    using Thaws for Thawing;

    mapping(address provider => Earned) private _earned;

    /// @inheritdoc IJobMarket
    function startWithdrawEarned(uint96 amount) external {
        Earned storage own = _earned[msg.sender];
        emit EarnedWithdrawStarted(msg.sender, amount, own.thaw.start(own.total, amount, earnedThaw));
    }

    /// @inheritdoc IJobMarket
    function cancelWithdrawEarned() external {
        emit EarnedWithdrawCancelled(msg.sender, _earned[msg.sender].thaw.cancel());
    }

    /// @inheritdoc IJobMarket
    function withdrawEarned(address to) external nonReentrant {
        Earned storage own = _earned[msg.sender];
        uint96 amount = own.thaw.finish();
        own.total -= amount;
        _token.safeTransfer(to, amount);
        emit EarnedWithdrawn(msg.sender, to, amount);
    }

    /// @inheritdoc IJobMarket
    function slashEarned(address provider, uint96 amount, bytes32 faultId)
        external
        nonReentrant
        returns (uint96 taken)
    {
        if (msg.sender != disputes) revert NotDisputes(msg.sender);
        taken = _earned[provider].slash(amount);
        if (taken != 0) _token.safeTransfer(msg.sender, taken);
        emit EarnedSlashed(provider, taken, faultId);
    }

    /// @inheritdoc IJobMarket
    function earned(address provider) external view returns (uint96 total, uint96 thawing, uint64 thawEnd) {
        Earned storage e = _earned[provider];
        return (e.total, e.thaw.amount, e.thaw.end);
    }

    /// @inheritdoc IJobMarket
    function redeemable(address provider) public view returns (uint256 room, uint64 periodEnd) {
        Earned storage e = _earned[provider];
        periodEnd = e.periodEnd;
        if (block.timestamp < periodEnd) return (e.room, periodEnd);
        return (_registry.eligibleStake(provider), 0);
    }

    /// @notice What `provider` may still redeem in this period, wei; a new period counts from its stake of now.
    function _roomOf(address provider) internal view returns (uint256 room) {
        (room,) = redeemable(provider);
        // also the service allotment, which nobody registered for
        if (room == 0 && _operatorOf(provider) == address(0)) revert INVALID_PROVIDER(provider);
    }

    /// @notice Books `paid` wei for `provider`, less the burn and the fee of a relayer, and the `room` that is left.
    /// @return burnt wei
    function _book(address provider, uint256 paid, uint256 fee, uint256 room) internal returns (uint256 burnt) {
        return _earned[provider].book(paid, fee, room, block.timestamp + redeemPeriod);
    }

    /// @notice Books the fees of a relayer, which no period bounds: each provider signed for its own.
    function _bookFee(address relayer, uint256 fee) internal {
        // a part of what lies in the market
        // forge-lint: disable-next-line(unsafe-typecast)
        _earned[relayer].total += uint96(fee);
    }

    /// @notice Takes `amount` wei out of the world. Last in a call, after all books are written.
    function _burn(uint256 amount) internal {
        if (amount != 0) IDuckToken(address(_token)).burn(amount);
    }
}
