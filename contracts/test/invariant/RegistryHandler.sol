// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckToken} from "../../src/DuckToken.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {Durations} from "../../src/types/Durations.sol";
import {vm} from "../utils/Vm.sol";

/// @notice Four providers, the disputes contract and governance doing everything the registry offers, in any order.
/// Each action folds its arguments into what is allowed, so a revert is a bug. What the registry said at a time is
/// noted, to be asked again later.
contract RegistryHandler {
    uint256 public constant ACTORS = 4;
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    DuckToken private immutable token;
    ProviderRegistry private immutable registry;
    address private immutable disputes;
    address private immutable governance;
    /// @dev computed once: an address from a key is slow
    address[ACTORS] private actors;

    /// @notice What each provider ever put in, took out, and lost.
    mapping(address => uint256) public paidIn;
    mapping(address => uint256) public paidOut;
    mapping(address => uint256) public lost;
    /// @notice What is frozen of each, as this contract counts it.
    mapping(address => uint256) public frozen;

    /// @notice The seconds at whose end everything was noted.
    uint256[] public times;
    mapping(uint256 time => mapping(address => uint256)) public votesAt;
    /// @notice The seeds that were fixed, by epoch; zero for one that nobody asked for.
    mapping(uint64 epoch => bytes32) public seeds;
    uint64[] public seededEpochs;

    mapping(address => uint256) private unstakeStarted;
    mapping(address => uint256) private unstakeLength;
    mapping(address => bytes32) private secrets;
    uint160 private freshKey = 0xA0000;

    constructor(DuckToken token_, ProviderRegistry registry_) {
        (token, registry) = (token_, registry_);
        (disputes, governance) = (registry_.disputes(), registry_.governance());
        for (uint256 i = 0; i < ACTORS; ++i) {
            actors[i] = vm.addr(key(i));
        }
    }

    modifier registered(uint256 i) {
        if (registry.operatorOf(actor(i)) == address(0)) return;
        _;
    }

    function key(uint256 i) public pure returns (uint256) {
        return 0xBB00 + (i % ACTORS);
    }

    function actor(uint256 i) public view returns (address) {
        return actors[i % ACTORS];
    }

    function timeCount() external view returns (uint256) {
        return times.length;
    }

    function seedCount() external view returns (uint256) {
        return seededEpochs.length;
    }

    function passMinutes(uint256 time) external {
        pass(block.timestamp + 1 + time % 90 minutes);
    }

    function passDays(uint256 time) external {
        pass(block.timestamp + 1 + time % 5 days);
    }

    function registerProvider(uint256 i, uint256 amount) external {
        if (registry.operatorOf(actor(i)) != address(0)) return;
        uint96 stake = stakeOf(i, amount);
        if (stake == 0) return;
        vm.prank(actor(i));
        token.approve(address(registry), stake);
        vm.prank(actor(i));
        registry.registerProvider(address(++freshKey), bytes32(i | 1), "", "", stake);
        paidIn[actor(i)] += stake;
    }

    function registerProviderWithPermit(uint256 i, uint256 amount) external {
        if (registry.operatorOf(actor(i)) != address(0)) return;
        uint96 stake = stakeOf(i, amount);
        if (stake == 0) return;
        IProviderRegistry.Permit memory permit = permitOf(i, stake);
        vm.prank(actor(i));
        registry.registerProviderWithPermit(address(++freshKey), bytes32(i | 1), "", "", stake, permit);
        paidIn[actor(i)] += stake;
    }

    function setPeer(uint256 i, bytes32 peerKey) external registered(i) {
        vm.prank(actor(i));
        registry.setPeer(peerKey | bytes32(uint256(1)), "");
    }

    function addStake(uint256 i, uint256 amount) external registered(i) {
        uint96 value = fold(amount, token.balanceOf(actor(i)));
        if (value == 0) return;
        vm.prank(actor(i));
        token.approve(address(registry), value);
        vm.prank(actor(i));
        registry.addStake(value);
        paidIn[actor(i)] += value;
    }

    function startUnstake(uint256 i, uint256 amount) external {
        uint96 value = fold(amount, registry.providers(actor(i)).stake);
        if (value == 0) return;
        vm.prank(actor(i));
        registry.startUnstake(value);
        unstakeStarted[actor(i)] = block.timestamp;
        unstakeLength[actor(i)] = registry.durations().unbonding;
    }

    function cancelUnstake(uint256 i) external {
        if (registry.providers(actor(i)).thawing == 0) return;
        vm.prank(actor(i));
        registry.cancelUnstake();
    }

    /// @dev no path lets stake leave earlier than unbonding after its start, nor within the windows of a fault
    function withdrawStake(uint256 i) external {
        IProviderRegistry.Provider memory p = registry.providers(actor(i));
        uint256 held = registry.frozenStake(actor(i));
        if (p.thawing == 0 || p.stake <= held) return;
        if (block.timestamp < p.thawEnd) pass(p.thawEnd);
        uint256 before = token.balanceOf(actor(i));
        vm.prank(actor(i));
        registry.withdrawStake(actor(i));
        uint256 paid = token.balanceOf(actor(i)) - before;
        paidOut[actor(i)] += paid;
        uint256 took = block.timestamp - unstakeStarted[actor(i)];
        Durations memory d = registry.durations();
        vm.assertGe(took, unstakeLength[actor(i)], "left before unbonding");
        vm.assertTrue(took > uint256(d.faultWindow) + d.dispute + d.reserve, "left within the windows");
        vm.assertGe(registry.providers(actor(i)).stake, held, "frozen stake left");
        vm.assertLe(paid, p.thawing, "more left than thawed");
    }

    function startOperatorRotation(uint256 i) external registered(i) {
        vm.prank(actor(i));
        registry.startOperatorRotation(address(++freshKey));
    }

    function cancelOperatorRotation(uint256 i) external {
        (address next,) = registry.nextOperatorOf(actor(i));
        if (next == address(0)) return;
        vm.prank(actor(i));
        registry.cancelOperatorRotation();
        vm.assertEq(registry.providerOf(next), address(0));
    }

    function finishOperatorRotation(uint256 i) external {
        (address next, uint64 readyAt) = registry.nextOperatorOf(actor(i));
        if (next == address(0) || block.timestamp < readyAt) return;
        address previous = registry.operatorOf(actor(i));
        vm.prank(actor(i));
        registry.finishOperatorRotation();
        vm.assertEq(registry.operatorOf(actor(i)), next);
        vm.assertEq(registry.providerOf(previous), address(0));
        vm.assertTrue(registry.wasOperator(actor(i), previous));
    }

    function setClasses(uint256 i, uint256 count) external registered(i) {
        bytes32[] memory classes = new bytes32[](count % 17);
        for (uint256 j = 0; j < classes.length; ++j) {
            classes[j] = bytes32(j + count % 5);
        }
        vm.prank(registry.operatorOf(actor(i)));
        registry.setClasses(classes);
        vm.assertEq(registry.classesOf(actor(i)).length, classes.length);
    }

    function commitOnion(uint256 i, bytes32 secret) external registered(i) {
        secrets[actor(i)] = secret;
        vm.prank(actor(i));
        registry.commitOnion(keccak256(abi.encode(secret)));
    }

    function reveal(uint256 i) external registered(i) {
        (bytes32 tip, uint64 from) = registry.onionOf(actor(i));
        bytes32 secret = secrets[actor(i)];
        uint64 epoch = registry.currentEpoch();
        bool open = block.timestamp % 1 hours < 30 minutes && epoch >= from && registry.isActive(actor(i));
        if (!open || tip == 0 || tip != keccak256(abi.encode(secret))) return;
        vm.prank(registry.operatorOf(actor(i)));
        registry.reveal(secret);
    }

    function freeze(uint256 i, uint256 amount) external {
        uint96 value = fold(amount, 2_000e18);
        vm.prank(disputes);
        registry.freeze(actor(i), value, "fault");
        frozen[actor(i)] += value;
    }

    function unfreeze(uint256 i, uint256 amount) external {
        uint96 value = fold(amount, frozen[actor(i)]);
        vm.prank(disputes);
        registry.unfreeze(actor(i), value, "fault");
        frozen[actor(i)] -= value;
    }

    function slash(uint256 i, uint256 amount) external {
        uint96 stake = registry.providers(actor(i)).stake;
        uint96 value = fold(amount, 2_000e18);
        vm.prank(disputes);
        uint96 taken = registry.slash(actor(i), value, "fault", address(this));
        vm.assertEq(taken, value < stake ? value : stake);
        lost[actor(i)] += taken;
    }

    function setMinStake(uint256 amount) external {
        vm.prank(governance);
        registry.setMinStake(uint96(100e18 + amount % 99_900e18));
    }

    /// @dev any four durations; those that the rules refuse must leave everything as it was
    function setWindows(uint64 unbonding, uint64 faultWindow, uint64 dispute, uint64 reserve) external {
        bytes32 before = keccak256(abi.encode(registry.durations()));
        vm.prank(governance);
        try registry.setWindows(unbonding % 40 days, faultWindow % 15 days, dispute % 6 days, reserve % 6 days) {
            vm.assertEq(registry.durations().unbonding, unbonding % 40 days);
        } catch {
            vm.assertEq(keccak256(abi.encode(registry.durations())), before);
        }
    }

    /// @dev lets time pass, after noting what stands at the end of this second
    function pass(uint256 until) private {
        if (times.length == 0 || times[times.length - 1] != block.timestamp) times.push(block.timestamp);
        for (uint256 i = 0; i < ACTORS; ++i) {
            votesAt[block.timestamp][actor(i)] = registry.getVotes(actor(i));
        }
        vm.warp(until);
        uint64 epoch = registry.epochOf(until);
        if (seeds[epoch] != 0) return;
        seeds[epoch] = registry.seedOf(epoch);
        seededEpochs.push(epoch);
    }

    /// @dev at least the least stake, or zero when the provider does not have it
    function stakeOf(uint256 i, uint256 amount) private view returns (uint96) {
        uint256 balance = token.balanceOf(actor(i));
        uint96 least = registry.minStake();
        return balance < least ? 0 : least - 1 + fold(amount, balance - least + 1);
    }

    function permitOf(uint256 i, uint96 value) private view returns (IProviderRegistry.Permit memory) {
        uint256 nonce = token.nonces(actor(i));
        bytes32 structHash =
            keccak256(abi.encode(PERMIT_TYPEHASH, actor(i), address(registry), value, nonce, block.timestamp));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key(i), digest);
        return IProviderRegistry.Permit(block.timestamp, v, r, s);
    }

    /// @dev `value` folded into [1, most], zero when there is nothing
    function fold(uint256 value, uint256 most) private pure returns (uint96) {
        return most == 0 ? 0 : uint96(1 + value % most);
    }
}
