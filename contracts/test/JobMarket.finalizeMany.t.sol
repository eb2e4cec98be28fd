// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobMarket} from "../src/interfaces/IJobMarket.sol";
import {RedeemGroup} from "../src/types/Signed.sol";
import {MarketTest} from "./utils/MarketTest.sol";
import {vm} from "./utils/Vm.sol";

contract JobMarketFinalizeManyTest is MarketTest {
    function setUp() public override {
        super.setUp();
        deposit(alice, 3_000);
        deposit(bob, 3_000);
        address[3] memory all = [provider, other, signer];
        for (uint256 i = 0; i < 3; ++i) {
            allot(alice, all[i], 1_000);
            allot(bob, all[i], 1_000);
        }
    }

    function packed(address to, uint96 a, uint96 b) private view returns (bytes memory) {
        return bytes.concat(entryFor(ALICE_KEY, to, a), entryFor(BOB_KEY, to, b));
    }

    function single(RedeemGroup memory g) private pure returns (RedeemGroup[] memory groups) {
        groups = new RedeemGroup[](1);
        groups[0] = g;
    }

    function expectSkip(bytes4 reason) private {
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.GroupSkipped(signer, 0, reason);
    }

    function test_finalizeMany_redeemsForSeveralProviders() public {
        RedeemGroup[] memory groups = new RedeemGroup[](2);
        groups[0] = group(provider, packed(provider, 100, 300));
        groups[1] = group(other, packed(other, 500, 500));
        uint256 supply = token.totalSupply();
        vm.assertEq(uint256(redeemMany(groups)), 1_400);
        vm.assertEq(uint256(earnedOf(provider)), 396);
        vm.assertEq(uint256(earnedOf(other)), 990);
        vm.assertEq(uint256(earnedOf(relayer)), 0);
        vm.assertEq(supply - token.totalSupply(), 14);
    }

    function test_finalizeMany_givesTheRelayerWhatTheProviderSigned() public {
        RedeemGroup[] memory groups = new RedeemGroup[](2);
        groups[0] = group(signer, packed(signer, 400, 600), 50, 3, OPERATOR_KEY);
        groups[1] = group(other, packed(other, 500, 500));
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.JobFinalized(signer, 1_000, 2, 10);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.RelayerPaid(signer, relayer, 5);
        redeemMany(groups);
        vm.assertEq(uint256(earnedOf(signer)), 985);
        vm.assertEq(uint256(earnedOf(relayer)), 5);
        vm.assertTrue(market.isNonceUsed(signer, 3));
    }

    function test_finalizeMany_acceptsThePermitOfTheOwner() public {
        register(alice, address(0xA11CE09));
        deposit(bob, 1_000);
        allot(bob, alice, 1_000);
        bytes memory one = entryFor(BOB_KEY, alice, 1_000);
        redeemMany(single(group(alice, one, 100, 1, ALICE_KEY)));
        vm.assertEq(uint256(earnedOf(relayer)), 10);
        vm.assertEq(uint256(earnedOf(alice)), 980);
    }

    function test_finalizeMany_skipsAGroup_whoseFeeIsTooHigh() public {
        expectSkip(IJobMarket.FeeTooHigh.selector);
        vm.assertEq(uint256(redeemMany(single(group(signer, packed(signer, 1, 1), 101, 1, OPERATOR_KEY)))), 0);
    }

    function test_finalizeMany_skipsAGroup_whosePermitIsByAnother() public {
        expectSkip(IJobMarket.InvalidSignature.selector);
        redeemMany(single(group(signer, packed(signer, 1, 1), 100, 1, BOB_KEY)));
        vm.assertEq(uint256(earnedOf(signer)), 0);
    }

    function test_finalizeMany_skipsAGroup_whosePermitIsForAnotherRelayer() public {
        RedeemGroup[] memory groups = single(group(signer, packed(signer, 1, 1), 100, 1, OPERATOR_KEY));
        expectSkip(IJobMarket.InvalidSignature.selector);
        vm.prank(bob);
        market.finalizeMany(groups);
        // nor can the thief put itself into the permit
        groups[0].permit.relayer = bob;
        expectSkip(IJobMarket.InvalidSignature.selector);
        vm.prank(bob);
        market.finalizeMany(groups);
    }

    function test_finalizeMany_skipsAGroup_whosePermitIsExpiredOrUsed() public {
        RedeemGroup[] memory groups = single(group(signer, packed(signer, 100, 100), 100, 1, OPERATOR_KEY));
        redeemMany(groups);
        expectSkip(IJobMarket.NonceUsed.selector);
        redeemMany(groups);
        groups = single(group(signer, packed(signer, 100, 100), 100, 2, OPERATOR_KEY));
        vm.warp(START + 1);
        expectSkip(IJobMarket.JOB_EXPIRED.selector);
        redeemMany(groups);
    }

    function test_finalizeMany_usesAPermitOnce_withinOneCall() public {
        RedeemGroup[] memory groups = new RedeemGroup[](2);
        groups[0] = group(signer, entryFor(ALICE_KEY, signer, 500), 100, 1, OPERATOR_KEY);
        groups[1] = group(signer, entryFor(BOB_KEY, signer, 500), 100, 1, OPERATOR_KEY);
        vm.assertEq(uint256(redeemMany(groups)), 500);
        vm.assertEq(uint256(earnedOf(relayer)), 5);
    }

    function test_finalizeMany_keepsThePermit_whenNothingWasPaid() public {
        redeemMany(single(group(signer, packed(signer, 0, 0), 100, 1, OPERATOR_KEY)));
        vm.assertTrue(!market.isNonceUsed(signer, 1));
    }

    function test_finalizeMany_skipsGroups_thatAreNoBatches_orForNobody() public {
        RedeemGroup[] memory groups = new RedeemGroup[](4);
        groups[0] = group(signer, "");
        groups[1] = group(signer, new bytes(95));
        groups[2] = group(bob, packed(bob, 1, 1));
        groups[3] = group(provider, packed(provider, 1, 1));
        expectSkip(IJobMarket.BatchLength.selector);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.GroupSkipped(signer, 1, IJobMarket.BatchLength.selector);
        vm.expectEmit(true, true, true, true, address(market));
        emit IJobMarket.GroupSkipped(bob, 2, IJobMarket.INVALID_PROVIDER.selector);
        vm.assertEq(uint256(redeemMany(groups)), 2);
    }

    function test_finalizeMany_revertsWith_GroupCount_whenNoneOrTooMany() public {
        expectRevert(IJobMarket.GroupCount.selector, 0);
        redeemMany(new RedeemGroup[](0));
        expectRevert(IJobMarket.GroupCount.selector, 65);
        redeemMany(new RedeemGroup[](65));
    }

    function test_finalizeMany_revertsWith_BatchLength_whenAllTogetherAreTooMany() public {
        RedeemGroup[] memory groups = new RedeemGroup[](2);
        groups[0] = group(bob, new bytes(96 * 600));
        groups[1] = group(bob, new bytes(96 * 401));
        expectRevert(IJobMarket.BatchLength.selector, 96 * 1_001);
        redeemMany(groups);
    }

    function test_finalizeMany_stopsEachProvider_atItsOwnLimit() public {
        open(alice, FUNDS - 3_000);
        RedeemGroup[] memory groups = new RedeemGroup[](2);
        groups[0] = group(provider, entryFor(ALICE_KEY, provider, STAKE + 1));
        groups[1] = group(other, entryFor(ALICE_KEY, other, 1_000));
        vm.assertEq(uint256(redeemMany(groups)), STAKE + 1_000);
    }

    /// @notice Many groups do what one batch after the other does; fees only move between provider and relayer.
    function testFuzz_finalizeMany_equalsTheSequence(uint96[6] memory cumulatives, uint16 feeBps) public {
        feeBps = uint16(bound(feeBps, 0, 100));
        address[3] memory all = [provider, other, signer];
        RedeemGroup[] memory groups = new RedeemGroup[](3);
        for (uint256 i = 0; i < 3; ++i) {
            bytes memory batch =
                packed(all[i], bound(cumulatives[2 * i], 0, 1_100), bound(cumulatives[2 * i + 1], 0, 1_100));
            groups[i] = i == 2 ? group(all[i], batch, feeBps, 1, OPERATOR_KEY) : group(all[i], batch);
        }
        uint256 snapshot = vm.snapshotState();
        uint256 total = redeemMany(groups);
        uint256[4] memory many =
            [uint256(earnedOf(provider)), earnedOf(other), earnedOf(signer) + earnedOf(relayer), token.totalSupply()];
        vm.revertToState(snapshot);
        uint256 sum = 0;
        for (uint256 i = 0; i < 3; ++i) {
            sum += market.finalizeJobs(all[i], groups[i].packed);
        }
        vm.assertEq(sum, total);
        vm.assertEq(uint256(earnedOf(provider)), many[0]);
        vm.assertEq(uint256(earnedOf(other)), many[1]);
        vm.assertEq(uint256(earnedOf(signer)), many[2]);
        vm.assertEq(token.totalSupply(), many[3]);
    }
}
