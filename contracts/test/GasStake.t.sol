// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobDisputes} from "../src/interfaces/IJobDisputes.sol";
import {IProviderRegistry} from "../src/interfaces/IProviderRegistry.sol";
import {BidAck, Match, Receipt, SignedSeat, Verdict} from "../src/types/Evidence.sol";
import {DisputesTest} from "./disputes/DisputesTest.sol";
import {Evidence} from "./disputes/Evidence.sol";
import {gasVm} from "./utils/GasVm.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What the transactions of providers, of who proves faults and of referees cost, whole: each call is one
/// transaction. The committee is that of a local network; GasCommittee.t.sol has the public one.
/// forge-config: default.isolate = true
contract GasStakeTest is DisputesTest {
    address private constant NEWCOMER = address(0x2E3C);
    string private constant ENDPOINT =
        "/ip4/203.0.113.7/tcp/3825/p2p/12D3KooWQJ5v1WnLkPo7Lq7z2Hk5RrZb1mMZkqJv1jX9bC3dE5fG";

    function keep(string memory group, string memory name, uint256 goal) private {
        vm.assertLe(gasVm.snapshotGasLastCall(group, name), goal, name);
    }

    function keep(string memory group, string memory name) private {
        gasVm.snapshotGasLastCall(group, name);
    }

    function test_gas_registry() public {
        string memory group = "ProviderRegistry";
        fund(NEWCOMER);
        vm.prank(NEWCOMER);
        token.approve(address(registry), type(uint256).max);
        vm.prank(NEWCOMER);
        registry.registerProvider(address(0x2E3D), keccak256("peer"), ENDPOINT, "", STAKE);
        keep(group, "registerProvider");
        nextEpoch();
        vm.prank(NEWCOMER);
        registry.addStake(STAKE);
        keep(group, "addStake first");
        nextEpoch();
        vm.prank(NEWCOMER);
        registry.addStake(STAKE);
        keep(group, "addStake again");
        nextEpoch();
        vm.prank(NEWCOMER);
        registry.startUnstake(STAKE);
        keep(group, "startUnstake first");
        vm.warp(block.timestamp + 14 days);
        vm.prank(NEWCOMER);
        registry.withdrawStake(NEWCOMER);
        keep(group, "withdrawStake");
    }

    function test_gas_onion() public {
        string memory group = "ProviderRegistry";
        bytes32 core = keccak256("core");
        bytes32 inner = keccak256(abi.encode(core));
        vm.prank(provider);
        registry.commitOnion(keccak256(abi.encode(inner)));
        keep(group, "commitOnion first");
        nextEpoch();
        vm.prank(provider);
        registry.reveal(inner);
        nextEpoch();
        vm.prank(provider);
        registry.reveal(core);
        keep(group, "reveal again");
    }

    function test_gas_signedFaults() public {
        string memory group = "SignedFaults";
        for (uint64 i = 1; i < 4; ++i) {
            (Receipt memory a, Receipt memory b) = (receiptOf(i), receiptOf(i));
            b.tokensRoot = "other";
            (bytes memory signatureA, bytes memory signatureB) = (sign(OPERATOR_KEY, a), sign(OPERATOR_KEY, b));
            nextEpoch();
            vm.prank(bystander);
            faults.disputeReceipts(a, signatureA, b, signatureB);
            keep(group, i == 1 ? "disputeReceipts first" : "disputeReceipts again");
        }
        vm.assertEq(uint256(stakeOf(provider)), uint256(STAKE) * 729 / 1000);
    }

    function test_gas_verdicts() public {
        for (uint64 i = 1; i < 3; ++i) {
            Verdict memory a = Verdict(keccak256(abi.encode(i)), provider, 0, "leaves");
            Verdict memory b = Verdict(keccak256(abi.encode(i)), provider, 1, "leaves");
            (bytes memory signatureA, bytes memory signatureB) =
                (sign(OPERATOR_KEY, Evidence.hash(a)), sign(OPERATOR_KEY, Evidence.hash(b)));
            nextEpoch();
            vm.prank(bystander);
            faults.disputeVerdicts(a, signatureA, b, signatureB);
        }
        keep("SignedFaults", "disputeVerdicts again");
    }

    function test_gas_coordinators() public {
        uint64 epoch = uint64(block.timestamp / EPOCH);
        (Match memory a, Match memory b) =
            (Match("job", 0, epoch, 1, provider, "a", 1), Match("job", 0, epoch, 1, provider, "b", 1));
        (bytes memory signatureA, bytes memory signatureB) =
            (sign(OPERATOR_KEY, Evidence.hash(a)), sign(OPERATOR_KEY, Evidence.hash(b)));
        nextEpoch();
        vm.prank(bystander);
        faults.disputeMatches(a, signatureA, b, signatureB);
        keep("SignedFaults", "disputeMatches");
        bytes32[] memory commits = new bytes32[](30);
        for (uint256 i = 0; i < 30; ++i) {
            commits[i] = bytes32(i + 1);
        }
        a = Match("other", 0, epoch, 1, provider, Evidence.bidsRoot(commits), 30);
        BidAck memory ack = BidAck("other", 0, provider, bytes32(uint256(99)));
        (signatureA, signatureB) = (sign(OPERATOR_KEY, Evidence.hash(a)), sign(OPERATOR_KEY, Evidence.hash(ack)));
        nextEpoch();
        vm.prank(bystander);
        faults.disputeOmission(a, signatureA, ack, signatureB, commits);
        keep("SignedFaults", "disputeOmission among 30 bids");
    }

    function test_gas_disputes() public {
        string memory group = "JobDisputes";
        open(1);
        nextEpoch();
        bytes32 id = open(2);
        keep(group, "disputeJob again");
        vm.warp(disputes.disputes(id).drawAt);
        referees.enterReferees(id, allReferees());
        keep(group, "enterReferees of 7 into 5 seats");
        vm.warp(referees.drawEndOf(id));
        SignedSeat[] memory seats = rulings(id, IJobDisputes.Outcome.Fault, "root", 3);
        disputes.resolveDispute(id, IJobDisputes.Outcome.Fault, "root", seats);
        keep(group, "resolveDispute by 3, slashed");
        vm.warp(block.timestamp + 2 days);
        disputes.payOut(id);
        keep(group, "payOut");
    }

    /// @notice Stakes, onions and matches are of an epoch; ten minutes into the next one all can change again.
    function nextEpoch() private {
        vm.warp(block.timestamp + EPOCH);
    }
}
