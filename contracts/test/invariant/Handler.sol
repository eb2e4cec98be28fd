// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// amounts are folded below 2^96 before they are cast
// forge-lint: disable-start(unsafe-typecast)

import {DuckToken} from "../../src/DuckToken.sol";
import {JobMarket} from "../../src/JobMarket.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {RedeemGroup, RedeemPermit, Unallotment, Voucher} from "../../src/types/Signed.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";
import {Actors} from "./Actors.sol";
import {PayerActions} from "./PayerActions.sol";

/// @notice Payers, session keys, providers, a relayer and the disputes contract doing everything the market offers, in
/// any order, and what the registry offers to providers. After each action no cover may have shrunk but the one that
/// the action is about.
contract Handler is PayerActions {
    constructor(DuckToken token_, ProviderRegistry registry_, JobMarket market_) Actors(token_, registry_, market_) {}

    function pass(uint256 time) external guarded(0, 0, false) {
        vm.warp(block.timestamp + (time % 5 days));
    }

    function unallot(uint256 payer, uint256 provider) external guarded(payer, provider, true) {
        (uint256 allotted, uint256 redeemed) = totals(payer, provider);
        if (allotted == redeemed) return;
        vm.prank(providerOf(provider));
        market.unallot(payerOf(payer));
    }

    function unallotBySig(uint256 payer, uint256 provider) external guarded(payer, provider, true) {
        (uint256 allotted, uint256 redeemed) = totals(payer, provider);
        if (allotted == redeemed) return;
        Unallotment memory u = Unallotment(payerOf(payer), providerOf(provider), nonce++, uint64(block.timestamp));
        bytes32 digest = Signing.unallotmentDigest(separator(), u.payer, u.provider, u.nonce, u.deadline);
        vm.prank(RELAYER);
        market.unallotBySig(u, Signing.long(operatorKey(provider), digest));
    }

    function finalizeJob(uint256 payer, uint256 provider, uint256 amount) external guarded(payer, provider, true) {
        Voucher memory voucher = nextVoucher(payer, provider, amount);
        if (voucher.cumulative == 0 || openPeriod(voucher.provider) == 0) return;
        (, uint256 before) = totals(payer, provider);
        bytes32 digest = Signing.voucherDigest(separator(), voucher.payer, voucher.provider, voucher.cumulative, 0);
        uint96 paid = market.finalizeJob(voucher, Signing.long(payerKey(payer), digest));
        notePaid(voucher.provider, paid);
        vm.assertEq(noteChannel(payer, provider, before), paid);
    }

    /// @dev one batch of all payers for one provider, with a stale copy of each voucher behind it
    function finalizeJobs(uint256 provider, uint256[5] calldata amounts) external {
        bytes memory packed = batchFor(provider, amounts, true);
        uint256[5] memory before = redeemedOf(provider);
        openPeriod(providerOf(provider));
        uint256 total = market.finalizeJobs(providerOf(provider), packed);
        vm.assertEq(noteAll(provider, before), total, "batch total");
        notePaid(providerOf(provider), total);
    }

    /// @dev all providers in one call, the second with a fee
    function finalizeMany(uint256[5] calldata amounts, uint16 feeBps) external {
        RedeemGroup[] memory groups = new RedeemGroup[](PROVIDERS);
        uint256[5][3] memory before;
        for (uint256 i = 0; i < PROVIDERS; ++i) {
            groups[i].permit.provider = providerOf(i);
            groups[i].packed = batchFor(i, amounts, false);
            before[i] = redeemedOf(i);
            openPeriod(providerOf(i));
        }
        groups[1].permit = RedeemPermit(providerOf(1), RELAYER, feeBps % 101, nonce++, uint64(block.timestamp));
        groups[1].signature = Signing.long(operatorKey(1), Signing.redeemPermitDigest(separator(), groups[1].permit));
        vm.prank(RELAYER);
        uint256 total = market.finalizeMany(groups);
        uint256 sum = 0;
        for (uint256 i = 0; i < PROVIDERS; ++i) {
            uint256 paid = noteAll(i, before[i]);
            notePaid(providerOf(i), paid);
            sum += paid;
            if (i != 1) continue;
            uint256 fee = paid * (feeBps % 101) / 10_000;
            feesOf[providerOf(i)] += fee;
            fees += fee;
        }
        vm.assertEq(sum, total, "total of many");
    }

    function finalizeService(uint256 payer, uint256 provider, uint256 amount) external guarded(0, 0, false) {
        (address from, address to) = (payerOf(payer), providerOf(provider));
        (uint96 allotted, uint96 redeemed,,) = market.service(from);
        uint96 value = fold(amount, allotted - redeemed);
        if (value == 0) return;
        bytes memory one = serviceEntry(payer, to, market.redeemedService(from, to) + value);
        uint256 room = openPeriod(to);
        // twice the same: the second pays nothing
        uint96 paid = market.finalizeService(to, bytes.concat(one, one));
        vm.assertEq(uint256(paid), value < room ? value : room);
        servedBy[from][to] += paid;
        notePaid(to, paid);
    }

    function startWithdrawEarned(uint256 provider, uint256 amount) external guarded(0, 0, false) {
        (uint96 total,,) = market.earned(providerOf(provider));
        uint96 value = fold(amount, total);
        if (value == 0) return;
        vm.prank(providerOf(provider));
        market.startWithdrawEarned(value);
    }

    function cancelWithdrawEarned(uint256 provider) external guarded(0, 0, false) {
        (, uint96 thawing,) = market.earned(providerOf(provider));
        if (thawing == 0) return;
        vm.prank(providerOf(provider));
        market.cancelWithdrawEarned();
    }

    function withdrawEarned(uint256 provider) external guarded(0, 0, false) {
        (, uint96 thawing, uint64 thawEnd) = market.earned(providerOf(provider));
        if (thawing == 0 || block.timestamp < thawEnd) return;
        vm.prank(providerOf(provider));
        market.withdrawEarned(providerOf(provider));
        earnedOut[providerOf(provider)] += thawing;
    }

    function slashEarned(uint256 provider, uint256 amount) external guarded(0, 0, false) {
        (uint96 total,,) = market.earned(providerOf(provider));
        vm.prank(DISPUTES);
        uint96 taken = market.slashEarned(providerOf(provider), uint96(amount), bytes32(amount));
        vm.assertEq(uint256(taken), uint96(amount) < total ? uint96(amount) : total);
        slashedOf[providerOf(provider)] += taken;
    }

    function addStake(uint256 provider, uint256 amount) external guarded(0, 0, false) {
        uint96 value = fold(amount, token.balanceOf(providerOf(provider)));
        if (value == 0) return;
        vm.prank(providerOf(provider));
        registry.addStake(value);
    }

    function startUnstake(uint256 provider, uint256 amount) external guarded(0, 0, false) {
        uint96 value = fold(amount, registry.providers(providerOf(provider)).stake);
        if (value == 0) return;
        vm.prank(providerOf(provider));
        registry.startUnstake(value);
    }

    function cancelUnstake(uint256 provider) external guarded(0, 0, false) {
        if (registry.providers(providerOf(provider)).thawing == 0) return;
        vm.prank(providerOf(provider));
        registry.cancelUnstake();
    }

    function withdrawStake(uint256 provider) external guarded(0, 0, false) {
        IProviderRegistry.Provider memory p = registry.providers(providerOf(provider));
        if (p.thawing == 0 || block.timestamp < p.thawEnd) return;
        vm.prank(providerOf(provider));
        registry.withdrawStake(providerOf(provider));
    }

    function setPeer(uint256 provider, bytes32 peerKey) external guarded(0, 0, false) {
        if (peerKey == 0) return;
        vm.prank(providerOf(provider));
        registry.setPeer(peerKey, "");
    }

    function serviceEntry(uint256 payer, address to, uint96 cumulative) private view returns (bytes memory) {
        bytes32 digest = Signing.serviceVoucherDigest(separator(), payerOf(payer), to, cumulative);
        return abi.encodePacked(payerOf(payer), cumulative, Signing.short(payerKey(payer), digest));
    }

    function batchFor(
        uint256 provider,
        uint256[5] calldata amounts,
        bool twice
    )
        private
        view
        returns (bytes memory packed)
    {
        for (uint256 i = 0; i < PAYERS; ++i) {
            bytes memory one = packedOf(nextVoucher(i, provider, amounts[i]), payerKey(i));
            packed = twice ? bytes.concat(packed, one, one) : bytes.concat(packed, one);
        }
    }

    function redeemedOf(uint256 provider) private view returns (uint256[5] memory redeemed) {
        for (uint256 i = 0; i < PAYERS; ++i) {
            (, redeemed[i]) = totals(i, provider);
        }
    }

    function noteAll(uint256 provider, uint256[5] memory before) private returns (uint256 sum) {
        for (uint256 i = 0; i < PAYERS; ++i) {
            sum += noteChannel(i, provider, before[i]);
        }
    }
}
