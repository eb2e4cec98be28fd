// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title The natural logarithm in fixed point, 18 decimals
/// @notice Remco Bloemen's rational approximation (https://2π.com/22/exp-ln, MIT), with the constants and roundings of
/// Solady's `lnWad`, so that every port gives the same bits. Written in checked Solidity: no product comes near 2^255.
library LnWad {
    /// @notice ln(x / 1e18) * 1e18, rounded down. Zero and what does not fit an int256 have no logarithm here.
    /// @param x from 1 to 2^255 - 1
    function lnWad(uint256 x) internal pure returns (int256) {
        // x = m * 2^(log2 - 96) with m in [1, 2) * 2^96, and ln(x) = ln(m) + (log2 - 96) * ln(2)
        uint256 log2 = Math.log2(x);
        // forge-lint: disable-next-line(unsafe-typecast)
        int256 m = int256((x << (255 - log2)) >> 159); // below 2^97
        // forge-lint: disable-next-line(unsafe-typecast)
        int256 k = int256(log2) - 96; // below 2^8

        // the sum is in base 5^18 * 2^192: scaled quotient, ln(2) * k, ln(2^96 / 10^18)
        int256 sum = 1_677_202_110_996_718_588_342_820_967_067_443_963_516_166 * (numerator(m) / denominator(m));
        sum += 16_597_577_552_685_614_221_487_285_958_193_947_469_193_820_559_219_878_177_908_093_499_208_371 * k;
        sum += 600_920_179_829_731_861_736_702_779_321_621_459_595_472_258_049_074_101_567_377_883_020_018_308;
        return sum >> 174;
    }

    /// @notice The polynomial above the line, in base 2^192.
    function numerator(int256 x) private pure returns (int256 p) {
        p = x + 3_273_285_459_638_523_848_632_254_066_296;
        p = ((p * x) >> 96) + 24_828_157_081_833_163_892_658_089_445_524;
        p = ((p * x) >> 96) + 43_456_485_725_739_037_958_740_375_743_393;
        p = ((p * x) >> 96) - 11_111_509_109_440_967_052_023_855_526_967;
        p = ((p * x) >> 96) - 45_023_709_667_254_063_763_336_534_515_857;
        p = ((p * x) >> 96) - 14_706_773_417_378_608_786_704_636_184_526;
        p = p * x - (795_164_235_651_350_426_258_249_787_498 << 96);
    }

    /// @notice The polynomial below the line, in base 2^96. It has no zero where m lies.
    function denominator(int256 x) private pure returns (int256 q) {
        q = x + 5_573_035_233_440_673_466_300_451_813_936;
        q = ((q * x) >> 96) + 71_694_874_799_317_883_764_090_561_454_958;
        q = ((q * x) >> 96) + 283_447_036_172_924_575_727_196_451_306_956;
        q = ((q * x) >> 96) + 401_686_690_394_027_663_651_624_208_769_553;
        q = ((q * x) >> 96) + 204_048_457_590_392_012_362_485_061_816_622;
        q = ((q * x) >> 96) + 31_853_899_698_501_571_402_653_359_427_138;
        q = ((q * x) >> 96) + 909_429_971_244_387_300_277_376_558_375;
    }
}
