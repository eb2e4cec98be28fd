// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LnWad} from "../../src/libraries/LnWad.sol";
import {ElectionVectors} from "../utils/ElectionVectors.sol";
import {vm} from "../utils/Vm.sol";

contract LnWadTest is ElectionVectors {
    /// @dev 2 000 logarithms that the TypeScript port computed
    function test_lnWad_equalsTheVectors() public view {
        uint256[] memory x = this.uints(".lnWad.x");
        int256[] memory ln = this.ints(".lnWad.ln");
        vm.assertGe(x.length, 2_000);
        vm.assertEq(x.length, ln.length);
        for (uint256 i = 0; i < x.length; ++i) {
            vm.assertEq(LnWad.lnWad(x[i]), ln[i]);
        }
    }

    function test_lnWad_ofKnownNumbers() public pure {
        vm.assertEq(LnWad.lnWad(1e18), 0);
        vm.assertEq(LnWad.lnWad(2_718_281_828_459_045_235), 999_999_999_999_999_999);
        vm.assertEq(LnWad.lnWad(1), -41_446_531_673_892_822_313);
        vm.assertEq(LnWad.lnWad(2e18), 693_147_180_559_945_309);
    }

    function testFuzz_lnWad_neverFalls(uint256 x) public pure {
        x = x % (type(uint256).max / 2 - 1) + 1;
        vm.assertTrue(LnWad.lnWad(x) <= LnWad.lnWad(x + 1));
    }

    /// @dev ln(a * b) = ln(a) + ln(b) up to one unit of rounding each
    function testFuzz_lnWad_turnsProductsIntoSums(uint96 a, uint96 b) public pure {
        uint256 x = uint256(a) + 1e18;
        uint256 y = uint256(b) + 1e18;
        int256 sum = LnWad.lnWad(x) + LnWad.lnWad(y);
        int256 difference = LnWad.lnWad(x * y / 1e18) - sum;
        vm.assertTrue(difference >= -3 && difference <= 3);
    }

    function testFuzz_lnWad_isNeverPositiveUpToOne(uint256 x) public pure {
        int256 ln = LnWad.lnWad(x % 1e18 + 1);
        vm.assertTrue(ln <= 0 && ln > -42e18);
    }
}
