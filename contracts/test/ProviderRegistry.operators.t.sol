// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../src/interfaces/IProviderRegistry.sol";
import {IThawErrors} from "../src/interfaces/IThawErrors.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {vm} from "./utils/Vm.sol";

/// @notice startOperatorRotation, cancelOperatorRotation, finishOperatorRotation, providerOf, wasOperator.
contract ProviderRegistryOperatorsTest is MeshTest {
    address private constant NEXT = address(0x9E97);

    function start(address operatorKey) private {
        vm.prank(provider);
        registry.startOperatorRotation(operatorKey);
    }

    function finish() private {
        vm.prank(provider);
        registry.finishOperatorRotation();
    }

    function rotate(address operatorKey) private {
        start(operatorKey);
        vm.warp(block.timestamp + 3 days);
        finish();
    }

    function test_startOperatorRotation_announcesWithoutChangingAnything() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.OperatorRotationStarted(provider, NEXT, START + 3 days);
        start(NEXT);
        (address announced, uint64 readyAt) = registry.nextOperatorOf(provider);
        vm.assertEq(announced, NEXT);
        vm.assertEq(readyAt, START + 3 days);
        vm.assertEq(registry.operatorOf(provider), operator);
        vm.assertEq(registry.providerOf(operator), provider);
        vm.assertEq(registry.providerOf(NEXT), address(0));
        vm.assertTrue(!registry.wasOperator(provider, NEXT));
    }

    function test_startOperatorRotation_revertsWith_INVALID_PROVIDER_forAStranger() public {
        expectRevert(IProviderRegistry.INVALID_PROVIDER.selector, relayer);
        vm.prank(relayer);
        registry.startOperatorRotation(NEXT);
    }

    /// @dev a stolen hot key must not be able to lock its owner out
    function test_startOperatorRotation_revertsWith_INVALID_PROVIDER_forTheOperator() public {
        expectRevert(IProviderRegistry.INVALID_PROVIDER.selector, operator);
        vm.prank(operator);
        registry.startOperatorRotation(NEXT);
    }

    function test_startOperatorRotation_revertsWith_OperatorTaken_whenAnybodyEverUsedTheKey() public {
        expectRevert(IProviderRegistry.OperatorTaken.selector, address(0x07E77), other);
        start(address(0x07E77));
        expectRevert(IProviderRegistry.OperatorTaken.selector, operator, provider);
        start(operator);
        rotate(NEXT);
        expectRevert(IProviderRegistry.OperatorTaken.selector, operator, provider);
        start(operator);
    }

    function test_startOperatorRotation_revertsWith_OperatorTaken_whenAnnouncedByAnother() public {
        start(NEXT);
        expectRevert(IProviderRegistry.OperatorTaken.selector, NEXT, provider);
        vm.prank(other);
        registry.startOperatorRotation(NEXT);
    }

    function test_startOperatorRotation_revertsWith_ZeroAddress_forZero() public {
        expectRevert(IThawErrors.ZeroAddress.selector);
        start(address(0));
    }

    function test_startOperatorRotation_replacesAnAnnouncedKey_andFreesIt() public {
        start(NEXT);
        vm.warp(START + 1 days);
        start(address(0x9E98));
        (address announced, uint64 readyAt) = registry.nextOperatorOf(provider);
        vm.assertEq(announced, address(0x9E98));
        vm.assertEq(readyAt, START + 4 days);
        vm.prank(other);
        registry.startOperatorRotation(NEXT);
    }

    function test_finishOperatorRotation_revertsWith_StillThawing_oneSecondEarly() public {
        start(NEXT);
        vm.warp(START + 3 days - 1);
        expectRevert(IThawErrors.StillThawing.selector, START + 3 days);
        finish();
    }

    function test_finishOperatorRotation_revertsWith_NoRotation_withoutOne() public {
        expectRevert(IProviderRegistry.NoRotation.selector, provider);
        finish();
    }

    function test_finishOperatorRotation_handsOver() public {
        start(NEXT);
        vm.warp(START + 3 days);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.OperatorRotated(provider, NEXT, operator);
        finish();
        vm.assertEq(registry.operatorOf(provider), NEXT);
        vm.assertEq(registry.providerOf(NEXT), provider);
        vm.assertEq(registry.providerOf(operator), address(0));
        (address announced,) = registry.nextOperatorOf(provider);
        vm.assertEq(announced, address(0));
        expectRevert(IProviderRegistry.NoRotation.selector, provider);
        finish();
    }

    function test_cancelOperatorRotation_keepsTheKey_andFreesTheOther() public {
        start(NEXT);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.OperatorRotationCancelled(provider, NEXT);
        vm.prank(provider);
        registry.cancelOperatorRotation();
        vm.warp(START + 3 days);
        expectRevert(IProviderRegistry.NoRotation.selector, provider);
        finish();
        register(address(0x77), NEXT);
        vm.assertEq(registry.providerOf(NEXT), address(0x77));
    }

    function test_cancelOperatorRotation_revertsWith_NoRotation_withoutOne() public {
        expectRevert(IProviderRegistry.NoRotation.selector, provider);
        vm.prank(provider);
        registry.cancelOperatorRotation();
    }

    function test_registerProvider_revertsWith_OperatorTaken_whenTheKeyIsAnnounced() public {
        start(NEXT);
        token.mint(relayer, STAKE);
        expectRevert(IProviderRegistry.OperatorTaken.selector, NEXT, provider);
        vm.prank(relayer);
        registry.registerProvider(NEXT, bytes32(uint256(1)), "", "", STAKE);
    }

    function test_wasOperator_holdsForOneFaultWindowAfterTheHandover() public {
        rotate(NEXT);
        uint256 until = block.timestamp + 7 days;
        vm.assertTrue(registry.wasOperator(provider, operator));
        vm.assertTrue(registry.wasOperator(provider, NEXT));
        vm.warp(until);
        vm.assertTrue(registry.wasOperator(provider, operator));
        vm.warp(until + 1);
        vm.assertTrue(!registry.wasOperator(provider, operator));
        vm.assertTrue(registry.wasOperator(provider, NEXT));
    }

    function test_wasOperator_isFalseForStrangersAndOtherProviders() public view {
        vm.assertTrue(!registry.wasOperator(other, operator));
        vm.assertTrue(!registry.wasOperator(provider, relayer));
        vm.assertTrue(!registry.wasOperator(address(0), relayer));
    }

    /// @dev whatever the sequence, a provider has exactly one operator, and it signs for nobody else
    function testFuzz_rotation_keepsOneOperatorEach(uint8[24] calldata steps) public {
        for (uint256 i = 0; i < steps.length; ++i) {
            address who = steps[i] & 1 == 0 ? provider : other;
            uint256 what = (steps[i] >> 1) % 4;
            vm.prank(who);
            if (what == 0) {
                tryCall(abi.encodeCall(registry.startOperatorRotation, (address(uint160(0xAA00 + steps[i])))));
            } else if (what == 1) {
                tryCall(abi.encodeCall(registry.cancelOperatorRotation, ()));
            } else if (what == 2) {
                tryCall(abi.encodeCall(registry.finishOperatorRotation, ()));
            } else {
                vm.warp(block.timestamp + uint256(steps[i]) * 3_000);
            }
            vm.assertEq(registry.providerOf(registry.operatorOf(provider)), provider);
            vm.assertEq(registry.providerOf(registry.operatorOf(other)), other);
        }
    }

    /// @dev what is refused is refused; the assertions above say what must hold either way
    function tryCall(bytes memory data) private {
        (bool done,) = address(registry).call(data);
        done;
    }
}
