// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Deposit, RedeemGroup, TokenPermit, Unallotment} from "../src/types/Signed.sol";
import {gasVm} from "./utils/GasVm.sol";
import {MarketTest} from "./utils/MarketTest.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What the transactions of payers and relayers cost, whole: each call is one transaction. Figures are of the
/// steady state unless they say "first": its slots are not zero, and most bytes of its amounts are not.
/// forge-config: default.isolate = true
contract GasMarketTest is MarketTest {
    string private constant GROUP = "JobMarket";
    uint96 private constant PRICE = 1_234_567_890_123_456_789;
    uint256 private constant FIRST_KEY = 0xBEEF0000;

    /// @notice Keeps the gas of the last call under `name`, and fails when it is above `goal`.
    function keep(string memory name, uint256 goal) private {
        vm.assertLe(gasVm.snapshotGasLastCall(GROUP, name), goal, name);
    }

    function keep(string memory name) private {
        gasVm.snapshotGasLastCall(GROUP, name);
    }

    function test_gas_deposit() public {
        deposit(alice, PRICE);
        keep("deposit first");
        deposit(alice, PRICE);
        keep("deposit again", 47_500);
    }

    function test_gas_depositWithPermit() public {
        deposit(alice, PRICE);
        TokenPermit memory p = permitOf(ALICE_KEY, PRICE, block.timestamp);
        vm.prank(alice);
        market.depositWithPermit(PRICE, p.deadline, p.v, p.r, p.s);
        p = permitOf(ALICE_KEY, PRICE, block.timestamp);
        vm.prank(alice);
        market.depositWithPermit(PRICE, p.deadline, p.v, p.r, p.s);
        keep("depositWithPermit", 78_000);
    }

    function test_gas_depositBySig() public {
        open(alice, PRICE);
        for (uint64 nonce = 0; nonce < 2; ++nonce) {
            TokenPermit memory p = permitOf(ALICE_KEY, PRICE, block.timestamp);
            depositBy(ALICE_KEY, Deposit(alice, PRICE, provider, PRICE, nonce, uint64(block.timestamp)), p);
        }
        keep("depositBySig with an allotment");
    }

    function test_gas_allot() public {
        deposit(alice, 10 * PRICE);
        allot(alice, provider, PRICE);
        keep("allot first");
        allot(alice, provider, PRICE);
        keep("allot again", 35_500);
        allotService(alice, PRICE);
        allotService(alice, PRICE);
        keep("allotService again", 35_500);
        allotBy(ALICE_KEY, provider, PRICE, 0);
        allotBy(ALICE_KEY, provider, PRICE, 1);
        keep("allotBySig again");
    }

    function test_gas_sessions() public {
        deposit(alice, 10 * PRICE);
        authorize(alice, SESSION_KEY, 10 * PRICE, uint64(block.timestamp + 1 days));
        keep("authorizeSession");
        allotBy(SESSION_KEY, provider, PRICE, 0);
        allotBy(SESSION_KEY, provider, PRICE, 1);
        keep("allotBySig of a session key, again");
    }

    function test_gas_leaving() public {
        open(alice, 10 * PRICE);
        deposit(alice, 10 * PRICE);
        vm.prank(alice);
        market.startUnallot(provider, PRICE);
        keep("startUnallot first");
        vm.warp(block.timestamp + DAYS_3);
        vm.prank(alice);
        market.finishUnallot(provider);
        keep("finishUnallot");
        vm.prank(alice);
        market.startWithdraw(PRICE);
        keep("startWithdraw first");
        vm.warp(block.timestamp + DAYS_3);
        vm.prank(alice);
        market.withdraw(alice);
        keep("withdraw", 45_000);
        allot(alice, signer, PRICE);
        unallotBy(OPERATOR_KEY, Unallotment(alice, signer, 0, uint64(block.timestamp)));
        keep("unallotBySig first");
    }

    function test_gas_finalizeJob() public {
        open(alice, 100 * PRICE);
        redeem(ALICE_KEY, PRICE);
        keep("finalizeJob first");
        redeem(ALICE_KEY, 2 * PRICE);
        keep("finalizeJob again", 60_000);
    }

    function test_gas_finalizeJobs() public {
        uint96 signed = 0;
        for (uint256 i = 0; i < 256; ++i) {
            openBy(FIRST_KEY + i, provider);
        }
        redeemBatch(batch(provider, 0, 256, ++signed * PRICE));
        redeemBatch(batch(provider, 0, 1, ++signed * PRICE));
        keep("finalizeJobs of 1");
        redeemBatch(batch(provider, 0, 16, ++signed * PRICE));
        keep("finalizeJobs of 16");
        redeemBatch(batch(provider, 0, 64, ++signed * PRICE));
        keep("finalizeJobs of 64", 64 * 12_000);
        vm.warp(block.timestamp + 1 days);
        redeemBatch(batch(provider, 0, 256, ++signed * PRICE));
        keep("finalizeJobs of 256", 256 * 11_200);
        // every voucher was paid: a batch of skipped ones would be cheap
        uint256 paid = 256 * uint256(signed) * PRICE;
        vm.assertEq(uint256(earnedOf(provider)), paid - paid / 100);
    }

    function test_gas_finalizeMany() public {
        for (uint256 i = 0; i < 16; ++i) {
            openBy(FIRST_KEY + i, provider);
            openBy(FIRST_KEY + i, other);
            openBy(FIRST_KEY + i, signer);
        }
        for (uint96 round = 1; round < 3; ++round) {
            RedeemGroup[] memory groups = new RedeemGroup[](3);
            groups[0] = group(provider, batch(provider, 0, 16, round * PRICE));
            groups[1] = group(other, batch(other, 0, 16, round * PRICE));
            groups[2] = group(signer, batch(signer, 0, 16, round * PRICE), 50, uint64(round), OPERATOR_KEY);
            redeemMany(groups);
        }
        keep("finalizeMany of 3 x 16, one with a fee");
    }

    function test_gas_finalizeService() public {
        bytes memory first;
        bytes memory second;
        for (uint256 i = 0; i < 16; ++i) {
            address payer = payerOf(FIRST_KEY + i);
            deposit(payer, 10 * PRICE);
            allotService(payer, 10 * PRICE);
            first = bytes.concat(first, serviceEntry(FIRST_KEY + i, provider, PRICE));
            second = bytes.concat(second, serviceEntry(FIRST_KEY + i, provider, 2 * PRICE));
        }
        market.finalizeService(provider, first);
        market.finalizeService(provider, second);
        keep("finalizeService of 16");
    }

    function test_gas_earnings() public {
        open(alice, 10 * PRICE);
        redeem(ALICE_KEY, 5 * PRICE);
        vm.prank(provider);
        market.startWithdrawEarned(PRICE);
        keep("startWithdrawEarned first");
        vm.warp(block.timestamp + DAYS_3);
        vm.prank(provider);
        market.withdrawEarned(provider);
        keep("withdrawEarned");
    }

    /// @notice A funded payer with this key.
    function payerOf(uint256 key) private returns (address payer) {
        payer = vm.addr(key);
        if (token.balanceOf(payer) == 0) fund(payer);
    }

    function openBy(uint256 key, address to) private {
        address payer = payerOf(key);
        deposit(payer, 10 * PRICE);
        allot(payer, to, 10 * PRICE);
    }

    /// @notice Vouchers of `count` payers, each over `cumulative`.
    function batch(
        address to,
        uint256 from,
        uint256 count,
        uint96 cumulative
    )
        private
        view
        returns (bytes memory packed)
    {
        for (uint256 i = from; i < from + count; ++i) {
            packed = bytes.concat(packed, entryFor(FIRST_KEY + i, to, cumulative));
        }
    }
}
