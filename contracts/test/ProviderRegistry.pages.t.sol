// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../src/interfaces/IProviderRegistry.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {vm} from "./utils/Vm.sol";

/// @notice getActiveProviders, page by page.
contract ProviderRegistryPagesTest is MeshTest {
    uint160 private constant BASE = 0x100000;

    function registerMany(uint160 count) private {
        for (uint160 i = 0; i < count; ++i) {
            register(address(BASE + i), address(BASE * 2 + i));
        }
    }

    function unstake(address owner) private {
        vm.prank(owner);
        registry.startUnstake(STAKE);
    }

    function test_getActiveProviders_listsInOrderOfRegistration() public view {
        (address[] memory page, uint256 next) = registry.getActiveProviders(0, 100);
        vm.assertEq(page.length, 2);
        vm.assertEq(page[0], provider);
        vm.assertEq(page[1], other);
        vm.assertEq(next, 0);
    }

    function test_getActiveProviders_leavesOutTheInactive() public {
        registerMany(3);
        unstake(provider);
        unstake(address(BASE + 1));
        (address[] memory page, uint256 next) = registry.getActiveProviders(0, 100);
        vm.assertEq(page.length, 3);
        vm.assertEq(page[0], other);
        vm.assertEq(page[1], address(BASE));
        vm.assertEq(page[2], address(BASE + 2));
        vm.assertEq(next, 0);
    }

    function test_getActiveProviders_goesOnWhereThePageEnded() public {
        registerMany(3);
        (address[] memory first, uint256 next) = registry.getActiveProviders(0, 4);
        vm.assertEq(first.length, 4);
        vm.assertEq(next, 4);
        (address[] memory second, uint256 end) = registry.getActiveProviders(next, 4);
        vm.assertEq(second.length, 1);
        vm.assertEq(second[0], address(BASE + 2));
        vm.assertEq(end, 0);
    }

    function test_getActiveProviders_isEmptyBeyondTheEnd() public view {
        (address[] memory page, uint256 next) = registry.getActiveProviders(type(uint256).max, 100);
        vm.assertEq(page.length, 0);
        vm.assertEq(next, 0);
    }

    function test_getActiveProviders_revertsWith_PageLimit_whenZeroOrAboveOneHundred() public {
        expectRevert(IProviderRegistry.PageLimit.selector, 0);
        registry.getActiveProviders(0, 0);
        expectRevert(IProviderRegistry.PageLimit.selector, 101);
        registry.getActiveProviders(0, 101);
    }

    function testFuzz_getActiveProviders_pagesTogetherAreTheWhole(uint8 size, uint8 count, uint256 inactive) public {
        registerMany(count % 24);
        uint256 total = registry.providerCount();
        uint256 expected = total;
        for (uint160 i = 0; i < count % 24; ++i) {
            if ((inactive >> i) & 1 == 0) continue;
            unstake(address(BASE + i));
            --expected;
        }
        uint256 cursor = 0;
        uint256 seen = 0;
        do {
            (address[] memory page, uint256 next) = registry.getActiveProviders(cursor, 1 + size % 100);
            for (uint256 i = 0; i < page.length; ++i) {
                vm.assertTrue(registry.isActive(page[i]));
            }
            seen += page.length;
            vm.assertTrue(next == 0 || next > cursor);
            cursor = next;
        } while (cursor != 0);
        vm.assertEq(seen, expected);
    }
}
