// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ProviderRegistry} from "../src/ProviderRegistry.sol";
import {IElection} from "../src/interfaces/IElection.sol";
import {IProviderRegistry} from "../src/interfaces/IProviderRegistry.sol";
import {IThawErrors} from "../src/interfaces/IThawErrors.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {vm} from "./utils/Vm.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What a cheat may try with stake, keys and randomness. Each test performs the attack.
contract ProviderRegistryAttacksTest is MeshTest {
    bytes32 private constant FAULT = "fault";
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    uint64 private constant EPOCH = 1 hours;
    uint64 private constant NOW = START / EPOCH;

    function slash(uint96 amount) private returns (uint96) {
        vm.prank(disputes);
        return registry.slash(provider, amount, FAULT, relayer);
    }

    function startUnstake(address who, uint96 amount) private {
        vm.prank(who);
        registry.startUnstake(amount);
    }

    function withdraw() private {
        vm.prank(provider);
        registry.withdrawStake(provider);
    }

    function permitOf(uint256 key, uint96 value) private view returns (IProviderRegistry.Permit memory) {
        uint256 deadline = block.timestamp + 1;
        address owner = vm.addr(key);
        bytes32 structHash =
            keccak256(abi.encode(PERMIT_TYPEHASH, owner, address(registry), value, token.nonces(owner), deadline));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return IProviderRegistry.Permit(deadline, v, r, s);
    }

    function registerWith(IProviderRegistry.Permit memory permit) private {
        vm.prank(alice);
        registry.registerProviderWithPermit(address(0x99), bytes32(uint256(7)), "", "", STAKE, permit);
    }

    function test_slash_reachesAThawOneSecondBeforeItsEnd() public {
        startUnstake(provider, STAKE);
        vm.warp(START + 14 days - 1);
        vm.assertEq(slash(STAKE), STAKE);
        vm.warp(START + 14 days);
        expectRevert(IThawErrors.NotThawing.selector);
        withdraw();
    }

    function test_slash_reachesAThawThatIsOver_untilItIsWithdrawn() public {
        startUnstake(provider, STAKE);
        vm.warp(START + 30 days);
        vm.assertEq(slash(500e18), 500e18);
        withdraw();
        vm.assertEq(token.balanceOf(provider), STAKE - 500e18);
    }

    function test_slash_afterTheWithdrawalFindsNothing_andHarmsNobodyElse() public {
        startUnstake(provider, STAKE);
        vm.warp(START + 14 days);
        withdraw();
        vm.assertEq(slash(STAKE), 0);
        vm.assertEq(token.balanceOf(address(registry)), STAKE);
        vm.assertEq(providerOf(other).stake, STAKE);
    }

    /// @dev a matured thaw that stays in is a loaded gun: it must give neither weight nor votes nor a place in the list
    function test_loadedGun_aMaturedThawCountsForNothing() public {
        startUnstake(provider, STAKE);
        vm.warp(START + 30 days);
        vm.assertEq(registry.eligibleStake(provider), 0);
        vm.assertTrue(!registry.isActive(provider));
        vm.assertEq(registry.weightAt(provider, registry.currentEpoch()), 0);
        vm.assertEq(registry.getPastVotes(provider, block.timestamp - 1), 0);
    }

    /// @dev touching one's stake in the block of the slash, by whatever function, must not stop it
    function test_slash_cannotBeBlockedByTouchingTheStakeInTheSameBlock() public {
        token.mint(provider, 1);
        vm.prank(provider);
        registry.addStake(1);
        startUnstake(provider, STAKE);
        vm.prank(provider);
        registry.cancelUnstake();
        vm.assertEq(slash(STAKE), STAKE);
    }

    function test_slash_severalFaultsTakeNoMoreThanTheStake() public {
        uint96 taken = 0;
        for (uint256 i = 0; i < 15; ++i) {
            taken += slash(STAKE / 10);
        }
        vm.assertEq(taken, STAKE);
        vm.assertEq(token.balanceOf(disputes), STAKE);
        vm.assertEq(providerOf(other).stake, STAKE);
    }

    /// @dev a slash neither shortens a running thaw nor starts one, so it is no quicker way out
    function test_selfSlash_isNoQuickerWayOut() public {
        startUnstake(provider, STAKE);
        vm.warp(START + 1 days);
        slash(200e18);
        vm.assertEq(providerOf(provider).thawEnd, START + 14 days);
        vm.warp(START + 14 days - 1);
        expectRevert(IThawErrors.StillThawing.selector, START + 14 days);
        withdraw();
    }

    function test_stakeAddedAfterTheSeed_weighsNothingInThatEpoch() public {
        vm.warp(uint256(NOW + 1) * EPOCH + EPOCH / 2);
        // the seed of NOW + 2 is known now
        registry.seedOf(NOW + 2);
        token.mint(provider, 100 * STAKE);
        vm.prank(provider);
        registry.addStake(100 * STAKE);
        register(address(0x77), address(0x78));
        vm.warp(uint256(NOW + 2) * EPOCH);
        vm.assertEq(registry.weightAt(provider, NOW + 2), STAKE);
        vm.assertEq(registry.weightAt(address(0x77), NOW + 2), 0);
    }

    /// @dev the last to reveal sees all other reveals; a number made up then must not count
    function test_onion_madeUpAfterTheOthersRevealedCountsOnlyLater() public {
        vm.prank(other);
        registry.commitOnion(keccak256(abi.encode(bytes32("honest"))));
        vm.warp(uint256(NOW + 1) * EPOCH);
        vm.prank(other);
        registry.reveal("honest");
        vm.prank(provider);
        registry.commitOnion(keccak256(abi.encode(bytes32("made up"))));
        expectRevert(IElection.RevealTooEarly.selector, NOW + 2);
        vm.prank(provider);
        registry.reveal("made up");
    }

    /// @dev seeing a preimage in the mempool and sending it first gains nothing: it is not the thief's onion
    function test_onion_aCopiedPreimageIsOfNoUse() public {
        vm.prank(provider);
        registry.commitOnion(keccak256(abi.encode(bytes32("mine"))));
        vm.warp(uint256(NOW + 1) * EPOCH);
        vm.expectRevert(abi.encodeWithSelector(IElection.WrongPreimage.selector, bytes32(0)));
        vm.prank(other);
        registry.reveal("mine");
        vm.prank(provider);
        registry.reveal("mine");
    }

    function test_permit_registersWithoutAnApproval() public {
        registerWith(permitOf(ALICE_KEY, STAKE));
        vm.assertEq(providerOf(alice).stake, STAKE);
        vm.assertEq(registry.providerOf(address(0x99)), alice);
        vm.assertEq(token.allowance(alice, address(registry)), 0);
    }

    function test_permitFrontRun_doesNotStopTheRegistration() public {
        IProviderRegistry.Permit memory p = permitOf(ALICE_KEY, STAKE);
        token.permit(alice, address(registry), STAKE, p.deadline, p.v, p.r, p.s);
        registerWith(p);
        vm.assertEq(providerOf(alice).stake, STAKE);
    }

    /// @dev nobody can make another's allowance into stake: only the caller's own money moves
    function test_permit_ofAnotherPullsNothing() public {
        IProviderRegistry.Permit memory p = permitOf(BOB_KEY, STAKE);
        token.permit(bob, address(registry), STAKE, p.deadline, p.v, p.r, p.s);
        vm.expectRevert();
        registerWith(p);
        vm.assertEq(token.balanceOf(bob), FUNDS);
    }

    /// @dev a thief of a retired key must not be able to have its former owner punished for ever
    function test_stolenRetiredKey_answersForNothingAfterTheFaultWindow() public {
        vm.prank(provider);
        registry.startOperatorRotation(address(0x9E97));
        vm.warp(START + 3 days);
        vm.prank(provider);
        registry.finishOperatorRotation();
        vm.warp(START + 10 days + 1);
        vm.assertTrue(!registry.wasOperator(provider, operator));
        expectRevert(IProviderRegistry.INVALID_PROVIDER.selector, operator);
        vm.prank(operator);
        registry.commitOnion("thief");
    }

    /// @dev changing the key is no way out of what the former key signed
    function test_rotation_leavesTheFormerKeyAnswerable() public {
        vm.prank(provider);
        registry.startOperatorRotation(address(0x9E97));
        vm.warp(START + 3 days);
        vm.prank(provider);
        registry.finishOperatorRotation();
        vm.warp(START + 10 days);
        vm.assertTrue(registry.wasOperator(provider, operator));
    }

    function test_stake_cannotOverflow() public {
        // the supply is below 2^96, so no sum of stakes can reach it
        vm.assertTrue(token.MAX_SUPPLY() < type(uint96).max);
        token.mint(provider, token.MAX_SUPPLY() - token.totalSupply());
        uint96 rest = uint96(token.balanceOf(provider));
        vm.prank(provider);
        registry.addStake(rest);
        vm.assertEq(registry.eligibleStake(provider), uint256(STAKE) + rest);
        vm.expectRevert();
        vm.prank(provider);
        registry.addStake(type(uint96).max);
    }

    /// @dev invariant 10: what a call costs does not depend on how many others there are
    function test_gas_doesNotGrowWithTheProviders() public {
        uint256 few = costOfAll();
        for (uint160 i = 0; i < 300; ++i) {
            register(address(0x200000 + i), address(0x400000 + i));
        }
        vm.assertLe(costOfAll(), few + few / 20);
    }

    /// @dev the gas of an unstake, its end, a slash and a look at the weight, each with a fresh second
    function costOfAll() private returns (uint256 gas) {
        uint256 state = vm.snapshotState();
        vm.warp(block.timestamp + 2 * EPOCH);
        gas = gasleft();
        startUnstake(provider, 100e18);
        vm.prank(provider);
        registry.cancelUnstake();
        slash(100e18);
        registry.weightAt(provider, registry.currentEpoch());
        registry.getPastTotalSupply(block.timestamp - 1);
        gas -= gasleft();
        vm.revertToState(state);
    }
}
