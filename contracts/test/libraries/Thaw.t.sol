// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IThawErrors} from "../../src/interfaces/IThawErrors.sol";
import {Balance, Thaw} from "../../src/libraries/Thaw.sol";
import {vm} from "../utils/Vm.sol";

contract ThawTest {
    using Thaw for Balance;

    Balance private balance;

    function credit(uint96 amount) external {
        balance.credit(amount);
    }

    function debit(uint96 amount) external {
        balance.debit(amount);
    }

    function start(uint96 amount, uint64 delay) external returns (uint64) {
        return balance.start(amount, delay);
    }

    function finish() external returns (uint96) {
        return balance.finish();
    }

    function finish(uint96 keep) external returns (uint96) {
        return balance.finish(keep);
    }

    function seize(uint96 amount) external returns (uint96) {
        return balance.seize(amount);
    }

    function test_credit_revertsOnOverflow() public {
        this.credit(type(uint96).max);
        vm.expectRevert();
        this.credit(1);
    }

    function test_balance_takesOneSlot() public {
        this.credit(1);
        this.start(1, 5);
        uint256 word;
        assembly {
            word := sload(balance.slot)
        }
        vm.assertEq(word, (block.timestamp + 5) << 192 | 1 << 96 | 1);
    }

    function testFuzz_debit_takesOnlyFreeMoney(uint96 total, uint96 thawing, uint96 taken) public {
        vm.assume(total != 0);
        thawing = 1 + thawing % total;
        this.credit(total);
        this.start(thawing, 9);
        if (taken > total - thawing) {
            vm.expectRevert(abi.encodeWithSelector(IThawErrors.InsufficientBalance.selector, total - thawing, taken));
            this.debit(taken);
        } else {
            this.debit(taken);
            vm.assertEq(uint256(balance.total), total - taken);
            vm.assertEq(uint256(balance.free()), total - taken - thawing);
        }
    }

    function testFuzz_finish_paysWhatStartAskedFor(uint96 total, uint96 thawing, uint32 delay, uint96 later) public {
        vm.assume(total != 0);
        thawing = 1 + thawing % total;
        this.credit(total);
        uint64 thawEnd = this.start(thawing, delay);
        // whatever happens to the rest meanwhile
        this.debit((total - thawing) / 2);
        this.credit(later % (type(uint96).max - total + 1));
        uint96 before = balance.total;
        vm.warp(thawEnd);
        vm.assertEq(uint256(this.finish()), thawing);
        vm.assertEq(uint256(balance.total), before - thawing);
        vm.assertEq(uint256(balance.thawing) + balance.thawEnd, 0);
        vm.expectRevert(IThawErrors.NotThawing.selector);
        this.finish();
    }

    /// @dev what is kept is paid later, so the thaw pays out the same whatever was kept meanwhile
    function testFuzz_finish_leavesBehindWhatIsKept(uint96 total, uint96 thawing, uint96 keep) public {
        vm.assume(total != 0);
        thawing = 1 + thawing % total;
        this.credit(total);
        uint64 thawEnd = this.start(thawing, 9);
        vm.expectRevert(abi.encodeWithSelector(IThawErrors.StillThawing.selector, thawEnd));
        this.finish(keep);
        vm.warp(thawEnd);
        uint96 first = this.finish(keep);
        vm.assertGe(balance.total, keep < total ? keep : total);
        vm.assertEq(balance.total, total - first);
        vm.assertEq(balance.thawing, thawing - first);
        if (first == thawing) return;
        vm.assertEq(balance.thawEnd, thawEnd);
        vm.assertEq(this.finish(), thawing - first);
        vm.assertEq(uint256(balance.thawing) + balance.thawEnd, 0);
    }

    function testFuzz_seize_takesTheFreePartFirst(uint96 total, uint96 thawing, uint96 amount) public {
        vm.assume(total != 0);
        thawing = 1 + thawing % total;
        this.credit(total);
        uint64 thawEnd = this.start(thawing, 9);
        uint96 taken = this.seize(amount);
        vm.assertEq(taken, amount < total ? amount : total);
        vm.assertEq(balance.total, total - taken);
        vm.assertEq(balance.thawing, total - taken < thawing ? total - taken : thawing);
        vm.assertEq(balance.thawEnd, taken == total ? 0 : thawEnd);
        vm.assertEq(balance.free(), balance.total - balance.thawing);
    }

    function test_seize_ofNothing() public {
        vm.assertEq(this.seize(5), 0);
        this.credit(7);
        vm.assertEq(this.seize(5), 5);
        vm.assertEq(balance.total, 2);
    }
}
