// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckToken} from "../../../src/DuckToken.sol";
import {JobDisputes} from "../../../src/JobDisputes.sol";
import {ProviderRegistry} from "../../../src/ProviderRegistry.sol";
import {Referees} from "../../../src/Referees.sol";
import {SignedFaults} from "../../../src/SignedFaults.sol";
import {IJobDisputes} from "../../../src/interfaces/IJobDisputes.sol";
import {IProviderRegistry} from "../../../src/interfaces/IProviderRegistry.sol";
import {DisputeParameters} from "../../../src/types/DisputeParameters.sol";
import {JobOrder, Match, Receipt, SignedSeat, Verdict} from "../../../src/types/Evidence.sol";
import {Signing} from "../../utils/Signing.sol";
import {vm} from "../../utils/Vm.sol";
import {Evidence} from "../Evidence.sol";

/// @notice Five owners, all of them providers, verifiers, seats and referees, who commit faults, accuse one another, judge
/// and leave, in any order. Each action folds its arguments into what is allowed, so a revert is a bug.
contract DisputeHandler {
    uint256 public constant ACTORS = 5;
    bytes32 public constant MODEL = keccak256("duckling");
    address public constant GOVERNANCE = address(0x60E);

    DuckToken private immutable token;
    ProviderRegistry private immutable registry;
    JobDisputes private immutable disputes;
    SignedFaults private immutable faults;
    Referees private immutable referees;
    address private immutable creator;

    /// @notice All disputes and faults there ever were.
    bytes32[] public disputeIds;
    bytes32[] public faultIds;
    /// @notice What each owner put in, lost to slashes, and took out of its stake, wei.
    mapping(address => uint256) public staked;
    mapping(address => uint256) public slashed;
    mapping(address => uint256) public left;
    /// @notice The longest a dispute may still be open, by its id, unix seconds.
    mapping(bytes32 => uint256) public endsBy;

    /// @notice How many disputes ended with each outcome.
    uint256[4] public decided;

    uint64 private nonce;

    constructor(DuckToken token_, ProviderRegistry registry_, JobDisputes disputes_) {
        (token, registry, disputes) = (token_, registry_, disputes_);
        faults = SignedFaults(disputes_.signedFaults());
        referees = Referees(disputes_.referees());
        creator = msg.sender;
    }

    function ownerOf(uint256 i) public pure returns (address) {
        return address(uint160(0x500 + i % ACTORS));
    }

    function keyOf(uint256 i) public pure returns (uint256) {
        return 0xAB00 + i % ACTORS;
    }

    function disputeCount() external view returns (uint256) {
        return disputeIds.length;
    }

    function faultCount() external view returns (uint256) {
        return faultIds.length;
    }

    /// @dev told by the test what it staked beforehand
    function noteStake(address owner, uint256 amount) external {
        if (msg.sender != creator) return;
        staked[owner] += amount;
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + time % 2 days);
    }

    function passHours(uint256 time) external {
        vm.warp(block.timestamp + time % 2 hours);
    }

    function addStake(uint256 who, uint256 amount) external {
        uint96 value = uint96(1 + amount % 1_000e18);
        if (token.balanceOf(ownerOf(who)) < value) return;
        vm.prank(ownerOf(who));
        registry.addStake(value);
        staked[ownerOf(who)] += value;
    }

    function startUnstake(uint256 who, uint256 amount) external {
        uint96 stake = registry.providers(ownerOf(who)).stake;
        if (stake == 0) return;
        vm.prank(ownerOf(who));
        registry.startUnstake(uint96(1 + amount % stake));
    }

    function withdrawStake(uint256 who) external {
        IProviderRegistry.Provider memory p = registry.providers(ownerOf(who));
        if (p.thawing == 0 || block.timestamp < p.thawEnd) return;
        if (registry.frozenStake(ownerOf(who)) >= p.stake) return;
        vm.prank(ownerOf(who));
        registry.withdrawStake(ownerOf(who));
        left[ownerOf(who)] += p.stake - registry.providers(ownerOf(who)).stake;
    }

    function equivocate(uint256 who, uint256 reporter) external {
        (address owner, uint256 key) = (ownerOf(who), keyOf(who));
        if (registry.providers(owner).stake < 1e14) return;
        Receipt memory a = receiptOf(who, ++nonce, 1e18);
        Receipt memory b = receiptOf(who, nonce, 2e18);
        (bytes memory first, bytes memory second) = (sign(key, Evidence.hash(a)), sign(key, Evidence.hash(b)));
        vm.prank(ownerOf(reporter));
        slashed[owner] += faults.disputeReceipts(a, first, b, second);
        faultIds.push(keccak256(abi.encode(uint8(0), owner, a.jobId, a.segment, a.item, a.seq)));
    }

    function doubleVerdict(uint256 who, uint256 reporter) external {
        (address owner, uint256 key) = (ownerOf(who), keyOf(who));
        if (registry.providers(owner).stake < 1e14) return;
        Verdict memory v = Verdict(bytes32(uint256(++nonce)), owner, 0, "");
        Verdict memory w = Verdict(v.receiptHash, owner, 1, "");
        (bytes memory first, bytes memory second) = (sign(key, Evidence.hash(v)), sign(key, Evidence.hash(w)));
        vm.prank(ownerOf(reporter));
        slashed[owner] += faults.disputeVerdicts(v, first, w, second);
        faultIds.push(keccak256(abi.encode(uint8(1), owner, v.receiptHash)));
    }

    function doubleMatch(uint256 who, uint256 reporter) external {
        (address owner, uint256 key) = (ownerOf(who), keyOf(who));
        if (registry.providers(owner).stake < 1e14) return;
        Match memory a = Match(bytes32(uint256(++nonce)), 0, registry.currentEpoch(), 0, owner, "a", 1);
        Match memory b = Match(a.jobId, 0, a.epoch, 0, owner, "b", 1);
        (bytes memory first, bytes memory second) = (sign(key, Evidence.hash(a)), sign(key, Evidence.hash(b)));
        vm.prank(ownerOf(reporter));
        slashed[owner] += faults.disputeMatches(a, first, b, second);
        faultIds.push(keccak256(abi.encode(uint8(2), owner, a.jobId, a.attempt)));
    }

    function open(uint256 who, uint256 by, uint256 price) external {
        if (registry.providers(ownerOf(who)).stake < 1e14) return;
        address challenger = ownerOf(by);
        if (token.balanceOf(challenger) < disputes.parameters().bond) return;
        JobOrder memory order = orderOf(++nonce);
        order.payer = challenger;
        Receipt memory r = receiptOf(who, nonce, uint96(price % 500e18));
        r.jobId = digest(Evidence.hash(order));
        bytes memory signature = sign(keyOf(who), Evidence.hash(r));
        vm.prank(challenger);
        bytes32 id = disputes.disputeJob(r, signature, order, "");
        disputeIds.push(id);
        endsBy[id] = block.timestamp + 1 hours + 3 days;
    }

    function enter(uint256 which, uint256 from, uint256 count) external {
        (bytes32 id, IJobDisputes.Dispute memory d) = pick(which);
        if (d.state != IJobDisputes.State.Open) return;
        if (block.timestamp < d.drawAt || block.timestamp >= referees.drawEndOf(id)) return;
        for (uint256 i = 0; i < count % (ACTORS + 1); ++i) {
            address[] memory one = new address[](1);
            one[0] = ownerOf(from % ACTORS + i);
            // parties and those without weight may not; that is for the other tests
            try referees.enterReferees(id, one) {} catch {}
        }
    }

    /// @dev a dispute from its draw to its ruling in one go, so that many sequences get there
    function judge(uint256 which, uint8 outcome) external {
        (bytes32 id, IJobDisputes.Dispute memory d) = pick(which);
        if (d.state != IJobDisputes.State.Open || block.timestamp >= d.drawAt) return;
        vm.warp(d.drawAt);
        this.enter(which, 0, ACTORS);
        vm.warp(referees.drawEndOf(id));
        this.resolve(which, outcome);
    }

    function resolve(uint256 which, uint8 outcome) external {
        (bytes32 id, IJobDisputes.Dispute memory d) = pick(which);
        if (d.state != IJobDisputes.State.Open || block.timestamp >= d.deadline) return;
        if (block.timestamp < referees.drawEndOf(id)) return;
        uint256 seats = referees.seated(id);
        if (seats < d.quorum) return;
        IJobDisputes.Outcome found = IJobDisputes.Outcome(outcome % 4);
        disputes.resolveDispute(id, found, "root", rulings(id, uint8(found), seats));
        ++decided[outcome % 4];
        if (found == IJobDisputes.Outcome.Fault) slashed[d.provider] += disputes.disputes(id).amount;
    }

    function expire(uint256 which) external {
        (bytes32 id, IJobDisputes.Dispute memory d) = pick(which);
        if (d.state != IJobDisputes.State.Open) return;
        bool isFew = referees.seated(id) < d.quorum;
        if (block.timestamp < (isFew ? referees.drawEndOf(id) : d.deadline)) return;
        disputes.expireDispute(id);
    }

    function payOut(uint256 which) external {
        (bytes32 id, IJobDisputes.Dispute memory d) = pick(which);
        if (d.state == IJobDisputes.State.Slashed && block.timestamp >= d.deadline) disputes.payOut(id);
    }

    function payOutFault(uint256 which) external {
        if (faultIds.length == 0) return;
        bytes32 id = faultIds[which % faultIds.length];
        if (faults.faults(id).gweiHeld != 0 && block.timestamp >= faults.faults(id).unlockAt) faults.payOut(id);
    }

    function setParameters(uint96 bond, uint16 bps, uint8 committee) external {
        DisputeParameters memory p = disputes.parameters();
        p.bond = 1e18 + bond % 1_000e18;
        (p.equivocationBps, p.wrongResultBps) = (1 + bps % 2_000, 1 + bps % 2_000);
        p.challengerBps = 1 + bps % 2_000;
        p.committee = 3 + committee % 3;
        p.quorum = p.committee / 2 + 1;
        vm.prank(GOVERNANCE);
        disputes.setParameters(p);
    }

    function pick(uint256 which) private view returns (bytes32 id, IJobDisputes.Dispute memory d) {
        if (disputeIds.length == 0) return (id, d);
        id = disputeIds[which % disputeIds.length];
        d = disputes.disputes(id);
    }

    function rulings(bytes32 id, uint8 outcome, uint256 count) private view returns (SignedSeat[] memory seats) {
        address[] memory operators = referees.committeeOf(id);
        seats = new SignedSeat[](count);
        for (uint256 i = 0; i < count; ++i) {
            address owner = registry.providerOf(operators[i]);
            bytes32 hash = digest(Evidence.ruling(id, owner, outcome, "root"));
            bytes memory signature = Signing.short(keyOf(uint160(owner) - 0x500), hash);
            (bytes32 r, bytes32 vs) = abi.decode(signature, (bytes32, bytes32));
            seats[i] = SignedSeat(uint8(i), owner, r, vs);
        }
    }

    function orderOf(uint64 number) private pure returns (JobOrder memory o) {
        o.nonce = number;
        o.modelId = MODEL;
    }

    function receiptOf(uint256 who, uint64 number, uint96 amount) private view returns (Receipt memory r) {
        r.jobId = digest(Evidence.hash(orderOf(number)));
        r.provider = ownerOf(who);
        r.payer = address(0xC11E);
        r.amount = amount;
    }

    function digest(bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", registry.domainSeparator(), structHash));
    }

    function sign(uint256 key, bytes32 structHash) private view returns (bytes memory) {
        return Signing.long(key, digest(structHash));
    }
}
