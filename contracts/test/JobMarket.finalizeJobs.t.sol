// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../src/interfaces/IJobMarket.sol";
import {Voucher} from "../src/types/Signed.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {Signing} from "./utils/Signing.sol";
import {Vm, vm} from "./utils/Vm.sol";

contract JobMarketFinalizeJobsTest is MeshTest {
    uint256 private constant PAYERS = 4;

    /// @dev wei, what random vouchers are multiples of
    uint96 private unit = 1;

    function setUp() public override {
        super.setUp();
        for (uint256 key = 1; key <= PAYERS; ++key) {
            fund(vm.addr(key));
            open(vm.addr(key), 100);
        }
    }

    function test_finalizeJobs_paysAllVouchers_withOneEvent() public {
        bytes memory packed = abi.encodePacked(entry(1, 10), entry(2, 20), entry(3, 30));
        vm.recordLogs();
        vm.assertEq(uint256(redeemBatch(packed)), 60);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        // nothing to burn yet: a hundredth of 60 wei is none
        vm.assertEq(logs.length, 1);
        vm.assertEq(logs[0].topics[0], IJobMarket.JobFinalized.selector);
        vm.assertEq(logs[0].data, abi.encode(uint256(60), uint256(3), uint256(0)));
        vm.assertEq(uint256(earnedOf(provider)), 60);
        vm.assertEq(uint256(redeemedOf(vm.addr(2))), 20);
    }

    function test_finalizeJobs_revertsWith_BatchLength_whenEmpty() public {
        expectRevert(IJobMarket.BatchLength.selector, 0);
        redeemBatch("");
    }

    function testFuzz_finalizeJobs_revertsWith_BatchLength_whenNotWholeEntries(uint8 extra) public {
        extra = uint8(bound(extra, 1, 95));
        bytes memory packed = abi.encodePacked(entry(1, 10), new bytes(extra));
        expectRevert(IJobMarket.BatchLength.selector, packed.length);
        redeemBatch(packed);
    }

    function test_finalizeJobs_revertsWith_BatchLength_whenAboveOneThousand() public {
        bytes memory packed = new bytes(96 * 1_001);
        expectRevert(IJobMarket.BatchLength.selector, packed.length);
        redeemBatch(packed);
    }

    function test_finalizeJobs_takesOneThousand_withinTheGasOfATransaction() public {
        // every entry valid and of the same payer, each one wei above the last
        uint256 key = 77;
        fund(vm.addr(key));
        open(vm.addr(key), 1_000);
        bytes memory packed = new bytes(96_000);
        for (uint96 i = 0; i < 1_000; ++i) {
            bytes memory one = entry(key, i + 1);
            for (uint256 j = 0; j < 96; ++j) {
                packed[i * 96 + j] = one[j];
            }
        }
        uint256 before = gasleft();
        vm.assertEq(uint256(redeemBatch(packed)), 1_000);
        vm.assertLe(before - gasleft(), 14_000_000);
    }

    function test_finalizeJobs_skipsABadVoucher_andSaysWhy() public {
        Voucher memory forged = voucherOf(vm.addr(2), 50);
        bytes memory bad = abi.encodePacked(forged.payer, forged.cumulative, Signing.short(1, digestOf(forged)));
        redeemBatch(entry(4, 40));
        bytes memory packed = abi.encodePacked(entry(1, 10), bad, entry(3, 101), entry(4, 40), entry(2, 20));

        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.VoucherSkipped(provider, vm.addr(2), 1, IJobMarket.InvalidSignature.selector);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.VoucherSkipped(provider, vm.addr(3), 2, IJobMarket.AllotmentExceeded.selector);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.VoucherSkipped(provider, vm.addr(4), 3, IJobMarket.ALREADY_FINALIZED.selector);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.JobFinalized(provider, 30, 2, 0);
        vm.assertEq(uint256(redeemBatch(packed)), 30);
        vm.assertEq(uint256(earnedOf(provider)), 70);
    }

    function test_finalizeJobs_withNothingToPay_changesNothing() public {
        vm.recordLogs();
        vm.assertEq(uint256(redeemBatch(abi.encodePacked(entry(3, 101), entry(1, 0)))), 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 2);
        vm.assertEq(logs[0].topics[0], IJobMarket.VoucherSkipped.selector);
        vm.assertEq(logs[1].topics[0], IJobMarket.VoucherSkipped.selector);
        vm.assertEq(uint256(earnedOf(provider)), 0);
    }

    function test_finalizeJobs_paysAVoucherOnce_whenItComesTwice() public {
        vm.assertEq(uint256(redeemBatch(abi.encodePacked(entry(1, 10), entry(1, 10)))), 10);
        vm.assertEq(uint256(redeemBatch(abi.encodePacked(entry(1, 15), entry(1, 12)))), 5);
    }

    function test_finalizeJobs_forAnotherProvider_paysNothing() public {
        deposit(vm.addr(1), 100);
        allot(vm.addr(1), other, 100);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.VoucherSkipped(other, vm.addr(1), 0, IJobMarket.InvalidSignature.selector);
        vm.assertEq(uint256(market.finalizeJobs(other, entry(1, 10))), 0);
    }

    function testFuzz_finalizeJobs_garbagePaysNothing(bytes32[15] memory words) public {
        vm.assertEq(uint256(redeemBatch(abi.encodePacked(words))), 0);
        vm.assertEq(uint256(earnedOf(provider)), 0);
    }

    /// @notice A batch does what its vouchers would do one by one, refusals included.
    /// The limit of the period included, which is tight when the vouchers are of some size.
    function testFuzz_finalizeJobs_equalsTheSequence(uint256[16] memory seeds, bool thaw, bool large) public {
        unit = large ? 10e18 : 1;
        for (uint256 key = 1; large && key <= PAYERS; ++key) {
            open(vm.addr(key), 100 * unit - 100);
        }
        if (thaw) {
            vm.prank(vm.addr(1));
            market.startUnallot(provider, 60 * unit);
        }
        bytes memory packed;
        for (uint256 i = 0; i < seeds.length; ++i) {
            packed = abi.encodePacked(packed, randomEntry(seeds[i]));
        }

        uint256 snapshot = vm.snapshotState();
        uint96 total = redeemBatch(packed);
        bytes32 batched = stateHash();
        vm.revertToState(snapshot);

        uint96 sum = 0;
        for (uint256 i = 0; i < seeds.length; ++i) {
            (Voucher memory voucher, bytes memory signature) = randomVoucher(seeds[i]);
            try market.finalizeJob(voucher, signature) returns (uint96 paid) {
                sum += paid;
            } catch {}
        }
        vm.assertEq(uint256(total), sum);
        vm.assertEq(batched, stateHash());
    }

    /// @dev one in eight is signed by the wrong payer, some are stale, some exceed the allotment
    function randomVoucher(uint256 seed) private view returns (Voucher memory voucher, bytes memory signature) {
        uint256 key = 1 + seed % PAYERS;
        voucher = voucherOf(vm.addr(key), uint96((seed >> 8) % 120) * unit);
        if ((seed >> 16) % 8 == 0) key = 1 + key % PAYERS;
        signature = Signing.short(key, digestOf(voucher));
    }

    function randomEntry(uint256 seed) private view returns (bytes memory) {
        (Voucher memory voucher, bytes memory signature) = randomVoucher(seed);
        return abi.encodePacked(voucher.payer, voucher.cumulative, signature);
    }

    function stateHash() private view returns (bytes32 hash) {
        (uint256 room, uint64 periodEnd) = market.redeemable(provider);
        hash = keccak256(abi.encode(earnedOf(provider), room, periodEnd, token.totalSupply()));
        for (uint256 key = 1; key <= PAYERS; ++key) {
            (uint96 allotted, uint96 redeemed, uint96 thawing, uint64 thawEnd) = market.channels(vm.addr(key), provider);
            hash = keccak256(abi.encode(hash, allotted, redeemed, thawing, thawEnd));
        }
    }
}
