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

/// @notice An open dispute to its end.
contract LifecycleTest is DisputesTest {
    IJobDisputes.Outcome private constant FAULT = IJobDisputes.Outcome.Fault;

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

    function checkUnharmed(bytes32 id) private view {
        vm.assertEq(stateOf(id), uint256(IJobDisputes.State.Closed));
        vm.assertEq(uint256(stakeOf(provider)), STAKE);
        vm.assertEq(uint256(registry.frozenStake(provider)), 0);
        vm.assertEq(token.balanceOf(address(disputes)), 0);
    }
}
