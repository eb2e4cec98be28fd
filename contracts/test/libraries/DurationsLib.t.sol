// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {DurationsLib} from "../../src/libraries/DurationsLib.sol";
import {Durations} from "../../src/types/Durations.sol";
import {vm} from "../utils/Vm.sol";

contract DurationsLibTest {
    function check(Durations memory d) external pure {
        DurationsLib.check(d);
    }

    function test_check_acceptsThePublicSet() public view {
        this.check(Durations(14 days, 7 days, 3 days, 3 days, 3 days, 3 days, 2 days, 3 days, 1 hours, 1 minutes));
    }

    function test_check_acceptsTheLocalSet() public view {
        this.check(local(140));
    }

    function test_check_revertsWith_UnbondingTooShort_whenEqualToTheWindows() public {
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.UnbondingTooShort.selector, 120, 120));
        this.check(local(120));
    }

    function test_check_acceptsOneSecondMoreThanTheWindows() public view {
        this.check(local(121));
    }

    function test_check_revertsWith_DurationOutOfBounds_whenATurnOutlastsItsEpoch() public {
        Durations memory d = local(140);
        d.turn = d.epoch;
        this.check(d);
        d.turn = d.epoch + 1;
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.DurationOutOfBounds.selector, d.turn));
        this.check(d);
    }

    function testFuzz_check_revertsWith_DurationOutOfBounds_whenAnyIsZeroOrTooLong(uint8 which, bool zero) public {
        uint64[10] memory d = [uint64(140), 60, 30, 30, 30, 30, 20, 30, 60, 10];
        uint64 bad = zero ? 0 : DurationsLib.MAX + 1;
        d[which % 10] = bad;
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.DurationOutOfBounds.selector, bad));
        this.check(Durations(d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8], d[9]));
    }

    function testFuzz_check_keepsTheInequality(uint64 u, uint64 f, uint64 d, uint64 r) public view {
        try this.check(Durations(u, f, d, r, 1, 1, 1, 1, 1, 1)) {
            vm.assertTrue(u > uint256(f) + d + r);
            vm.assertTrue(u <= DurationsLib.MAX);
        } catch {
            bool outOfBounds = u == 0 || f == 0 || d == 0 || r == 0 || u > DurationsLib.MAX || f > DurationsLib.MAX
                || d > DurationsLib.MAX || r > DurationsLib.MAX;
            vm.assertTrue(outOfBounds || u <= uint256(f) + d + r);
        }
    }

    function testFuzz_check_keepsTheInequality_withinBounds(uint64 u, uint64 f, uint64 d, uint64 r) public view {
        testFuzz_check_keepsTheInequality(fold(u), fold(f) / 3, fold(d) / 3, fold(r) / 3);
    }

    function local(uint64 unbonding) private pure returns (Durations memory) {
        return Durations(unbonding, 60, 30, 30, 30, 30, 20, 30, 60, 10);
    }

    function fold(uint64 x) private pure returns (uint64) {
        return x % (DurationsLib.MAX + 1);
    }
}
