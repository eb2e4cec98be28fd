// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {History, Track} from "../../src/libraries/History.sol";
import {vm} from "../utils/Vm.sol";

contract HistoryTest {
    using History for Track;

    uint64 private constant START = 1_800_000_000;

    Track private track;

    function setUp() public {
        vm.warp(START);
    }

    function set(uint96 value) external {
        track.set(value);
    }

    function test_valueAt_isZeroBeforeTheFirstValue() public {
        track.set(7);
        vm.assertEq(track.valueAt(START - 1), 0);
        vm.assertEq(track.valueAt(START), 7);
        vm.assertEq(track.valueAt(START + 1), 7);
        vm.assertEq(track.changes, 0);
    }

    function test_valueAt_holdsUntilTheSecondOfTheNextValue() public {
        track.set(7);
        vm.warp(START + 10);
        track.set(8);
        vm.assertEq(track.valueAt(START + 9), 7);
        vm.assertEq(track.valueAt(START + 10), 8);
        vm.assertEq(track.changes, 1);
    }

    function test_set_keepsOnlyTheLastValueOfASecond() public {
        track.set(7);
        vm.warp(START + 10);
        track.set(9);
        track.set(8);
        vm.assertEq(track.valueAt(START + 9), 7);
        vm.assertEq(track.valueAt(START + 10), 8);
        vm.assertEq(track.changes, 1);
    }

    function test_set_revertsAfter2106() public {
        vm.warp(uint256(type(uint32).max));
        this.set(1);
        vm.warp(uint256(type(uint32).max) + 1);
        vm.expectRevert();
        this.set(2);
        vm.assertEq(track.valueAt(type(uint256).max), 1);
    }

    /// @dev against a plain list, at every second around every change
    function testFuzz_valueAt_equalsAPlainList(uint8[20] calldata gaps, uint96[20] calldata values) public {
        uint256[20] memory times;
        uint256 time = START;
        for (uint256 i = 0; i < 20; ++i) {
            time += gaps[i] % 5;
            times[i] = time;
            vm.warp(time);
            track.set(values[i]);
        }
        for (uint256 i = 0; i < 20; ++i) {
            for (uint256 when = times[i] - 1; when <= times[i] + 1; ++when) {
                vm.assertEq(track.valueAt(when), plain(times, values, when));
            }
        }
    }

    function plain(
        uint256[20] memory times,
        uint96[20] calldata values,
        uint256 when
    )
        private
        pure
        returns (uint96 value)
    {
        for (uint256 i = 0; i < 20 && times[i] <= when; ++i) {
            value = values[i];
        }
    }
}
