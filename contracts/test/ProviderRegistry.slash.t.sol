// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../src/interfaces/IProviderRegistry.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {vm} from "./utils/Vm.sol";

/// @notice freeze, unfreeze, slash, and what they do to a thaw.
contract ProviderRegistrySlashTest is MeshTest {
    bytes32 private constant FAULT = "fault";

    function slash(uint96 amount) private returns (uint96) {
        vm.prank(disputes);
        return registry.slash(provider, amount, FAULT, relayer);
    }

    function freeze(uint96 amount) private {
        vm.prank(disputes);
        registry.freeze(provider, amount, FAULT);
    }

    function unfreeze(uint96 amount) private {
        vm.prank(disputes);
        registry.unfreeze(provider, amount, FAULT);
    }

    function startUnstake(uint96 amount) private {
        vm.prank(provider);
        registry.startUnstake(amount);
    }

    function withdraw() private {
        vm.prank(provider);
        registry.withdrawStake(provider);
    }

    function test_slash_sendsStakeToTheDisputes() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.ProviderSlashed(provider, 200e18, FAULT, relayer);
        vm.assertEq(slash(200e18), 200e18);
        vm.assertEq(token.balanceOf(disputes), 200e18);
        vm.assertEq(providerOf(provider).stake, STAKE - 200e18);
        vm.assertEq(registry.eligibleStake(provider), STAKE - 200e18);
    }

    function test_slash_takesNoMoreThanThereIs() public {
        vm.assertEq(slash(STAKE + 1), STAKE);
        vm.assertEq(providerOf(provider).stake, 0);
        vm.assertEq(token.balanceOf(disputes), STAKE);
        vm.assertEq(slash(1), 0);
        vm.assertEq(token.balanceOf(disputes), STAKE);
    }

    function test_slash_takesWhatCountsBeforeWhatThaws() public {
        startUnstake(1_500e18);
        slash(300e18);
        IProviderRegistry.Provider memory p = providerOf(provider);
        vm.assertEq(p.thawing, 1_500e18);
        vm.assertEq(p.stake, 1_700e18);
        slash(400e18);
        p = providerOf(provider);
        vm.assertEq(p.thawing, 1_300e18);
        vm.assertEq(p.stake, 1_300e18);
        vm.assertEq(p.thawEnd, START + 14 days);
        slash(1_300e18);
        p = providerOf(provider);
        vm.assertEq(p.thawing, 0);
        vm.assertEq(p.thawEnd, 0);
    }

    function test_slash_makesAnActiveProviderInactive() public {
        slash(STAKE - 1_000e18 + 1);
        vm.assertTrue(!registry.isActive(provider));
    }

    function test_hooks_revertWith_NotDisputes_forAnybodyElse() public {
        address[4] memory others = [provider, governance, address(market), relayer];
        for (uint256 i = 0; i < others.length; ++i) {
            expectRevert(IProviderRegistry.NotDisputes.selector, others[i]);
            vm.prank(others[i]);
            registry.slash(provider, 1, FAULT, relayer);
            expectRevert(IProviderRegistry.NotDisputes.selector, others[i]);
            vm.prank(others[i]);
            registry.freeze(provider, 1, FAULT);
            expectRevert(IProviderRegistry.NotDisputes.selector, others[i]);
            vm.prank(others[i]);
            registry.unfreeze(provider, 1, FAULT);
        }
    }

    function test_freeze_keepsStakeFromLeaving_untilItIsLifted() public {
        startUnstake(STAKE);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.StakeFrozen(provider, 500e18, FAULT);
        freeze(500e18);
        vm.assertEq(registry.frozenStake(provider), 500e18);
        vm.warp(START + 14 days);
        withdraw();
        vm.assertEq(token.balanceOf(provider), 1_500e18);
        IProviderRegistry.Provider memory p = providerOf(provider);
        vm.assertEq(p.stake, 500e18);
        vm.assertEq(p.thawing, 500e18);
        expectRevert(IProviderRegistry.FrozenStake.selector, 500e18);
        withdraw();
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.StakeUnfrozen(provider, 500e18, FAULT);
        unfreeze(500e18);
        withdraw();
        vm.assertEq(token.balanceOf(provider), STAKE);
        vm.assertEq(providerOf(provider).thawEnd, 0);
    }

    function test_freeze_takesNothingFromWhatCounts() public {
        freeze(STAKE);
        vm.assertEq(registry.eligibleStake(provider), STAKE);
        vm.assertTrue(registry.isActive(provider));
    }

    function test_freeze_ofSeveralFaultsAddsUp_andMayExceedTheStake() public {
        freeze(STAKE);
        freeze(STAKE);
        vm.assertEq(registry.frozenStake(provider), 2 * STAKE);
        startUnstake(STAKE);
        vm.warp(START + 14 days);
        expectRevert(IProviderRegistry.FrozenStake.selector, 2 * STAKE);
        withdraw();
        unfreeze(STAKE);
        slash(100e18);
        unfreeze(STAKE);
        withdraw();
        vm.assertEq(token.balanceOf(provider), STAKE - 100e18);
    }

    function test_freeze_leavesTheRestFree() public {
        freeze(500e18);
        startUnstake(1_500e18);
        vm.warp(START + 14 days);
        withdraw();
        vm.assertEq(token.balanceOf(provider), 1_500e18);
        vm.assertEq(providerOf(provider).stake, 500e18);
    }

    function test_unfreeze_revertsBelowZero() public {
        freeze(1);
        vm.expectRevert();
        unfreeze(2);
    }

    /// @dev whatever is thawed, frozen and slashed, all that ever leaves is the stake
    function testFuzz_slash_andWithdrawNeverPayMoreThanTheStake(
        uint96 thawing,
        uint96 frozen,
        uint96 first,
        uint96 second
    )
        public
    {
        startUnstake(bound(thawing, 1, STAKE));
        freeze(bound(frozen, 0, 2 * STAKE));
        uint96 taken = slash(bound(first, 0, STAKE));
        vm.warp(START + 14 days);
        vm.prank(provider);
        try registry.withdrawStake(provider) {} catch {}
        vm.assertGe(
            token.balanceOf(address(registry)), uint256(STAKE) + providerOf(provider).stake, "other stake touched"
        );
        IProviderRegistry.Provider memory p = providerOf(provider);
        uint96 floor = registry.frozenStake(provider) < STAKE - taken ? registry.frozenStake(provider) : STAKE - taken;
        vm.assertGe(p.stake, floor);
        vm.assertLe(p.thawing, p.stake);
        taken += slash(bound(second, 0, STAKE));
        vm.assertEq(token.balanceOf(provider) + taken + providerOf(provider).stake, STAKE);
        vm.assertEq(token.balanceOf(disputes), taken);
    }
}
