// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../../src/interfaces/IJobMarket.sol";
import {IThawErrors} from "../../src/interfaces/IThawErrors.sol";
import {Voucher} from "../../src/types/Signed.sol";
import {MeshTest} from "../utils/MeshTest.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Says no to every signature: what a payer would delegate to in order to void its vouchers.
contract RefusingWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return 0xffffffff;
    }
}

/// @notice Says yes to every signature, and can do what a payer does.
contract AgreeingWallet {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return 0x1626ba7e;
    }

    function run(address target, bytes calldata data) external {
        (bool ok,) = target.call(data);
        require(ok);
    }
}

/// @notice What a payer may try against the provider that served it.
contract PayerAttackTest is MeshTest {
    uint64 private constant END = START + 3 days;

    function setUp() public override {
        super.setUp();
        open(alice, 100);
    }

    function startUnallot(uint96 amount) private {
        vm.prank(alice);
        market.startUnallot(provider, amount);
    }

    function finishUnallot() private {
        vm.prank(alice);
        market.finishUnallot(provider);
    }

    function test_delegatingTheAccount_doesNotVoidVouchers() public {
        Voucher memory voucher = voucherOf(alice, 100);
        bytes memory signature = Signing.long(ALICE_KEY, digestOf(voucher));
        RefusingWallet wallet = new RefusingWallet();
        vm.signAndAttachDelegation(address(wallet), ALICE_KEY);
        market.finalizeJob(voucher, signature);
        vm.assertTrue(alice.code.length != 0);
        vm.assertEq(uint256(earnedOf(provider)), 99);
    }

    function test_delegatingTheAccount_doesNotVoidVouchersOfABatch() public {
        bytes memory packed = entry(ALICE_KEY, 100);
        RefusingWallet wallet = new RefusingWallet();
        vm.signAndAttachDelegation(address(wallet), ALICE_KEY);
        vm.assertEq(uint256(redeemBatch(packed)), 100);
    }

    function test_contractThatAgreesToEverything_signsNothing() public {
        AgreeingWallet wallet = new AgreeingWallet();
        token.mint(address(wallet), 100);
        wallet.run(address(token), abi.encodeCall(token.approve, (address(market), 100)));
        wallet.run(address(market), abi.encodeCall(market.deposit, (address(wallet), 100)));
        wallet.run(address(market), abi.encodeCall(market.allot, (provider, 100)));
        expectRevert(IJobMarket.InvalidSignature.selector);
        market.finalizeJob(voucherOf(address(wallet), 100), new bytes(65));
    }

    function test_unallotRace_beforeTheEnd_theVoucherWins() public {
        startUnallot(100);
        vm.warp(END - 1);
        expectRevert(IThawErrors.StillThawing.selector, END);
        finishUnallot();
        vm.assertEq(uint256(redeem(ALICE_KEY, 100)), 100);
        vm.warp(END);
        expectRevert(IThawErrors.NotThawing.selector);
        finishUnallot();
    }

    function test_unallotRace_atTheEnd_whoComesFirstWins() public {
        startUnallot(100);
        vm.warp(END);
        uint256 snapshot = vm.snapshotState();
        vm.assertEq(uint256(redeem(ALICE_KEY, 100)), 100);
        vm.revertToState(snapshot);
        finishUnallot();
        vm.assertEq(uint256(redeemBatch(entry(ALICE_KEY, 100))), 0);
        vm.assertEq(uint256(freeOf(alice)), 100);
    }

    function test_unallotRace_afterTheEnd_theVoucherStillPays_whileThePayerWaits() public {
        startUnallot(60);
        vm.warp(END + 1);
        vm.assertEq(uint256(redeem(ALICE_KEY, 80)), 80);
        finishUnallot();
        vm.assertEq(uint256(freeOf(alice)), 20);
    }

    function test_unallotRace_overTheServiceAllotment_beforeAtAndAfterTheEnd() public {
        deposit(alice, 100);
        vm.prank(alice);
        market.allotService(100);
        vm.prank(alice);
        market.startUnallotService(100);
        bytes32 digest = Signing.serviceVoucherDigest(registry.domainSeparator(), alice, provider, 60);
        bytes memory packed = abi.encodePacked(alice, uint96(60), Signing.short(ALICE_KEY, digest));
        for (uint64 at = END - 1; at <= END + 1; ++at) {
            vm.warp(at);
            uint256 snapshot = vm.snapshotState();
            vm.assertEq(uint256(market.finalizeService(provider, packed)), 60);
            vm.revertToState(snapshot);
            if (at < END) expectRevert(IThawErrors.StillThawing.selector, END);
            vm.prank(alice);
            market.finishUnallotService();
            vm.assertEq(uint256(market.finalizeService(provider, packed)), at < END ? 60 : 0);
            vm.revertToState(snapshot);
        }
    }

    function test_maturedThaw_neverCountsAsCover() public {
        // a thaw left undrawn is a loaded gun: it must not be sold as capacity
        startUnallot(100);
        vm.warp(END + 365 days);
        vm.assertEq(uint256(market.capacity(alice, provider)), 0);
        open(alice, 5);
        vm.assertEq(uint256(market.capacity(alice, provider)), 5);
        finishUnallot();
        vm.assertEq(uint256(market.capacity(alice, provider)), 5);
    }

    function test_withdrawing_doesNotReachAllottedMoney() public {
        expectRevert(IThawErrors.InsufficientBalance.selector, 0, 1);
        vm.prank(alice);
        market.startWithdraw(1);
    }

    function test_otherProviders_cannotEatTheCover() public {
        deposit(alice, 50);
        allot(alice, other, 50);
        bytes memory signature =
            Signing.long(ALICE_KEY, Signing.voucherDigest(registry.domainSeparator(), alice, other, 50, 0));
        market.finalizeJob(Voucher(alice, other, 50, 0), signature);
        vm.assertEq(uint256(market.capacity(alice, provider)), 100);
        vm.assertEq(uint256(redeem(ALICE_KEY, 100)), 100);
    }
}
