// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckToken} from "../../src/DuckToken.sol";
import {JobDisputes} from "../../src/JobDisputes.sol";
import {JobMarket} from "../../src/JobMarket.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {Referees} from "../../src/Referees.sol";
import {SignedFaults} from "../../src/SignedFaults.sol";
import {IJobDisputes} from "../../src/interfaces/IJobDisputes.sol";
import {DisputeParameters} from "../../src/types/DisputeParameters.sol";
import {Durations} from "../../src/types/Durations.sol";
import {BidAck, JobOrder, Match, Receipt, SignedSeat, Verdict} from "../../src/types/Evidence.sol";
import {Expect} from "../utils/Expect.sol";
import {Signing} from "../utils/Signing.sol";
import {vm} from "../utils/Vm.sol";
import {Evidence} from "./Evidence.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice A deployment with one provider, seven who could be referees of it, a client and a bystander, and the words to
/// speak about them.
abstract contract DisputesTest is Expect {
    uint64 internal constant START = 1_800_000_000;
    uint64 internal constant EPOCH = 1 hours;
    uint96 internal constant STAKE = 10_000e18;
    uint96 internal constant FUNDS = 100_000e18;
    uint96 internal constant BOND = 100e18;
    uint96 internal constant PRICE = 2e18;
    uint256 internal constant REFEREES = 7;
    bytes32 internal constant MODEL = keccak256("duckling");

    uint256 internal constant CLIENT_KEY = 0xC11E;
    uint256 internal constant OPERATOR_KEY = 0x09E7A704;
    address internal client = vm.addr(CLIENT_KEY);
    address internal provider = address(0xD0C);
    address internal operator = vm.addr(OPERATOR_KEY);
    address internal bystander = address(0xB15);
    address internal governance = address(0x60E);

    DuckToken internal token;
    ProviderRegistry internal registry;
    JobMarket internal market;
    JobDisputes internal disputes;
    SignedFaults internal faults;
    Referees internal referees;

    function setUp() public virtual {
        vm.warp(START);
        deploy(defaults());
        fund(client);
        fund(bystander);
        enlist(provider, operator, STAKE);
        for (uint256 i = 0; i < REFEREES; ++i) {
            enlist(refereeOf(i), vm.addr(refereeKey(i)), STAKE);
        }
        // two epochs later the stakes weigh; ten minutes into it, before its middle
        vm.warp(START + 2 * EPOCH + 10 minutes);
    }

    function defaults() internal pure virtual returns (DisputeParameters memory) {
        return DisputeParameters({
            bond: BOND,
            equivocationBps: 1_000,
            wrongResultBps: 1_000,
            coordinatorBps: 100,
            challengerBps: 2_000,
            committee: 5,
            quorum: 3
        });
    }

    /// @notice The public network's waiting times.
    function durations() internal pure returns (Durations memory) {
        return Durations({
            unbonding: 14 days,
            faultWindow: 7 days,
            dispute: 3 days,
            reserve: 3 days,
            escrowThaw: 3 days,
            earnedThaw: 3 days,
            slashLock: 2 days,
            redeemPeriod: 3 days,
            epoch: EPOCH,
            turn: 1 minutes
        });
    }

    function deploy(DisputeParameters memory parameters) internal {
        token = new DuckToken(address(this));
        uint256 nonce = vm.getNonce(address(this));
        registry = new ProviderRegistry(
            IERC20(address(token)),
            vm.computeCreateAddress(address(this), nonce + 1),
            vm.computeCreateAddress(address(this), nonce + 2),
            governance,
            durations()
        );
        market = new JobMarket(registry);
        disputes = new JobDisputes(registry, parameters);
        faults = SignedFaults(disputes.signedFaults());
        referees = Referees(disputes.referees());
    }

    function fund(address who) internal {
        token.mint(who, FUNDS);
        vm.prank(who);
        token.approve(address(disputes), type(uint256).max);
    }

    /// @notice Registers an owner that serves the model.
    function enlist(address owner, address operatorKey, uint96 stake) internal {
        fund(owner);
        token.mint(owner, stake);
        vm.prank(owner);
        token.approve(address(registry), type(uint256).max);
        vm.prank(owner);
        registry.registerProvider(operatorKey, bytes32(uint256(uint160(owner))), "", "", stake);
        bytes32[] memory classes = new bytes32[](1);
        classes[0] = MODEL;
        vm.prank(owner);
        registry.setClasses(classes);
    }

    function refereeOf(uint256 i) internal pure returns (address) {
        return address(uint160(0x1000 + i));
    }

    function refereeKey(uint256 i) internal pure returns (uint256) {
        return 0xEF00 + i;
    }

    function orderOf(uint64 nonce) internal view returns (JobOrder memory) {
        return JobOrder({
            payer: client,
            nonce: nonce,
            modelId: MODEL,
            specHash: keccak256("spec"),
            mode: 1,
            replicas: 1,
            maxPrice: PRICE,
            auditBps: 500,
            secretHash: keccak256("secret"),
            deadline: START + 1 days
        });
    }

    /// @notice A receipt of the provider for the order with this nonce.
    function receiptOf(uint64 nonce) internal view returns (Receipt memory) {
        return Receipt({
            jobId: digest(Evidence.hash(orderOf(nonce))),
            segment: 0,
            item: 0,
            seq: 0,
            payer: client,
            provider: provider,
            tokensIn: 100,
            tokensOut: 64,
            tokensRoot: keccak256("tokens"),
            traceRoot: keccak256("trace"),
            amount: PRICE,
            specHash: keccak256("spec"),
            last: true
        });
    }

    function digest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", registry.domainSeparator(), structHash));
    }

    function sign(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return Signing.long(key, digest(structHash));
    }

    function sign(uint256 key, Receipt memory r) internal view returns (bytes memory) {
        return sign(key, Evidence.hash(r));
    }

    /// @notice Opens a dispute of the client about a receipt of the provider.
    function open(uint64 nonce) internal returns (bytes32) {
        Receipt memory r = receiptOf(nonce);
        bytes memory signature = sign(OPERATOR_KEY, r);
        vm.prank(client);
        return disputes.disputeJob(r, signature, orderOf(nonce), "wrong");
    }

    /// @notice Opens a dispute and enters all referees.
    function openAndDraw(uint64 nonce) internal returns (bytes32 disputeId) {
        disputeId = open(nonce);
        vm.warp(disputes.disputes(disputeId).drawAt);
        referees.enterReferees(disputeId, allReferees());
    }

    function allReferees() internal pure returns (address[] memory owners) {
        owners = new address[](REFEREES);
        for (uint256 i = 0; i < REFEREES; ++i) {
            owners[i] = refereeOf(i);
        }
    }

    /// @notice The rulings of the first `count` seats.
    function rulings(
        bytes32 disputeId,
        IJobDisputes.Outcome outcome,
        bytes32 root,
        uint256 count
    )
        internal
        view
        returns (SignedSeat[] memory seats)
    {
        address[] memory operators = referees.committeeOf(disputeId);
        seats = new SignedSeat[](count);
        for (uint256 i = 0; i < count; ++i) {
            seats[i] = rulingBy(disputeId, outcome, root, uint8(i), numberOf(operators[i]));
        }
    }

    /// @notice The ruling of referee number `number` for `seat`.
    function rulingBy(
        bytes32 disputeId,
        IJobDisputes.Outcome outcome,
        bytes32 root,
        uint8 seat,
        uint256 number
    )
        internal
        view
        returns (SignedSeat memory)
    {
        bytes32 structHash = Evidence.ruling(disputeId, refereeOf(number), uint8(outcome), root);
        bytes memory signature = Signing.short(refereeKey(number), digest(structHash));
        (bytes32 r, bytes32 vs) = abi.decode(signature, (bytes32, bytes32));
        return SignedSeat(seat, refereeOf(number), r, vs);
    }

    /// @notice The referee whose operator this is.
    function numberOf(address operatorKey) internal view returns (uint256) {
        return uint160(registry.providerOf(operatorKey)) - 0x1000;
    }

    /// @notice Lets three seats rule at the end of the draw.
    function resolve(bytes32 disputeId, IJobDisputes.Outcome outcome) internal {
        vm.warp(referees.drawEndOf(disputeId));
        disputes.resolveDispute(disputeId, outcome, "root", rulings(disputeId, outcome, "root", 3));
    }

    function stakeOf(address owner) internal view returns (uint96) {
        return registry.providers(owner).stake;
    }

    function stateOf(bytes32 disputeId) internal view returns (uint256) {
        return uint256(disputes.disputes(disputeId).state);
    }

    function expectRevert(bytes4 selector, bytes32 a) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, a));
    }

    /// @dev the next opening of a dispute about step 1 reverts so
    function expectOpenRevert(bytes4 selector, bytes32 argument) internal {
        Receipt memory r = receiptOf(1);
        bytes memory signature = sign(OPERATOR_KEY, r);
        expectRevert(selector, argument);
        vm.prank(client);
        disputes.disputeJob(r, signature, orderOf(1), "");
    }

    function openWith(Receipt memory r, JobOrder memory order) internal returns (bytes32) {
        bytes memory signature = sign(OPERATOR_KEY, r);
        vm.prank(client);
        return disputes.disputeJob(r, signature, order, "");
    }
}
