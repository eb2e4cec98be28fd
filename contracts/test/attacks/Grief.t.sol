// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../../src/interfaces/IJobMarket.sol";
import {MeshTest} from "../utils/MeshTest.sol";
import {vm} from "../utils/Vm.sol";

/// @notice What a stranger may try: spam, rotten batches, delays.
contract GriefTest is MeshTest {
    function setUp() public override {
        super.setUp();
        open(alice, 100);
        open(bob, 100);
    }

    function test_oneWeiRedemptions_changeNothingButTheSpammersGas() public {
        for (uint96 i = 1; i <= 20; ++i) {
            redeem(ALICE_KEY, i);
        }
        redeem(ALICE_KEY, 100);
        // the burn cannot be dodged by cutting a redemption up, nor be made larger
        vm.assertEq(uint256(earnedOf(provider)), 99);
        vm.assertEq(uint256(market.capacity(alice, provider)), 0);
    }

    function test_oneWeiDeposits_delayNobody() public {
        deposit(alice, 10);
        vm.prank(alice);
        market.startWithdraw(10);
        for (uint256 i = 1; i <= 3; ++i) {
            vm.warp(START + i * 1 days);
            vm.prank(relayer);
            market.deposit(alice, 1);
        }
        vm.prank(alice);
        market.withdraw(alice);
        vm.assertEq(uint256(freeOf(alice)), 3);
    }

    function test_oneRottenVoucher_doesNotHoldUpTheBatch() public {
        bytes memory rotten = entry(ALICE_KEY, 100);
        rotten[95] ^= 0x01;
        vm.assertEq(uint256(redeemBatch(abi.encodePacked(rotten, entry(BOB_KEY, 40)))), 40);
    }

    function test_relayer_gainsNothing() public {
        uint256 before = token.balanceOf(relayer);
        redeemBatch(abi.encodePacked(entry(ALICE_KEY, 100), entry(BOB_KEY, 100)));
        vm.assertEq(token.balanceOf(relayer), before);
        vm.assertEq(uint256(earnedOf(relayer)), 0);
        vm.assertEq(uint256(earnedOf(provider)), 198);
    }

    function test_largestCumulative_overflowsNothing() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.VoucherSkipped(provider, alice, 0, IJobMarket.AllotmentExceeded.selector);
        vm.assertEq(uint256(redeemBatch(entry(ALICE_KEY, type(uint96).max))), 0);
    }

    function test_donatedTokens_belongToNobody() public {
        vm.prank(relayer);
        // forge-lint: disable-next-line(erc20-unchecked-transfer)
        token.transfer(address(market), 5);
        vm.assertEq(uint256(freeOf(relayer)), 0);
        vm.assertEq(token.balanceOf(address(market)), 205);
    }

    function test_owner_ofTheToken_cannotReachTheMoney() public {
        token.mint(address(this), 1);
        vm.assertEq(token.balanceOf(address(market)), 200);
        vm.expectRevert();
        // forge-lint: disable-next-line(erc20-unchecked-transfer)
        token.transferFrom(address(market), address(this), 1);
    }
}
