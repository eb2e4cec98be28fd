// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../../src/interfaces/IJobMarket.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";

/// @notice The ends of the number range, dirty calldata, and gas that must not grow with the world.
contract BoundsAttackTest is MarketTest {
    /// @dev the whole supply that can ever exist, in the hands of alice
    function mintAll() private returns (uint96 rest) {
        rest = uint96(token.MAX_SUPPLY() - token.totalSupply());
        token.mint(alice, rest);
        rest += FUNDS;
    }

    function test_wholeSupply_fitsThroughEveryBook() public {
        uint96 all = mintAll();
        deposit(alice, all);
        allot(alice, provider, all);
        vm.assertEq(uint256(market.capacity(alice, provider)), all);
        vm.assertEq(uint256(redeem(ALICE_KEY, all)), STAKE);
        vm.prank(alice);
        market.startUnallot(provider, all - STAKE);
        vm.warp(START + DAYS_3);
        vm.prank(alice);
        market.finishUnallot(provider);
        allotService(alice, all - STAKE);
        vm.assertEq(uint256(redeemService(ALICE_KEY, provider, all - STAKE)), STAKE);
        vm.assertEq(uint256(serviceRest(alice)), all - 2 * STAKE);
        vm.assertEq(uint256(earnedOf(provider)), 2 * (STAKE - STAKE / 100));
    }

    function test_runningTotals_doNotWrap_whenMoneyGoesRound() public {
        // allotted only falls by releases, so each turn of the wheel adds what was redeemed; the sum of all that was
        // ever redeemed would have to pass 2^96, 79 times the supply
        uint96 all = mintAll();
        deposit(alice, all);
        for (uint256 i = 0; i < 100; ++i) {
            allot(alice, provider, all);
            vm.prank(provider);
            market.unallot(alice);
        }
        vm.assertEq(uint256(allottedOf(alice)), 0);
        vm.assertEq(uint256(freeOf(alice)), all);
    }

    function test_largestVouchers_areRefused_notWrapped() public {
        deposit(alice, 10);
        allotService(alice, 5);
        allot(alice, provider, 5);
        uint96 most = type(uint96).max;
        vm.assertEq(uint256(redeemService(ALICE_KEY, provider, most)), 0);
        vm.assertEq(uint256(redeemBatch(entry(ALICE_KEY, most))), 0);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucherOf(alice, most)));
        expectRevert(IJobMarket.AllotmentExceeded.selector, most, 5);
        market.finalizeJob(voucherOf(alice, most), signature);
        vm.assertEq(uint256(redeemBatch(entry(ALICE_KEY, 5))), 5);
        vm.assertEq(uint256(redeemService(ALICE_KEY, provider, most)), 0);
        vm.assertEq(uint256(redeemService(ALICE_KEY, provider, 5)), 5);
    }

    function test_dirtyFields_neverPassAsClean() public {
        open(alice, 100);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucherOf(alice, 30)));
        bytes memory call = abi.encodeCall(market.finalizeJob, (voucherOf(alice, 30), signature));
        // byte 4 + 32 * field: above what the type of the field holds
        for (uint256 field = 0; field < 4; ++field) {
            bytes memory dirty = bytes.concat(call);
            dirty[4 + 32 * field] = 0x01;
            (bool ok,) = address(market).call(dirty);
            vm.assertTrue(!ok);
        }
        (bool clean,) = address(market).call(call);
        vm.assertTrue(clean);
    }

    function test_gas_doesNotGrowWithTheWorld() public {
        open(alice, 1_000);
        redeem(ALICE_KEY, 100);
        deposit(bob, 10);
        costs(150, 1);
        uint256[4] memory few = costs(200, 1);
        for (uint160 i = 1; i <= 10_000; ++i) {
            fundFrom(address(0xF00D0000 + i));
        }
        for (uint160 i = 1; i <= 1_000; ++i) {
            register(address(0xB00D0000 + i), address(0xC00D0000 + i));
        }
        uint256[4] memory many = costs(300, 2);
        for (uint256 i = 0; i < 4; ++i) {
            vm.assertLe(many[i], few[i] + 200, "grew");
        }
    }

    /// @dev gas of redeeming, depositing, allotting and starting to withdraw
    function costs(uint96 cumulative, uint96 amount) private returns (uint256[4] memory gas) {
        bytes memory packed = entry(ALICE_KEY, cumulative);
        gas[0] = gasleft();
        market.finalizeJobs(provider, packed);
        gas[0] -= gasleft();
        vm.prank(bob);
        gas[1] = gasleft();
        market.deposit(bob, amount);
        gas[1] -= gasleft();
        vm.prank(bob);
        gas[2] = gasleft();
        market.allot(provider, 1);
        gas[2] -= gasleft();
        vm.prank(bob);
        gas[3] = gasleft();
        market.startWithdraw(1);
        gas[3] -= gasleft();
    }

    /// @dev another payer with a channel to the provider
    function fundFrom(address payer) private {
        vm.prank(relayer);
        market.deposit(payer, 2);
        vm.prank(payer);
        market.allot(provider, 1);
    }
}
