// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignedFaults} from "../../src/SignedFaults.sol";
import {IEvidenceErrors} from "../../src/interfaces/IEvidenceErrors.sol";
import {IJobDisputes} from "../../src/interfaces/IJobDisputes.sol";
import {ISignedFaults} from "../../src/interfaces/ISignedFaults.sol";
import {FaultId} from "../../src/libraries/FaultId.sol";
import {Match, Receipt, Verdict} from "../../src/types/Evidence.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";
import {DisputesTest} from "./DisputesTest.sol";
import {Evidence} from "./Evidence.sol";

/// @notice Contradictions that two signatures prove, and what they cost.
contract SignedFaultsTest is DisputesTest {
    uint96 private constant TENTH = STAKE / 10;

    function test_disputeReceipts_takesATenthOfTheStake_forTheReporter() public {
        (Receipt memory a, Receipt memory b) = contradiction();
        vm.assertEq(uint256(bring(a, b)), TENTH);
        vm.assertEq(uint256(stakeOf(provider)), STAKE - TENTH);
        vm.assertEq(token.balanceOf(address(disputes)), TENTH);
        bytes32 id = receiptFault(a);
        ISignedFaults.Held memory held = faults.faults(id);
        vm.assertEq(held.reporter, bystander);
        vm.assertEq(uint256(held.gweiHeld), TENTH / 1 gwei);
        vm.assertEq(uint256(held.unlockAt), block.timestamp + 2 days);
    }

    function test_payOut_afterTheLock_givesTheReporterAFifth_andBurnsTheRest() public {
        (Receipt memory a, Receipt memory b) = contradiction();
        bring(a, b);
        bytes32 id = receiptFault(a);
        uint256 unlockAt = block.timestamp + 2 days;
        vm.warp(unlockAt - 1);
        expectRevert(IEvidenceErrors.TooEarly.selector, unlockAt);
        faults.payOut(id);
        vm.warp(unlockAt);
        uint256 supply = token.totalSupply();
        faults.payOut(id);
        vm.assertEq(token.balanceOf(bystander), FUNDS + TENTH / 5);
        vm.assertEq(token.totalSupply(), supply - TENTH * 4 / 5);
        vm.assertEq(token.balanceOf(address(disputes)), 0);
        expectRevert(ISignedFaults.NothingHeld.selector, id);
        faults.payOut(id);
    }

    function test_payOut_ofAnUnknownFault_revertsWith_NothingHeld() public {
        expectRevert(ISignedFaults.NothingHeld.selector, bytes32("x"));
        faults.payOut("x");
    }

    function test_disputeReceipts_takesCompactSignaturesToo() public {
        (Receipt memory a, Receipt memory b) = contradiction();
        bytes memory signatureA = Signing.short(OPERATOR_KEY, digest(Evidence.hash(a)));
        bytes memory signatureB = Signing.short(OPERATOR_KEY, digest(Evidence.hash(b)));
        vm.assertEq(uint256(faults.disputeReceipts(a, signatureA, b, signatureB)), TENTH);
    }

    function test_disputeReceipts_revertsWith_NoContradiction_forTheSameReceipt() public {
        (Receipt memory a,) = contradiction();
        expectBring(ISignedFaults.NoContradiction.selector, a, a);
    }

    function test_disputeReceipts_revertsWith_NotTheSame_forAnotherStep() public {
        for (uint256 i = 0; i < 5; ++i) {
            (Receipt memory a, Receipt memory b) = contradiction();
            if (i == 0) b.jobId = "other";
            if (i == 1) b.segment = 9;
            if (i == 2) b.item = 9;
            if (i == 3) b.seq = 9;
            if (i == 4) b.provider = refereeOf(0);
            expectBring(ISignedFaults.NotTheSame.selector, a, b);
        }
    }

    function testFuzz_disputeReceipts_anyOtherMemberContradicts(uint256 which) public {
        (Receipt memory a, Receipt memory b) = contradiction();
        b.tokensRoot = a.tokensRoot;
        which %= 8;
        if (which == 0) b.payer = bystander;
        if (which == 1) ++b.tokensIn;
        if (which == 2) ++b.tokensOut;
        if (which == 3) b.tokensRoot = "other";
        if (which == 4) b.traceRoot = "other";
        if (which == 5) ++b.amount;
        if (which == 6) b.specHash = "other";
        if (which == 7) b.last = !b.last;
        vm.assertEq(uint256(bring(a, b)), TENTH);
    }

    function test_disputeReceipts_revertsWith_NotSignedBy_forAForeignKey() public {
        (Receipt memory a, Receipt memory b) = contradiction();
        bytes memory signatureA = sign(OPERATOR_KEY, a);
        bytes memory signatureB = sign(CLIENT_KEY, b);
        expectRevert(IEvidenceErrors.NotSignedBy.selector, provider, client);
        faults.disputeReceipts(a, signatureA, b, signatureB);
    }

    function test_disputeReceipts_revertsWith_NotSignedBy_forAMalleatedSignature() public {
        (Receipt memory a, Receipt memory b) = contradiction();
        bytes memory signatureA = sign(OPERATOR_KEY, a);
        bytes memory signatureB = Signing.malleated(OPERATOR_KEY, digest(Evidence.hash(b)));
        expectRevert(IEvidenceErrors.NotSignedBy.selector, provider, address(0));
        faults.disputeReceipts(a, signatureA, b, signatureB);
    }

    function test_disputeReceipts_isWorthNothingOnAForkOfTheChain() public {
        (Receipt memory a, Receipt memory b) = contradiction();
        bytes memory signatureA = sign(OPERATOR_KEY, a);
        bytes memory signatureB = sign(OPERATOR_KEY, b);
        vm.chainId(4242);
        vm.expectRevert();
        faults.disputeReceipts(a, signatureA, b, signatureB);
        // what is signed there counts there
        signatureA = sign(OPERATOR_KEY, a);
        signatureB = sign(OPERATOR_KEY, b);
        faults.disputeReceipts(a, signatureA, b, signatureB);
    }

    function test_disputeVerdicts_takesATenth() public {
        Verdict memory a = Verdict("receipt", provider, 0, "leaves");
        Verdict memory b = Verdict("receipt", provider, 1, "leaves");
        bytes memory signatureA = sign(OPERATOR_KEY, Evidence.hash(a));
        bytes memory signatureB = sign(OPERATOR_KEY, Evidence.hash(b));
        vm.assertEq(uint256(faults.disputeVerdicts(a, signatureA, b, signatureB)), TENTH);
        expectRevert(IEvidenceErrors.AlreadyPunished.selector, this.verdictFault(a));
        faults.disputeVerdicts(b, signatureB, a, signatureA);
    }

    function test_disputeVerdicts_revertsWith_NotTheSame_forAnotherReceipt() public {
        Verdict memory a = Verdict("receipt", provider, 0, "leaves");
        Verdict memory b = Verdict("another", provider, 1, "leaves");
        expectRevert(ISignedFaults.NotTheSame.selector);
        faults.disputeVerdicts(a, "", b, "");
        expectRevert(ISignedFaults.NoContradiction.selector);
        faults.disputeVerdicts(a, "", a, "");
    }

    function test_disputeMatches_takesAHundredth() public {
        (Match memory a, Match memory b) = matches();
        vm.assertEq(uint256(bring(a, b)), STAKE / 100);
        vm.assertEq(uint256(stakeOf(provider)), STAKE - STAKE / 100);
    }

    function test_disputeMatches_untilTheFaultWindowAfterTheirEpoch() public {
        (Match memory a, Match memory b) = matches();
        --a.epoch;
        uint256 end = (uint256(b.epoch) + 1) * EPOCH + 7 days;
        vm.warp(end + 1);
        bytes memory signatureA = sign(OPERATOR_KEY, Evidence.hash(a));
        bytes memory signatureB = sign(OPERATOR_KEY, Evidence.hash(b));
        expectRevert(ISignedFaults.FaultTooOld.selector, end);
        faults.disputeMatches(a, signatureA, b, signatureB);
        vm.warp(end);
        faults.disputeMatches(b, signatureB, a, signatureA);
    }

    function test_disputeMatches_revertsWith_NotTheSame_forAnotherAttempt() public {
        (Match memory a, Match memory b) = matches();
        ++b.attempt;
        expectRevert(ISignedFaults.NotTheSame.selector);
        faults.disputeMatches(a, "", b, "");
    }

    function test_punish_onlyByTheContractThatChecksProofs() public {
        expectRevert(IEvidenceErrors.NotTrusted.selector, address(this));
        disputes.punish("x", provider, IJobDisputes.Fault.Equivocation, address(this));
        expectRevert(IEvidenceErrors.NotTrusted.selector, address(this));
        disputes.shareOut("x", 1, address(this));
    }

    function test_aCopyOfTheChecker_hasNoPower() public {
        SignedFaults copy = new SignedFaults(registry);
        vm.assertEq(address(copy.disputes()), address(this));
        (Receipt memory a, Receipt memory b) = contradiction();
        bytes memory signatureA = sign(OPERATOR_KEY, a);
        bytes memory signatureB = sign(OPERATOR_KEY, b);
        vm.expectRevert();
        copy.disputeReceipts(a, signatureA, b, signatureB);
    }

    function receiptFault(Receipt memory r) private view returns (bytes32) {
        return this.receiptFaultOf(r);
    }

    function receiptFaultOf(Receipt calldata r) external pure returns (bytes32) {
        return FaultId.ofReceipts(r);
    }

    function verdictFault(Verdict calldata v) external pure returns (bytes32) {
        return FaultId.ofVerdicts(v);
    }

    function contradiction() private view returns (Receipt memory a, Receipt memory b) {
        (a, b) = (receiptOf(1), receiptOf(1));
        b.tokensRoot = "other";
    }

    function matches() private view returns (Match memory a, Match memory b) {
        a = Match("job", 0, registry.currentEpoch(), 3, provider, "root", 4);
        b = Match("job", 0, registry.currentEpoch(), 4, provider, "root", 4);
    }

    function bring(Receipt memory a, Receipt memory b) private returns (uint96) {
        (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
        vm.prank(bystander);
        return faults.disputeReceipts(a, signatureA, b, signatureB);
    }

    function bring(Match memory a, Match memory b) private returns (uint96) {
        bytes memory signatureA = sign(OPERATOR_KEY, Evidence.hash(a));
        bytes memory signatureB = sign(OPERATOR_KEY, Evidence.hash(b));
        return faults.disputeMatches(a, signatureA, b, signatureB);
    }

    function expectBring(bytes4 selector, Receipt memory a, Receipt memory b) private {
        (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
        expectRevert(selector);
        faults.disputeReceipts(a, signatureA, b, signatureB);
    }
}
