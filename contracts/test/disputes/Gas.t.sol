// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobDisputes} from "../../src/interfaces/IJobDisputes.sol";
import {DisputeParameters} from "../../src/types/DisputeParameters.sol";
import {Receipt, SignedSeat} from "../../src/types/Evidence.sol";
import {vm} from "../utils/Vm.sol";
import {DisputesTest} from "./DisputesTest.sol";
import {moreVm} from "./MoreVm.sol";

/// @notice With a committee of the public network: what grows with the number of seats, and what does not.
contract DisputeGasTest is DisputesTest {
    event Measured(string what, uint256 gas);

    function defaults() internal pure override returns (DisputeParameters memory p) {
        p = super.defaults();
        (p.committee, p.quorum) = (21, 15);
    }

    function setUp() public override {
        super.setUp();
        for (uint256 i = REFEREES; i < 24; ++i) {
            enlist(refereeOf(i), vm.addr(refereeKey(i)), STAKE);
        }
        vm.warp(block.timestamp + 3 * EPOCH);
    }

    function test_publicCommittee_of21_decidesBy15() public {
        bytes32 id = drawPublic(1);
        IJobDisputes.Outcome fault = IJobDisputes.Outcome.Fault;
        SignedSeat[] memory seats = rulings(id, fault, "root", 14);
        expectRevert(IJobDisputes.QuorumTooSmall.selector, 14, 15);
        disputes.resolveDispute(id, fault, "root", seats);
        seats = rulings(id, fault, "root", 15);
        disputes.resolveDispute(id, fault, "root", seats);
        emit Measured("resolve 15", moreVm.lastCallGas().gasTotalUsed);
        vm.warp(block.timestamp + 2 days);
        disputes.payOut(id);
        emit Measured("pay out", moreVm.lastCallGas().gasTotalUsed);
        vm.assertEq(stateOf(id), uint256(IJobDisputes.State.Closed));
    }

    function test_publicCommittee_of21_mayRuleWhole() public {
        bytes32 id = drawPublic(1);
        IJobDisputes.Outcome fault = IJobDisputes.Outcome.Fault;
        SignedSeat[] memory seats = rulings(id, fault, "root", 21);
        disputes.resolveDispute(id, fault, "root", seats);
        emit Measured("resolve 21", moreVm.lastCallGas().gasTotalUsed);
        vm.assertEq(stateOf(id), uint256(IJobDisputes.State.Slashed));
    }

    function test_equivocation() public {
        for (uint64 i = 1; i < 4; ++i) {
            (Receipt memory a, Receipt memory b) = (receiptOf(i), receiptOf(i));
            b.tokensRoot = "other";
            (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
            vm.warp(block.timestamp + 1);
            faults.disputeReceipts(a, signatureA, b, signatureB);
            emit Measured("equivocation", moreVm.lastCallGas().gasTotalUsed);
        }
        vm.assertEq(uint256(stakeOf(provider)), uint256(STAKE) * 729 / 1000);
    }

    function drawPublic(uint64 nonce) private returns (bytes32 id) {
        id = open(nonce);
        emit Measured("open", moreVm.lastCallGas().gasTotalUsed);
        vm.warp(disputes.disputes(id).drawAt);
        address[] memory owners = new address[](24);
        for (uint256 i = 0; i < 24; ++i) {
            owners[i] = refereeOf(i);
        }
        referees.enterReferees(id, owners);
        emit Measured("enter 24", moreVm.lastCallGas().gasTotalUsed);
        vm.assertEq(referees.seated(id), 21);
        vm.warp(referees.drawEndOf(id));
    }
}
