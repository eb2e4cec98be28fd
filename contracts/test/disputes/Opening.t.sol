// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEvidenceErrors} from "../../src/interfaces/IEvidenceErrors.sol";
import {IJobDisputes} from "../../src/interfaces/IJobDisputes.sol";
import {JobOrder, Receipt} from "../../src/types/Evidence.sol";
import {vm} from "../utils/Vm.sol";
import {DisputesTest} from "./DisputesTest.sol";
import {Evidence} from "./Evidence.sol";

/// @notice A dispute as it is opened, and what may not be opened.
contract OpeningTest is DisputesTest {
    function test_disputeJob_pinsTheReceipt_freezesTheStake_andTakesTheBond() public {
        bytes32 id = open(1);
        IJobDisputes.Dispute memory d = disputes.disputes(id);
        vm.assertEq(d.provider, provider);
        vm.assertEq(d.challenger, client);
        vm.assertEq(d.modelId, MODEL);
        vm.assertEq(d.receiptHash, digest(Evidence.hash(receiptOf(1))));
        vm.assertEq(uint256(d.amount), STAKE / 10);
        vm.assertEq(uint256(d.bond), BOND);
        vm.assertEq(uint256(d.price), PRICE);
        vm.assertEq(uint256(d.openedAt), block.timestamp);
        vm.assertEq(uint256(d.drawAt), START + 2 * EPOCH + EPOCH / 2);
        vm.assertEq(uint256(d.deadline), START + 2 * EPOCH + EPOCH / 2 + 3 days);
        vm.assertEq(disputes.disputeOf(d.faultId), id);
        vm.assertEq(uint256(registry.frozenStake(provider)), STAKE / 10);
        vm.assertEq(token.balanceOf(address(disputes)), BOND);
        vm.assertEq(token.balanceOf(client), FUNDS - BOND);
    }

    function test_disputeJob_inTheSecondHalfOfAnEpoch_isDrawnByTheNextSeed() public {
        vm.warp(START + 2 * EPOCH + EPOCH / 2);
        bytes32 id = open(1);
        vm.assertEq(uint256(disputes.disputes(id).drawAt), START + 3 * EPOCH + EPOCH / 2);
    }

    function test_disputeJob_holdsThirtyTimesThePrice_whereThatIsMore() public {
        Receipt memory r = receiptOf(1);
        r.amount = 100e18;
        vm.assertEq(uint256(disputes.disputes(openWith(r, orderOf(1))).amount), 3_000e18);
    }

    function test_disputeJob_holdsNoMoreThanThereIs() public {
        Receipt memory r = receiptOf(1);
        r.amount = 10_000e18;
        IJobDisputes.Dispute memory d = disputes.disputes(openWith(r, orderOf(1)));
        vm.assertEq(uint256(d.amount), STAKE);
        vm.assertEq(uint256(d.frozen), STAKE);
    }

    function test_disputeJob_revertsWith_AlreadyDisputed_whileItIsOpen() public {
        bytes32 id = open(1);
        expectOpenRevert(IJobDisputes.AlreadyDisputed.selector, id);
    }

    function test_disputeJob_revertsWith_AlreadyPunished_afterItWasDecided() public {
        bytes32 id = openAndDraw(1);
        bytes32 faultId = disputes.disputes(id).faultId;
        resolve(id, IJobDisputes.Outcome.Ok);
        expectOpenRevert(IEvidenceErrors.AlreadyPunished.selector, faultId);
        // nor once more for the same step by other content
        Receipt memory r = receiptOf(1);
        r.tokensRoot = "other";
        bytes memory signature = sign(OPERATOR_KEY, r);
        expectRevert(IEvidenceErrors.AlreadyPunished.selector, faultId);
        vm.prank(client);
        disputes.disputeJob(r, signature, orderOf(1), "");
    }

    function test_disputeJob_revertsWith_WrongOrder_forAnotherModel() public {
        Receipt memory r = receiptOf(1);
        JobOrder memory order = orderOf(1);
        order.modelId = "cheap";
        bytes memory signature = sign(OPERATOR_KEY, r);
        expectRevert(IJobDisputes.WrongOrder.selector, r.jobId);
        vm.prank(client);
        disputes.disputeJob(r, signature, order, "");
    }

    function test_disputeJob_revertsWith_NotSignedBy_forAForeignSignature() public {
        Receipt memory r = receiptOf(1);
        bytes memory signature = sign(CLIENT_KEY, r);
        expectRevert(IEvidenceErrors.NotSignedBy.selector, provider, client);
        vm.prank(client);
        disputes.disputeJob(r, signature, orderOf(1), "");
    }

    function test_disputeJob_revertsWith_NotSignedBy_forGarbage() public {
        Receipt memory r = receiptOf(1);
        JobOrder memory order = orderOf(1);
        expectRevert(IEvidenceErrors.NotSignedBy.selector, provider, address(0));
        vm.prank(client);
        disputes.disputeJob(r, hex"1234", order, "");
    }

    function test_disputeJob_revertsWith_ReasonTooLong_above256Bytes() public {
        Receipt memory r = receiptOf(1);
        bytes memory signature = sign(OPERATOR_KEY, r);
        expectRevert(IJobDisputes.ReasonTooLong.selector, 257);
        vm.prank(client);
        disputes.disputeJob(r, signature, orderOf(1), string(new bytes(257)));
    }

    function test_disputeJob_revertsWith_NothingAtStake_afterAllLeft() public {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        vm.warp(block.timestamp + 14 days);
        vm.prank(provider);
        registry.withdrawStake(provider);
        Receipt memory r = receiptOf(1);
        bytes memory signature = sign(OPERATOR_KEY, r);
        expectRevert(IEvidenceErrors.NothingAtStake.selector, provider);
        vm.prank(client);
        disputes.disputeJob(r, signature, orderOf(1), "");
    }

    function test_disputeJob_revertsWith_NotClient_forAnybodyElse() public {
        Receipt memory r = receiptOf(1);
        bytes memory signature = sign(OPERATOR_KEY, r);
        expectRevert(IJobDisputes.NotClient.selector, bystander);
        vm.prank(bystander);
        disputes.disputeJob(r, signature, orderOf(1), "");
    }

    function test_disputeJob_byTheAccountOfASessionKey() public {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("SessionGrant(address account,address session,uint96 cap,uint64 expiry)"),
                bystander,
                client,
                uint96(1e18),
                uint64(block.timestamp + 1 days)
            )
        );
        bytes memory proof = sign(CLIENT_KEY, structHash);
        vm.prank(bystander);
        market.authorizeSession(client, 1e18, uint64(block.timestamp + 1 days), proof);
        Receipt memory r = receiptOf(1);
        bytes memory signature = sign(OPERATOR_KEY, r);
        vm.prank(bystander);
        bytes32 id = disputes.disputeJob(r, signature, orderOf(1), "");
        vm.assertEq(disputes.disputes(id).challenger, bystander);
    }
}
