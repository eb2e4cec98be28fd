// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../interfaces/IJobMarket.sol";
import {MarketLogic} from "../libraries/MarketLogic.sol";
import {Thawing, Thaws} from "../libraries/Thaws.sol";
import {Account, EscrowBook, Session} from "../types/Books.sol";
import {SessionGrant, TokenPermit} from "../types/Signed.sol";
import {MarketBase} from "./MarketBase.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title The accounts of payers, and the session keys that draw on them
/// @notice See IJobMarket. A session key is a payer with an account of its own; what is short in it is drawn from the
/// account it belongs to, up to its cap. So channels and vouchers need not know of sessions.
abstract contract Escrow is MarketBase {
    using SafeERC20 for IERC20;
    using Thaws for Thawing;

    EscrowBook private _escrow;

    /// @inheritdoc IJobMarket
    function deposit(address payer, uint96 amount) external {
        if (payer == address(0)) revert ZeroAddress();
        _deposit(msg.sender, payer, amount);
    }

    /// @inheritdoc IJobMarket
    function depositWithPermit(uint96 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        // only the caller's own money can move, into its own account
        _permit(msg.sender, amount, TokenPermit(deadline, v, r, s));
        _deposit(msg.sender, msg.sender, amount);
    }

    /// @inheritdoc IJobMarket
    function startWithdraw(uint96 amount) external {
        address account = _escrow.sessions[msg.sender].account;
        if (account != address(0)) revert SessionCannotWithdraw(account);
        Account storage own = _escrow.accounts[msg.sender];
        uint96 have = own.free + own.thaw.amount;
        uint64 thawEnd = own.thaw.start(have, amount, escrowThaw);
        own.free = have - amount;
        emit WithdrawStarted(msg.sender, amount, thawEnd);
    }

    /// @inheritdoc IJobMarket
    function cancelWithdraw() external {
        uint96 amount = _escrow.accounts[msg.sender].thaw.cancel();
        _credit(msg.sender, amount);
        emit WithdrawCancelled(msg.sender, amount);
    }

    /// @inheritdoc IJobMarket
    function withdraw(address to) external nonReentrant {
        uint96 amount = _escrow.accounts[msg.sender].thaw.finish();
        _token.safeTransfer(to, amount);
        emit Withdrawn(msg.sender, to, amount);
    }

    /// @inheritdoc IJobMarket
    function authorizeSession(address session, uint96 cap, uint64 expiry, bytes calldata proof) external {
        MarketLogic.authorize(_escrow, SessionGrant(msg.sender, session, cap, expiry), domainSeparator(), proof);
    }

    /// @inheritdoc IJobMarket
    function startRevokeSession(address session) external {
        _checkAccountOf(session);
        MarketLogic.startRevoke(_escrow, session, uint64(block.timestamp) + escrowThaw);
    }

    /// @inheritdoc IJobMarket
    function reclaimSession(address session) external {
        _checkAccountOf(session);
        MarketLogic.reclaim(_escrow, session);
    }

    /// @inheritdoc IJobMarket
    function accounts(address payer) external view returns (uint96 free, uint96 thawing, uint64 thawEnd) {
        Account storage account = _escrow.accounts[payer];
        return (account.free, account.thaw.amount, account.thaw.end);
    }

    /// @inheritdoc IJobMarket
    function sessions(address session)
        external
        view
        returns (address account, uint96 cap, uint96 drawn, uint64 expiry, uint64 thawEnd)
    {
        Session storage s = _escrow.sessions[session];
        return (s.account, s.cap, s.drawn, s.expiry, s.thawEnd);
    }

    /// @notice Gives the market the allowance that `holder` signed.
    /// @dev Anybody can copy the permit from the mempool and submit it first. The allowance is then there all the
    /// same; if it is not, the transfer that follows says so.
    function _permit(address holder, uint96 amount, TokenPermit memory p) internal {
        // solhint-disable-next-line no-empty-blocks
        try IERC20Permit(address(_token)).permit(holder, address(this), amount, p.deadline, p.v, p.r, p.s) {} catch {}
    }

    /// @notice `from` must be the caller or have signed for exactly this.
    function _deposit(address from, address payer, uint96 amount) internal {
        if (amount == 0) revert ZeroAmount();
        _credit(payer, amount);
        _token.safeTransferFrom(from, address(this), amount);
        emit Deposited(payer, from, amount);
    }

    function _credit(address payer, uint96 amount) internal {
        // all money of the market is within the supply, which fits in uint96
        unchecked {
            _escrow.accounts[payer].free += amount;
        }
    }

    /// @notice Takes free money of `payer`; a session key draws from its account what it lacks.
    function _debit(address payer, uint96 amount) internal {
        uint96 have = _escrow.accounts[payer].free;
        if (amount > have) {
            MarketLogic.draw(_escrow, payer, have, amount);
            have = amount;
        }
        // what was short is there now
        unchecked {
            _escrow.accounts[payer].free = have - amount;
        }
    }

    function _checkAccountOf(address session) internal view {
        if (_escrow.sessions[session].account != msg.sender) revert InvalidSession(session);
    }
}
