// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IElection} from "../src/interfaces/IElection.sol";
import {IProviderRegistry} from "../src/interfaces/IProviderRegistry.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {vm} from "./utils/Vm.sol";

/// @notice setClasses, classesOf, servesClass, servedClassAt.
contract ProviderRegistryClassesTest is MeshTest {
    bytes32 private constant A = "a";
    bytes32 private constant B = "b";

    function set(bytes32[] memory classes) private {
        vm.prank(provider);
        registry.setClasses(classes);
    }

    function none() private pure returns (bytes32[] memory) {
        return new bytes32[](0);
    }

    function one(bytes32 a) private pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = a;
    }

    function two(bytes32 a, bytes32 b) private pure returns (bytes32[] memory list) {
        list = new bytes32[](2);
        (list[0], list[1]) = (a, b);
    }

    function test_setClasses_listsThem() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.ClassesSet(provider, two(A, B));
        set(two(A, B));
        vm.assertEq(keccak256(abi.encode(registry.classesOf(provider))), keccak256(abi.encode(two(A, B))));
        vm.assertTrue(registry.servesClass(provider, A));
        vm.assertTrue(registry.servesClass(provider, B));
        vm.assertTrue(!registry.servesClass(other, A));
        vm.assertTrue(!registry.servesClass(provider, "c"));
    }

    function test_setClasses_byTheOperatorIsForItsProvider() public {
        vm.prank(operator);
        registry.setClasses(one(A));
        vm.assertTrue(registry.servesClass(provider, A));
    }

    function test_setClasses_revertsWith_INVALID_PROVIDER_forAStranger() public {
        expectRevert(IProviderRegistry.INVALID_PROVIDER.selector, relayer);
        vm.prank(relayer);
        registry.setClasses(one(A));
    }

    function test_setClasses_takesSixteen_andNotOneMore() public {
        bytes32[] memory most = new bytes32[](16);
        for (uint256 i = 0; i < 16; ++i) {
            most[i] = bytes32(i + 1);
        }
        set(most);
        vm.assertTrue(registry.servesClass(provider, most[15]));
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.TooManyClasses.selector, 17, 16));
        set(new bytes32[](17));
    }

    function test_setClasses_revertsWith_DuplicateClass_whenTwiceInTheList() public {
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.DuplicateClass.selector, A));
        set(two(A, A));
    }

    function test_servedClassAt_remembersFromWhenToWhen() public {
        vm.warp(START + 10);
        set(one(A));
        vm.warp(START + 20);
        set(two(B, A));
        vm.warp(START + 30);
        set(one(B));
        vm.warp(START + 40);
        vm.assertTrue(!registry.servedClassAt(provider, A, START + 9));
        vm.assertTrue(registry.servedClassAt(provider, A, START + 10));
        vm.assertTrue(registry.servedClassAt(provider, A, START + 29));
        vm.assertTrue(!registry.servedClassAt(provider, A, START + 30));
        vm.assertTrue(!registry.servedClassAt(provider, B, START + 19));
        vm.assertTrue(registry.servedClassAt(provider, B, START + 39));
        vm.assertTrue(!registry.servesClass(provider, A));
    }

    function test_servedClassAt_startsAnewAfterABreak() public {
        set(one(A));
        vm.warp(START + 10);
        set(none());
        vm.warp(START + 20);
        set(one(A));
        vm.warp(START + 30);
        vm.assertTrue(!registry.servedClassAt(provider, A, START + 19));
        vm.assertTrue(registry.servedClassAt(provider, A, START + 20));
        vm.assertEq(registry.classesOf(provider).length, 1);
    }

    function test_servedClassAt_startsAnew_whenDroppedAndTakenInOneSecond() public {
        set(one(A));
        vm.warp(START + 10);
        set(none());
        set(one(A));
        vm.warp(START + 11);
        vm.assertTrue(!registry.servedClassAt(provider, A, START + 9));
        vm.assertTrue(registry.servedClassAt(provider, A, START + 10));
    }

    function test_servedClassAt_revertsWith_FutureLookup_untilTheSecondIsOver() public {
        set(one(A));
        expectRevert(IElection.FutureLookup.selector, START, START);
        registry.servedClassAt(provider, A, START);
    }

    /// @dev against the list that was set last
    function testFuzz_setClasses_servesExactlyTheList(uint16 first, uint16 second) public {
        set(listOf(first));
        vm.warp(START + 1);
        set(listOf(second));
        for (uint256 i = 0; i < 16; ++i) {
            vm.assertEq(registry.servesClass(provider, bytes32(i)), (second >> i) & 1 == 1);
            vm.assertEq(registry.servedClassAt(provider, bytes32(i), START), (first >> i) & 1 == 1);
        }
    }

    function listOf(uint16 bits) private pure returns (bytes32[] memory list) {
        uint256 count = 0;
        for (uint256 i = 0; i < 16; ++i) {
            count += (bits >> i) & 1;
        }
        list = new bytes32[](count);
        for (uint256 i = 16; count != 0;) {
            if ((bits >> --i) & 1 == 1) list[--count] = bytes32(i);
        }
    }
}
