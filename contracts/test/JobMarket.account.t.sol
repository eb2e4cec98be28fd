// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {JobMarket} from "../src/JobMarket.sol";
import {IJobMarket} from "../src/interfaces/IJobMarket.sol";
import {IThawErrors} from "../src/interfaces/IThawErrors.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {vm} from "./utils/Vm.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @notice deposit, depositWithPermit, startWithdraw, cancelWithdraw, withdraw.
contract JobMarketAccountTest is MeshTest {
    uint64 private constant THAW = 3 days;

    function signPermit(
        uint256 key,
        uint256 value,
        uint256 deadline
    )
        private
        view
        returns (uint8 v, bytes32 r, bytes32 s)
    {
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        address holder = vm.addr(key);
        bytes32 structHash =
            keccak256(abi.encode(typehash, holder, address(market), value, token.nonces(holder), deadline));
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }

    function startWithdraw(address payer, uint96 amount) private {
        vm.prank(payer);
        market.startWithdraw(amount);
    }

    function withdraw(address payer, address to) private {
        vm.prank(payer);
        market.withdraw(to);
    }

    function test_constructor_revertsWith_WrongMarket_whenTheRegistryNamesAnother() public {
        expectRevert(IJobMarket.WrongMarket.selector, address(market));
        new JobMarket(registry);
    }

    function test_constructor_readsItsParametersFromTheRegistry() public view {
        vm.assertEq(market.token(), address(token));
        vm.assertEq(market.registry(), address(registry));
        vm.assertEq(uint256(market.escrowThaw()), THAW);
        vm.assertEq(uint256(market.earnedThaw()), 3 days);
        vm.assertEq(uint256(market.redeemPeriod()), 3 days);
        vm.assertEq(market.disputes(), disputes);
        vm.assertEq(market.domainSeparator(), registry.domainSeparator());
    }

    function test_deposit_creditsThePayer() public {
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.Deposited(alice, alice, 5e18);
        deposit(alice, 5e18);
        vm.assertEq(uint256(freeOf(alice)), 5e18);
        vm.assertEq(token.balanceOf(alice), FUNDS - 5e18);
        vm.assertEq(token.balanceOf(address(market)), 5e18);
    }

    function test_deposit_fundsAnotherFromTheCallersWallet() public {
        vm.prank(relayer);
        market.deposit(alice, 5e18);
        vm.assertEq(uint256(freeOf(alice)), 5e18);
        vm.assertEq(uint256(freeOf(relayer)), 0);
        vm.assertEq(token.balanceOf(alice), FUNDS);
        vm.assertEq(token.balanceOf(relayer), FUNDS - 5e18);
    }

    function test_deposit_revertsWith_ZeroAmount_whenZero() public {
        expectRevert(IThawErrors.ZeroAmount.selector);
        deposit(alice, 0);
    }

    function test_deposit_revertsWith_ZeroAddress_whenPayerIsZero() public {
        expectRevert(IThawErrors.ZeroAddress.selector);
        vm.prank(alice);
        market.deposit(address(0), 1);
    }

    function test_deposit_revertsWith_ERC20InsufficientBalance_whenTheWalletIsShort() public {
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, FUNDS, FUNDS + 1));
        deposit(alice, FUNDS + 1);
        vm.assertEq(uint256(freeOf(alice)), 0);
    }

    function test_deposit_revertsWith_ERC20InsufficientAllowance_whenNotApproved() public {
        vm.prank(alice);
        token.approve(address(market), 1);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(market), 1, 2));
        deposit(alice, 2);
    }

    function test_deposit_doesNotTouchARunningWithdrawal() public {
        deposit(alice, 10);
        startWithdraw(alice, 10);
        vm.warp(START + 1 days);
        vm.prank(relayer);
        market.deposit(alice, 1);
        (uint96 free, uint96 thawing, uint64 thawEnd) = market.accounts(alice);
        vm.assertEq(uint256(free), 1);
        vm.assertEq(uint256(thawing), 10);
        vm.assertEq(uint256(thawEnd), START + THAW);
    }

    function testFuzz_depositWithPermit_needsNoApproval(uint96 amount) public {
        amount = bound(amount, 1, FUNDS);
        vm.prank(alice);
        token.approve(address(market), 0);
        (uint8 v, bytes32 r, bytes32 s) = signPermit(ALICE_KEY, amount, block.timestamp);
        vm.prank(alice);
        market.depositWithPermit(amount, block.timestamp, v, r, s);
        vm.assertEq(uint256(freeOf(alice)), amount);
        vm.assertEq(token.allowance(alice, address(market)), 0);
    }

    function test_depositWithPermit_survivesAFrontRunPermit() public {
        vm.prank(alice);
        token.approve(address(market), 0);
        (uint8 v, bytes32 r, bytes32 s) = signPermit(ALICE_KEY, 7, block.timestamp);
        vm.prank(bob);
        token.permit(alice, address(market), 7, block.timestamp, v, r, s);
        vm.prank(alice);
        market.depositWithPermit(7, block.timestamp, v, r, s);
        vm.assertEq(uint256(freeOf(alice)), 7);
    }

    function test_depositWithPermit_revertsWhenThePermitIsBad_andNothingIsApproved() public {
        vm.prank(alice);
        token.approve(address(market), 0);
        (uint8 v, bytes32 r, bytes32 s) = signPermit(BOB_KEY, 7, block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(market), 0, 7));
        vm.prank(alice);
        market.depositWithPermit(7, block.timestamp, v, r, s);
    }

    function test_depositWithPermit_cannotPullTheAllowanceOfAnother() public {
        // bob approved the market for life; alice sends a permit that bob signed: only alice's money may move
        (uint8 v, bytes32 r, bytes32 s) = signPermit(BOB_KEY, 7, block.timestamp);
        vm.prank(alice);
        market.depositWithPermit(7, block.timestamp, v, r, s);
        vm.assertEq(token.balanceOf(bob), FUNDS);
        vm.assertEq(token.balanceOf(alice), FUNDS - 7);
    }

    function test_startWithdraw_takesTheMoneyOutOfUseAtOnce() public {
        deposit(alice, 10);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.WithdrawStarted(alice, 4, START + THAW);
        startWithdraw(alice, 4);
        vm.assertEq(uint256(freeOf(alice)), 6);
        expectRevert(IThawErrors.InsufficientBalance.selector, 6, 7);
        allot(alice, provider, 7);
    }

    function test_startWithdraw_revertsWith_InsufficientBalance_whenMoreThanTheAccount() public {
        deposit(alice, 10);
        expectRevert(IThawErrors.InsufficientBalance.selector, 10, 11);
        startWithdraw(alice, 11);
    }

    function test_startWithdraw_revertsWith_ZeroAmount_whenZero() public {
        deposit(alice, 10);
        expectRevert(IThawErrors.ZeroAmount.selector);
        startWithdraw(alice, 0);
    }

    function test_startWithdraw_replacesTheRunningOne_andRestartsTheClock() public {
        deposit(alice, 10);
        startWithdraw(alice, 10);
        vm.warp(START + THAW - 1);
        startWithdraw(alice, 3);
        (uint96 free, uint96 thawing, uint64 thawEnd) = market.accounts(alice);
        vm.assertEq(uint256(free), 7);
        vm.assertEq(uint256(thawing), 3);
        vm.assertEq(uint256(thawEnd), START + 2 * THAW - 1);
    }

    function test_cancelWithdraw_makesTheMoneyFreeAgain() public {
        deposit(alice, 10);
        startWithdraw(alice, 10);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.WithdrawCancelled(alice, 10);
        vm.prank(alice);
        market.cancelWithdraw();
        allot(alice, provider, 10);
        expectRevert(IThawErrors.NotThawing.selector);
        withdraw(alice, alice);
    }

    function test_cancelWithdraw_revertsWith_NotThawing_whenNothingThaws() public {
        expectRevert(IThawErrors.NotThawing.selector);
        vm.prank(alice);
        market.cancelWithdraw();
    }

    function test_withdraw_revertsWith_StillThawing_oneSecondBeforeTheEnd() public {
        deposit(alice, 10);
        startWithdraw(alice, 10);
        vm.warp(START + THAW - 1);
        expectRevert(IThawErrors.StillThawing.selector, START + THAW);
        withdraw(alice, alice);
    }

    function test_withdraw_paysOnce_atTheEnd() public {
        deposit(alice, 10);
        startWithdraw(alice, 4);
        vm.warp(START + THAW);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.Withdrawn(alice, bob, 4);
        withdraw(alice, bob);
        vm.assertEq(token.balanceOf(bob), FUNDS + 4);
        vm.assertEq(uint256(freeOf(alice)), 6);
        expectRevert(IThawErrors.NotThawing.selector);
        withdraw(alice, bob);
    }

    function test_withdraw_revertsWith_NotThawing_whenNeverStarted() public {
        deposit(alice, 10);
        expectRevert(IThawErrors.NotThawing.selector);
        withdraw(alice, alice);
    }

    function test_withdraw_revertsWith_ERC20InvalidReceiver_whenToIsZero() public {
        deposit(alice, 10);
        startWithdraw(alice, 4);
        vm.warp(START + THAW);
        expectRevert(IERC20Errors.ERC20InvalidReceiver.selector, address(0));
        withdraw(alice, address(0));
    }

    function testFuzz_withdraw_neverPaysEarlierOrMore(uint96 amount, uint96 asked, uint32 wait) public {
        amount = bound(amount, 1, FUNDS);
        asked = bound(asked, 1, amount);
        deposit(alice, amount);
        startWithdraw(alice, asked);
        vm.warp(START + uint256(wait));
        vm.prank(alice);
        try market.withdraw(alice) {
            vm.assertGe(wait, THAW);
            vm.assertEq(token.balanceOf(alice), FUNDS - amount + asked);
        } catch {
            vm.assertTrue(wait < THAW);
        }
    }
}
