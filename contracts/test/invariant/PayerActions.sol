// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// amounts are folded below 2^96 before they are cast
// forge-lint: disable-start(unsafe-typecast)

import {Allotment, Deposit, TokenPermit} from "../../src/types/Signed.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";
import {Actors} from "./Actors.sol";

/// @notice Everything payers and their session keys can do. Each action folds its arguments into what is allowed, so a
/// revert is a bug.
abstract contract PayerActions is Actors {
    TokenPermit private none;

    function deposit(uint256 from, uint256 payer, uint256 amount) external guarded(0, 0, false) {
        uint96 value = fold(amount, token.balanceOf(accountOf(from)));
        if (value == 0) return;
        vm.prank(accountOf(from));
        market.deposit(payerOf(payer), value);
    }

    function depositWithPermit(uint256 payer, uint256 amount) external guarded(0, 0, false) {
        uint96 value = fold(amount, token.balanceOf(accountOf(payer)));
        if (value == 0) return;
        vm.prank(accountOf(payer));
        market.depositWithPermit(value, 0, 27, 0, 0);
    }

    /// @dev provider number 3 stands for the service allotment
    function depositBySig(
        uint256 payer,
        uint256 provider,
        uint256 amount,
        uint256 part
    )
        external
        guarded(payer % ACCOUNTS, provider % 4, false)
    {
        uint96 value = fold(amount, token.balanceOf(accountOf(payer)));
        if (value == 0) return;
        Deposit memory d = Deposit({
            payer: accountOf(payer),
            amount: value,
            provider: provider % 4 == 3 ? address(0) : providerOf(provider % 4),
            allotted: uint96(part % (uint256(value) + 1)),
            nonce: nonce++,
            deadline: uint64(block.timestamp)
        });
        bytes memory signature = Signing.long(payerKey(payer % ACCOUNTS), Signing.depositDigest(separator(), d));
        vm.prank(RELAYER);
        market.depositBySig(d, signature, none);
    }

    function startWithdraw(uint256 payer, uint256 amount) external guarded(0, 0, false) {
        (uint96 free, uint96 thawing,) = market.accounts(accountOf(payer));
        uint96 value = fold(amount, free + thawing);
        if (value == 0) return;
        vm.prank(accountOf(payer));
        market.startWithdraw(value);
    }

    function cancelWithdraw(uint256 payer) external guarded(0, 0, false) {
        (, uint96 thawing,) = market.accounts(accountOf(payer));
        if (thawing == 0) return;
        vm.prank(accountOf(payer));
        market.cancelWithdraw();
    }

    function withdraw(uint256 payer) external guarded(0, 0, false) {
        (, uint96 thawing, uint64 thawEnd) = market.accounts(accountOf(payer));
        if (thawing == 0 || block.timestamp < thawEnd) return;
        uint256 before = token.balanceOf(accountOf(payer));
        vm.prank(accountOf(payer));
        market.withdraw(accountOf(payer));
        vm.assertEq(token.balanceOf(accountOf(payer)) - before, thawing);
    }

    function allot(uint256 payer, uint256 provider, uint256 amount) external guarded(payer, provider, false) {
        uint96 value = fold(amount, spendable(payer));
        if (value == 0) return;
        vm.prank(payerOf(payer));
        market.allot(providerOf(provider), value);
    }

    function allotBySig(uint256 payer, uint256 provider, uint256 amount) external guarded(payer, provider, false) {
        uint96 value = fold(amount, spendable(payer));
        if (value == 0) return;
        uint64 deadline = uint64(block.timestamp);
        Allotment memory a = Allotment(payerOf(payer), providerOf(provider), value, nonce++, deadline);
        bytes32 digest = Signing.allotmentDigest(separator(), a.payer, a.provider, a.amount, a.nonce, a.deadline);
        market.allotBySig(a, Signing.long(payerKey(payer), digest));
    }

    function allotService(uint256 payer, uint256 amount) external guarded(0, 0, false) {
        uint96 value = fold(amount, spendable(payer));
        if (value == 0) return;
        vm.prank(payerOf(payer));
        market.allotService(value);
    }

    function allotFor(uint256 key, uint256 provider, uint256 amount) external guarded(sessionOf(key), provider, false) {
        uint256 session = sessionOf(key);
        (address account,,,,) = market.sessions(payerOf(session));
        uint96 value = fold(amount, spendable(session));
        if (value == 0 || account == address(0)) return;
        vm.prank(account);
        market.allotFor(payerOf(session), providerOf(provider), value);
    }

    function startUnallot(uint256 payer, uint256 provider, uint256 amount) external guarded(payer, provider, true) {
        (uint256 allotted, uint256 redeemed) = totals(payer, provider);
        uint96 value = fold(amount, allotted - redeemed);
        if (value == 0) return;
        vm.prank(payerOf(payer));
        market.startUnallot(providerOf(provider), value);
    }

    function startUnallotFor(
        uint256 key,
        uint256 provider,
        uint256 amount
    )
        external
        guarded(sessionOf(key), provider, true)
    {
        uint256 session = sessionOf(key);
        (address account,,,,) = market.sessions(payerOf(session));
        (uint256 allotted, uint256 redeemed) = totals(session, provider);
        uint96 value = fold(amount, allotted - redeemed);
        if (value == 0 || account == address(0)) return;
        vm.prank(account);
        market.startUnallotFor(payerOf(session), providerOf(provider), value);
    }

    function cancelUnallot(uint256 payer, uint256 provider) external guarded(payer, provider, false) {
        (,, uint96 thawing,) = market.channels(payerOf(payer), providerOf(provider));
        if (thawing == 0) return;
        vm.prank(payerOf(payer));
        market.cancelUnallot(providerOf(provider));
    }

    function finishUnallot(uint256 payer, uint256 provider) external guarded(payer, provider, false) {
        (,, uint96 thawing, uint64 thawEnd) = market.channels(payerOf(payer), providerOf(provider));
        if (thawing == 0 || block.timestamp < thawEnd) return;
        vm.prank(payerOf(payer));
        market.finishUnallot(providerOf(provider));
    }

    function finishUnallotFor(uint256 key, uint256 provider) external guarded(sessionOf(key), provider, false) {
        uint256 session = sessionOf(key);
        (address account,,,,) = market.sessions(payerOf(session));
        (,, uint96 thawing, uint64 thawEnd) = market.channels(payerOf(session), providerOf(provider));
        if (thawing == 0 || block.timestamp < thawEnd || account == address(0)) return;
        vm.prank(account);
        market.finishUnallotFor(payerOf(session), providerOf(provider));
    }

    function startUnallotService(uint256 payer, uint256 amount) external guarded(0, 0, false) {
        (uint96 allotted, uint96 redeemed,,) = market.service(payerOf(payer));
        uint96 value = fold(amount, allotted - redeemed);
        if (value == 0) return;
        vm.prank(payerOf(payer));
        market.startUnallotService(value);
    }

    function cancelUnallotService(uint256 payer) external guarded(0, 0, false) {
        (,, uint96 thawing,) = market.service(payerOf(payer));
        if (thawing == 0) return;
        vm.prank(payerOf(payer));
        market.cancelUnallotService();
    }

    function finishUnallotService(uint256 payer) external guarded(0, 0, false) {
        (,, uint96 thawing, uint64 thawEnd) = market.service(payerOf(payer));
        if (thawing == 0 || block.timestamp < thawEnd) return;
        vm.prank(payerOf(payer));
        market.finishUnallotService();
    }

    function authorizeSession(uint256 key, uint256 cap, uint64 life) external guarded(0, 0, false) {
        uint256 session = sessionOf(key);
        address account = payerOf(session - ACCOUNTS);
        uint96 cap_ = uint96(cap % 2_000e18);
        uint64 expiry = uint64(block.timestamp) + life % 20 days;
        bytes32 digest = Signing.grantDigest(separator(), account, payerOf(session), cap_, expiry);
        vm.prank(account);
        market.authorizeSession(payerOf(session), cap_, expiry, Signing.long(payerKey(session), digest));
        if (cap_ > highestCap[payerOf(session)]) highestCap[payerOf(session)] = cap_;
    }

    function startRevokeSession(uint256 key) external guarded(0, 0, false) {
        address session = payerOf(sessionOf(key));
        (address account,,,, uint64 thawEnd) = market.sessions(session);
        if (account == address(0) || thawEnd != 0) return;
        vm.prank(account);
        market.startRevokeSession(session);
    }

    function reclaimSession(uint256 key) external guarded(0, 0, false) {
        address session = payerOf(sessionOf(key));
        (address account,,, uint64 expiry, uint64 thawEnd) = market.sessions(session);
        (uint96 free,,) = market.accounts(session);
        bool over = block.timestamp >= expiry || (thawEnd != 0 && block.timestamp >= thawEnd);
        if (account == address(0) || free == 0 || !over) return;
        vm.prank(account);
        market.reclaimSession(session);
    }
}
