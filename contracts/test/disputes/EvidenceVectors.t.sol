// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EvidenceLib} from "../../src/libraries/EvidenceLib.sol";
import {BidAck, JobOrder, Match, Receipt, Verdict} from "../../src/types/Evidence.sol";
import {vm} from "../utils/Vm.sol";
import {moreVm} from "./MoreVm.sol";

/// @notice The golden EIP-712 vectors of evidence: the contracts hash what peers sign. Each type has a typical case, the
/// largest members and the smallest.
contract EvidenceVectorsTest {
    using EvidenceLib for BidAck;
    using EvidenceLib for JobOrder;
    using EvidenceLib for Match;
    using EvidenceLib for Receipt;
    using EvidenceLib for Verdict;

    string private json;

    function setUp() public {
        json = vm.readFile("proto/vectors/eip712.json");
    }

    function test_jobOrderCases_hashAsTheContractHashes() public view {
        check("JobOrder", this.hashOrder);
    }

    function test_receiptCases_hashAsTheContractHashes() public view {
        check("Receipt", this.hashReceipt);
    }

    function test_verdictCases_hashAsTheContractHashes() public view {
        check("Verdict", this.hashVerdict);
    }

    function test_matchCases_hashAsTheContractHashes() public view {
        check("Match", this.hashMatch);
    }

    function test_bidAckCases_hashAsTheContractHashes() public view {
        check("BidAck", this.hashAck);
    }

    function test_rulingCases_hashAsTheContractHashes() public view {
        check("Ruling", this.hashRuling);
    }

    function hashOrder(uint256 i) external view returns (bytes32) {
        return this.hashOrderOf(
            JobOrder({
                payer: addressAt(i, "payer"),
                nonce: uint64(uintAt(i, "nonce")),
                modelId: wordAt(i, "modelId"),
                specHash: wordAt(i, "specHash"),
                mode: uint8(uintAt(i, "mode")),
                replicas: uint8(uintAt(i, "replicas")),
                maxPrice: uint96(uintAt(i, "maxPrice")),
                auditBps: uint16(uintAt(i, "auditBps")),
                secretHash: wordAt(i, "secretHash"),
                deadline: uint64(uintAt(i, "deadline"))
            })
        );
    }

    function hashReceipt(uint256 i) external view returns (bytes32) {
        return this.hashReceiptOf(
            Receipt({
                jobId: wordAt(i, "jobId"),
                segment: uint16(uintAt(i, "segment")),
                item: uint32(uintAt(i, "item")),
                seq: uint32(uintAt(i, "seq")),
                payer: addressAt(i, "payer"),
                provider: addressAt(i, "provider"),
                tokensIn: uint32(uintAt(i, "tokensIn")),
                tokensOut: uint32(uintAt(i, "tokensOut")),
                tokensRoot: wordAt(i, "tokensRoot"),
                traceRoot: wordAt(i, "traceRoot"),
                amount: uint96(uintAt(i, "amount")),
                specHash: wordAt(i, "specHash"),
                last: moreVm.parseJsonBool(json, member(i, "last"))
            })
        );
    }

    function hashVerdict(uint256 i) external view returns (bytes32) {
        bytes32 receiptHash = wordAt(i, "receiptHash");
        uint8 outcome = uint8(uintAt(i, "outcome"));
        return this.hashVerdictOf(Verdict(receiptHash, addressAt(i, "verifier"), outcome, wordAt(i, "leavesRoot")));
    }

    function hashMatch(uint256 i) external view returns (bytes32) {
        return this.hashMatchOf(
            Match({
                jobId: wordAt(i, "jobId"),
                attempt: uint32(uintAt(i, "attempt")),
                epoch: uint64(uintAt(i, "epoch")),
                turn: uint32(uintAt(i, "turn")),
                seat: addressAt(i, "seat"),
                bidsRoot: wordAt(i, "bidsRoot"),
                bids: uint16(uintAt(i, "bids"))
            })
        );
    }

    function hashAck(uint256 i) external view returns (bytes32) {
        uint32 attempt = uint32(uintAt(i, "attempt"));
        return this.hashAckOf(BidAck(wordAt(i, "jobId"), attempt, addressAt(i, "seat"), wordAt(i, "commit")));
    }

    function hashRuling(uint256 i) external view returns (bytes32) {
        bytes32 id = wordAt(i, "disputeId");
        uint8 outcome = uint8(uintAt(i, "outcome"));
        return EvidenceLib.hashRuling(id, addressAt(i, "referee"), outcome, wordAt(i, "refereeRoot"));
    }

    function hashOrderOf(JobOrder calldata order) external pure returns (bytes32) {
        return order.hash();
    }

    function hashReceiptOf(Receipt calldata receipt) external pure returns (bytes32) {
        return receipt.hash();
    }

    function hashVerdictOf(Verdict calldata verdict) external pure returns (bytes32) {
        return verdict.hash();
    }

    function hashMatchOf(Match calldata matched) external pure returns (bytes32) {
        return matched.hash();
    }

    function hashAckOf(BidAck calldata ack) external pure returns (bytes32) {
        return ack.hash();
    }

    /// @dev compares every case of a type, of which there are three
    function check(string memory name, function(uint256) external view returns (bytes32) hash) private view {
        uint256 seen = 0;
        for (uint256 i = 0; vm.keyExistsJson(json, key(i, "")); ++i) {
            if (keccak256(bytes(vm.parseJsonString(json, key(i, ".type")))) != keccak256(bytes(name))) continue;
            vm.assertEq(hash(i), vm.parseJsonBytes32(json, key(i, ".structHash")));
            ++seen;
        }
        vm.assertEq(seen, 3);
    }

    function addressAt(uint256 i, string memory name) private view returns (address) {
        return vm.parseJsonAddress(json, member(i, name));
    }

    function wordAt(uint256 i, string memory name) private view returns (bytes32) {
        return vm.parseJsonBytes32(json, member(i, name));
    }

    function uintAt(uint256 i, string memory name) private view returns (uint256) {
        return vm.parseJsonUint(json, member(i, name));
    }

    function member(uint256 i, string memory name) private pure returns (string memory) {
        return key(i, string.concat(".message.", name));
    }

    function key(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(".cases[", vm.toString(i), "]", field);
    }
}
