// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEvidenceErrors} from "../../src/interfaces/IEvidenceErrors.sol";
import {IJobDisputes} from "../../src/interfaces/IJobDisputes.sol";
import {DisputeParameters} from "../../src/types/DisputeParameters.sol";
import {JobOrder, Receipt, SignedSeat} from "../../src/types/Evidence.sol";
import {Voucher} from "../../src/types/Signed.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";
import {DisputesTest} from "./DisputesTest.sol";
import {Evidence} from "./Evidence.sol";

/// @notice A dispute from its opening to its end.
contract LifecycleTest is DisputesTest {
    IJobDisputes.Outcome private constant FAULT = IJobDisputes.Outcome.Fault;

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

    function test_resolve_fault_slashes_andPaysAfterTheLock() public {
        bytes32 id = openAndDraw(1);
        resolve(id, FAULT);
        vm.assertEq(uint256(stakeOf(provider)), STAKE - STAKE / 10);
        vm.assertEq(uint256(registry.frozenStake(provider)), 0);
        vm.assertEq(token.balanceOf(address(disputes)), BOND + STAKE / 10);
        uint256 unlockAt = block.timestamp + 2 days;
        vm.warp(unlockAt - 1);
        expectRevert(IEvidenceErrors.TooEarly.selector, unlockAt);
        disputes.payOut(id);
        vm.warp(unlockAt);
        uint256 supply = token.totalSupply();
        disputes.payOut(id);
        // the client is challenger too: price, bond, a fifth
        vm.assertEq(token.balanceOf(client), FUNDS + PRICE + STAKE / 50);
        vm.assertEq(token.totalSupply(), supply - (STAKE / 10 - PRICE - STAKE / 50));
        vm.assertEq(token.balanceOf(address(disputes)), 0);
        vm.assertEq(stateOf(id), uint256(IJobDisputes.State.Closed));
    }

    function test_resolve_fault_aboveTheStake_takesTheEarningsToo() public {
        uint96 earned = earn(1_000e18);
        Receipt memory r = receiptOf(1);
        r.amount = 5_000e18;
        bytes32 id = openWith(r, orderOf(1));
        vm.assertEq(uint256(disputes.disputes(id).amount), STAKE + earned);
        vm.warp(disputes.disputes(id).drawAt);
        referees.enterReferees(id, allReferees());
        resolve(id, FAULT);
        vm.assertEq(uint256(disputes.disputes(id).amount), STAKE + earned);
        vm.assertEq(uint256(stakeOf(provider)), 0);
        (uint96 left,,) = market.earned(provider);
        vm.assertEq(uint256(left), 0);
        vm.assertEq(token.balanceOf(address(disputes)), BOND + STAKE + earned);
    }

    function test_resolve_fault_takesWhatIsLeft_whenEarningsLeftMeanwhile() public {
        uint96 earned = earn(1_000e18);
        vm.prank(provider);
        market.startWithdrawEarned(earned);
        Receipt memory r = receiptOf(1);
        r.amount = 5_000e18;
        bytes32 id = openWith(r, orderOf(1));
        vm.warp(disputes.disputes(id).drawAt);
        referees.enterReferees(id, allReferees());
        vm.warp(disputes.disputes(id).deadline - 1);
        vm.prank(provider);
        market.withdrawEarned(provider);
        disputes.resolveDispute(id, FAULT, "root", rulings(id, FAULT, "root", 3));
        vm.assertEq(uint256(disputes.disputes(id).amount), STAKE);
        vm.assertEq(token.balanceOf(address(disputes)), BOND + STAKE);
    }

    function test_payOut_twice_revertsWith_WrongState() public {
        bytes32 id = openAndDraw(1);
        resolve(id, FAULT);
        vm.warp(block.timestamp + 2 days);
        disputes.payOut(id);
        vm.expectRevert(abi.encodeWithSelector(IJobDisputes.WrongState.selector, id, IJobDisputes.State.Closed));
        disputes.payOut(id);
    }

    function test_payOut_givesTheClientAtMostThirtyPerCent() public {
        Receipt memory r = receiptOf(1);
        r.amount = 5_000e18;
        bytes32 id = openWith(r, orderOf(1));
        vm.warp(disputes.disputes(id).drawAt);
        referees.enterReferees(id, allReferees());
        resolve(id, FAULT);
        vm.warp(block.timestamp + 2 days);
        disputes.payOut(id);
        vm.assertEq(token.balanceOf(client), FUNDS + STAKE / 2);
    }

    function test_resolve_ok_burnsTheBond_andFreesTheStake() public {
        bytes32 id = openAndDraw(1);
        uint256 supply = token.totalSupply();
        resolve(id, IJobDisputes.Outcome.Ok);
        vm.assertEq(token.totalSupply(), supply - BOND);
        vm.assertEq(token.balanceOf(client), FUNDS - BOND);
        checkUnharmed(id);
    }

    function test_resolve_noEvidence_harmsNobody() public {
        bytes32 id = openAndDraw(1);
        resolve(id, IJobDisputes.Outcome.NoEvidence);
        vm.assertEq(token.balanceOf(client), FUNDS);
        checkUnharmed(id);
    }

    function test_resolve_undecided_harmsNobody() public {
        bytes32 id = openAndDraw(1);
        resolve(id, IJobDisputes.Outcome.Undecided);
        vm.assertEq(token.balanceOf(client), FUNDS);
        checkUnharmed(id);
    }

    function test_resolve_onlyBetweenTheDrawAndTheDeadline() public {
        bytes32 id = openAndDraw(1);
        SignedSeat[] memory seats = rulings(id, FAULT, "root", 3);
        uint256 drawEnd = referees.drawEndOf(id);
        vm.assertEq(drawEnd, uint256(disputes.disputes(id).drawAt) + 1 days);
        vm.warp(drawEnd - 1);
        expectRevert(IEvidenceErrors.TooEarly.selector, drawEnd);
        disputes.resolveDispute(id, FAULT, "root", seats);
        uint256 deadline = disputes.disputes(id).deadline;
        vm.warp(deadline);
        expectRevert(IEvidenceErrors.TooLate.selector, deadline);
        disputes.resolveDispute(id, FAULT, "root", seats);
        vm.warp(deadline - 1);
        disputes.resolveDispute(id, FAULT, "root", seats);
    }

    function test_resolve_revertsWith_QuorumTooSmall_belowTheQuorum() public {
        bytes32 id = openAndDraw(1);
        vm.warp(referees.drawEndOf(id));
        SignedSeat[] memory seats = rulings(id, FAULT, "root", 2);
        expectRevert(IJobDisputes.QuorumTooSmall.selector, 2, 3);
        disputes.resolveDispute(id, FAULT, "root", seats);
    }

    function test_resolve_revertsWith_WrongState_onceItIsOver() public {
        bytes32 id = openAndDraw(1);
        SignedSeat[] memory seats = rulings(id, FAULT, "root", 3);
        resolve(id, FAULT);
        vm.expectRevert(abi.encodeWithSelector(IJobDisputes.WrongState.selector, id, IJobDisputes.State.Slashed));
        disputes.resolveDispute(id, FAULT, "root", seats);
    }

    function test_unknownDispute_isInNoState() public {
        bytes memory expected =
            abi.encodeWithSelector(IJobDisputes.WrongState.selector, bytes32("x"), IJobDisputes.State.None);
        vm.expectRevert(expected);
        disputes.resolveDispute("x", FAULT, "root", new SignedSeat[](0));
        vm.expectRevert(expected);
        disputes.expireDispute("x");
        vm.expectRevert(expected);
        disputes.payOut("x");
        vm.expectRevert(expected);
        referees.enterReferees("x", new address[](0));
    }

    function test_expire_withoutRulings_givesTheBondBack_atTheDeadline() public {
        bytes32 id = openAndDraw(1);
        uint256 deadline = disputes.disputes(id).deadline;
        vm.warp(deadline - 1);
        expectRevert(IEvidenceErrors.TooEarly.selector, deadline);
        disputes.expireDispute(id);
        vm.warp(deadline);
        vm.prank(bystander);
        disputes.expireDispute(id);
        vm.assertEq(token.balanceOf(client), FUNDS);
        checkUnharmed(id);
    }

    function test_expire_withTooFewReferees_alreadyAfterTheDraw() public {
        bytes32 id = open(1);
        vm.warp(disputes.disputes(id).drawAt);
        address[] memory two = new address[](2);
        (two[0], two[1]) = (refereeOf(0), refereeOf(1));
        referees.enterReferees(id, two);
        uint256 drawEnd = referees.drawEndOf(id);
        vm.warp(drawEnd - 1);
        expectRevert(IEvidenceErrors.TooEarly.selector, drawEnd);
        disputes.expireDispute(id);
        vm.warp(drawEnd);
        disputes.expireDispute(id);
        checkUnharmed(id);
    }

    function test_expiredDispute_canBeOpenedAgain_underAnotherId() public {
        bytes32 id = open(1);
        vm.warp(referees.drawEndOf(id));
        disputes.expireDispute(id);
        bytes32 again = openAndDraw(1);
        vm.assertTrue(again != id);
        resolve(again, FAULT);
        vm.assertEq(uint256(stakeOf(provider)), STAKE - STAKE / 10);
    }

    function test_disputes_aboutSeveralSteps_holdTogetherAtMostTheStake() public {
        for (uint64 nonce = 1; nonce <= 12; ++nonce) {
            open(nonce);
        }
        vm.assertEq(uint256(registry.frozenStake(provider)), uint256(STAKE) * 12 / 10);
        vm.prank(provider);
        registry.startUnstake(STAKE);
        vm.warp(block.timestamp + 14 days);
        vm.expectRevert();
        vm.prank(provider);
        registry.withdrawStake(provider);
    }

    function testFuzz_payOut_sharesEveryWei(uint96 price, uint16 challengerBps) public {
        Receipt memory r = receiptOf(1);
        r.amount = price;
        bytes32 id = openWith(r, orderOf(1));
        vm.warp(disputes.disputes(id).drawAt);
        referees.enterReferees(id, allReferees());
        resolve(id, FAULT);
        setChallengerShare(challengerBps);
        uint256 amount = disputes.disputes(id).amount;
        uint256 supply = token.totalSupply();
        uint256 before = token.balanceOf(client);
        vm.warp(block.timestamp + 2 days);
        disputes.payOut(id);
        uint256 paid = token.balanceOf(client) - before - BOND;
        vm.assertEq(paid + supply - token.totalSupply(), amount);
        vm.assertLe(2 * paid, amount);
        vm.assertEq(token.balanceOf(address(disputes)), 0);
    }

    /// @dev lets the provider redeem a voucher of the client
    function earn(uint96 amount) private returns (uint96 earned) {
        vm.prank(client);
        token.approve(address(market), amount);
        vm.prank(client);
        market.deposit(client, amount);
        vm.prank(client);
        market.allot(provider, amount);
        bytes32 hash = Signing.voucherDigest(registry.domainSeparator(), client, provider, amount, 0);
        market.finalizeJob(Voucher(client, provider, amount, 0), Signing.long(CLIENT_KEY, hash));
        (earned,,) = market.earned(provider);
        vm.assertTrue(earned != 0);
        // the client starts from the same balance as in the other tests
        token.mint(client, amount);
    }

    function setChallengerShare(uint16 bps) private {
        vm.warp(block.timestamp + 1);
        DisputeParameters memory p = defaults();
        p.challengerBps = 1 + bps % 2_000;
        vm.prank(governance);
        disputes.setParameters(p);
    }

    function expectOpenRevert(bytes4 selector, bytes32 argument) private {
        Receipt memory r = receiptOf(1);
        bytes memory signature = sign(OPERATOR_KEY, r);
        expectRevert(selector, argument);
        vm.prank(client);
        disputes.disputeJob(r, signature, orderOf(1), "");
    }

    function openWith(Receipt memory r, JobOrder memory order) private returns (bytes32) {
        bytes memory signature = sign(OPERATOR_KEY, r);
        vm.prank(client);
        return disputes.disputeJob(r, signature, order, "");
    }

    function checkUnharmed(bytes32 id) private view {
        vm.assertEq(stateOf(id), uint256(IJobDisputes.State.Closed));
        vm.assertEq(uint256(stakeOf(provider)), STAKE);
        vm.assertEq(uint256(registry.frozenStake(provider)), 0);
        vm.assertEq(token.balanceOf(address(disputes)), 0);
    }
}
