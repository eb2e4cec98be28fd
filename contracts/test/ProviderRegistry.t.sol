// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ProviderRegistry} from "../src/ProviderRegistry.sol";
import {IProviderRegistry} from "../src/interfaces/IProviderRegistry.sol";
import {IThawErrors} from "../src/interfaces/IThawErrors.sol";
import {Durations} from "../src/types/Durations.sol";
import {MeshTest} from "./utils/MeshTest.sol";
import {vm} from "./utils/Vm.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

contract ProviderRegistryTest is MeshTest {
    bytes32 private constant PEER = bytes32(uint256(0x9EE9));
    address private newcomer = address(0x4E3);

    function setUp() public override {
        super.setUp();
        token.mint(newcomer, FUNDS);
        vm.prank(newcomer);
        token.approve(address(registry), type(uint256).max);
    }

    function registerNewcomer(uint96 stake) private {
        vm.prank(newcomer);
        registry.registerProvider(address(0x99), PEER, "/dns4/duck/tcp/3825", "ipfs://meta", stake);
    }

    function test_constructor_revertsWith_ZeroAddress_whenAnyPartIsZero() public {
        address[4] memory parts = [address(token), address(market), disputes, governance];
        for (uint256 i = 0; i < parts.length; ++i) {
            address[4] memory broken = parts;
            broken[i] = address(0);
            expectRevert(IThawErrors.ZeroAddress.selector);
            new ProviderRegistry(IERC20(broken[0]), broken[1], broken[2], broken[3], defaults());
        }
    }

    function test_constructor_revertsWith_UnbondingTooShort_whenFaultsWouldEscape() public {
        Durations memory d = defaults();
        d.unbonding = 13 days;
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.UnbondingTooShort.selector, 13 days, 13 days));
        new ProviderRegistry(IERC20(address(token)), address(market), disputes, governance, d);
    }

    function test_constructor_keepsItsParameters() public view {
        vm.assertEq(registry.token(), address(token));
        vm.assertEq(registry.market(), address(market));
        vm.assertEq(keccak256(abi.encode(registry.durations())), keccak256(abi.encode(defaults())));
    }

    function test_registerProvider_storesTheProfile() public {
        registerNewcomer(1_000e18);
        IProviderRegistry.Provider memory p = providerOf(newcomer);
        vm.assertEq(p.owner, newcomer);
        vm.assertEq(p.operator, address(0x99));
        vm.assertEq(p.peerKey, PEER);
        vm.assertEq(uint256(p.stake), 1_000e18);
        vm.assertEq(uint256(p.thawing), 0);
        vm.assertEq(uint256(p.thawEnd), 0);
        vm.assertEq(uint256(p.since), block.timestamp);
        vm.assertTrue(p.isActive);
        vm.assertEq(registry.operatorOf(newcomer), address(0x99));
        vm.assertEq(registry.providerOf(address(0x99)), newcomer);
        vm.assertEq(token.balanceOf(newcomer), FUNDS - 1_000e18);
        vm.assertEq(registry.providerCount(), 3);
    }

    function test_registerProvider_emitsAllOfIt() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.ProviderRegistered(
            newcomer, address(0x99), PEER, "/dns4/duck/tcp/3825", "ipfs://meta", 1_000e18
        );
        registerNewcomer(1_000e18);
    }

    function test_registerProvider_revertsWith_AlreadyRegistered_whenTwice() public {
        registerNewcomer(1_000e18);
        expectRevert(IProviderRegistry.AlreadyRegistered.selector, newcomer);
        registerNewcomer(1_000e18);
    }

    function test_registerProvider_revertsWith_OperatorTaken_whenOperatorServesAnother() public {
        expectRevert(IProviderRegistry.OperatorTaken.selector, operator, provider);
        vm.prank(newcomer);
        registry.registerProvider(operator, PEER, "", "", 1_000e18);
    }

    function test_registerProvider_revertsWith_ZeroAddress_whenOperatorIsZero() public {
        expectRevert(IThawErrors.ZeroAddress.selector);
        vm.prank(newcomer);
        registry.registerProvider(address(0), PEER, "", "", 1_000e18);
    }

    function test_registerProvider_revertsWith_INSUFFICIENT_STAKE_whenOneWeiShort() public {
        expectRevert(IProviderRegistry.INSUFFICIENT_STAKE.selector, 1_000e18 - 1, 1_000e18);
        registerNewcomer(1_000e18 - 1);
    }

    function test_registerProvider_revertsWith_InvalidPeerKey_whenZero() public {
        expectRevert(IProviderRegistry.InvalidPeerKey.selector);
        vm.prank(newcomer);
        registry.registerProvider(address(0x99), 0, "", "", 1_000e18);
    }

    function test_registerProvider_revertsWith_StringTooLong_whenEndpointOrMetadataIsLong() public {
        string memory long = string(new bytes(513));
        expectRevert(IProviderRegistry.StringTooLong.selector, 513);
        vm.prank(newcomer);
        registry.registerProvider(address(0x99), PEER, long, "", 1_000e18);
        expectRevert(IProviderRegistry.StringTooLong.selector, 513);
        vm.prank(newcomer);
        registry.registerProvider(address(0x99), PEER, "", long, 1_000e18);
    }

    function test_registerProvider_revertsWhenNotApproved() public {
        vm.prank(newcomer);
        token.approve(address(registry), 0);
        vm.expectRevert();
        registerNewcomer(1_000e18);
        vm.assertEq(registry.providerCount(), 2);
    }

    function test_setPeer_changesTheKey() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.PeerSet(provider, PEER, "/ip6/::1/tcp/2");
        vm.prank(provider);
        registry.setPeer(PEER, "/ip6/::1/tcp/2");
        vm.assertEq(providerOf(provider).peerKey, PEER);
    }

    function test_setPeer_revertsWith_INVALID_PROVIDER_whenNotRegistered() public {
        expectRevert(IProviderRegistry.INVALID_PROVIDER.selector, newcomer);
        vm.prank(newcomer);
        registry.setPeer(PEER, "");
    }

    function test_setPeer_revertsWith_INVALID_PROVIDER_whenCalledByTheOperator() public {
        expectRevert(IProviderRegistry.INVALID_PROVIDER.selector, operator);
        vm.prank(operator);
        registry.setPeer(PEER, "");
    }

    function test_setPeer_revertsWith_InvalidPeerKey_whenZero() public {
        expectRevert(IProviderRegistry.InvalidPeerKey.selector);
        vm.prank(provider);
        registry.setPeer(0, "");
    }

    function test_addStake_raisesTheStake() public {
        registerNewcomer(1_000e18);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.StakeAdded(newcomer, 5);
        vm.prank(newcomer);
        registry.addStake(5);
        vm.assertEq(uint256(registry.eligibleStake(newcomer)), 1_000e18 + 5);
    }

    function test_addStake_revertsWith_INVALID_PROVIDER_whenNotRegistered() public {
        expectRevert(IProviderRegistry.INVALID_PROVIDER.selector, newcomer);
        vm.prank(newcomer);
        registry.addStake(1);
    }

    function test_addStake_revertsWith_ZeroAmount_whenZero() public {
        expectRevert(IThawErrors.ZeroAmount.selector);
        vm.prank(provider);
        registry.addStake(0);
    }

    function test_startUnstake_stopsCountingAtOnce() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.UnstakeStarted(provider, 1_000e18 + 1, START + 14 days);
        vm.prank(provider);
        registry.startUnstake(1_000e18 + 1);
        IProviderRegistry.Provider memory p = providerOf(provider);
        vm.assertEq(uint256(p.stake), STAKE);
        vm.assertEq(uint256(p.thawing), 1_000e18 + 1);
        vm.assertEq(uint256(p.thawEnd), START + 14 days);
        vm.assertTrue(!p.isActive);
        vm.assertEq(uint256(registry.eligibleStake(provider)), STAKE - 1_000e18 - 1);
    }

    function test_startUnstake_revertsWith_INSUFFICIENT_STAKE_whenMoreThanStaked() public {
        expectRevert(IProviderRegistry.INSUFFICIENT_STAKE.selector, STAKE, STAKE + 1);
        vm.prank(provider);
        registry.startUnstake(STAKE + 1);
    }

    function test_startUnstake_revertsWith_ZeroAmount_whenZero() public {
        expectRevert(IThawErrors.ZeroAmount.selector);
        vm.prank(provider);
        registry.startUnstake(0);
    }

    function test_startUnstake_restartsTheClock_whenRepeated() public {
        vm.prank(provider);
        registry.startUnstake(1);
        vm.warp(START + 14 days);
        vm.prank(provider);
        registry.startUnstake(STAKE);
        expectRevert(IThawErrors.StillThawing.selector, START + 28 days);
        vm.prank(provider);
        registry.withdrawStake(provider);
    }

    function test_cancelUnstake_countsAgain() public {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.UnstakeCancelled(provider, STAKE);
        vm.prank(provider);
        registry.cancelUnstake();
        vm.assertTrue(registry.isActive(provider));
        vm.assertEq(uint256(providerOf(provider).thawEnd), 0);
    }

    function test_cancelUnstake_revertsWith_NotThawing_whenNothingThaws() public {
        expectRevert(IThawErrors.NotThawing.selector);
        vm.prank(provider);
        registry.cancelUnstake();
    }

    function test_withdrawStake_revertsWith_StillThawing_oneSecondBeforeTheEnd() public {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        vm.warp(START + 14 days - 1);
        expectRevert(IThawErrors.StillThawing.selector, START + 14 days);
        vm.prank(provider);
        registry.withdrawStake(provider);
    }

    function test_withdrawStake_pays_atTheEnd() public {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        vm.warp(START + 14 days);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProviderRegistry.StakeWithdrawn(provider, relayer, STAKE);
        vm.prank(provider);
        registry.withdrawStake(relayer);
        vm.assertEq(token.balanceOf(relayer), FUNDS + STAKE);
        vm.assertEq(uint256(providerOf(provider).stake), 0);
        expectRevert(IThawErrors.NotThawing.selector);
        vm.prank(provider);
        registry.withdrawStake(relayer);
    }

    function test_withdrawStake_revertsWhenToIsZero() public {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        vm.warp(START + 14 days);
        vm.expectRevert();
        vm.prank(provider);
        registry.withdrawStake(address(0));
        vm.assertEq(uint256(providerOf(provider).stake), STAKE);
    }

    function test_withdrawStake_leavesTheRegistration_andStakeCanComeBack() public {
        vm.prank(provider);
        registry.startUnstake(STAKE);
        vm.warp(START + 14 days);
        vm.prank(provider);
        registry.withdrawStake(provider);
        vm.assertEq(registry.operatorOf(provider), operator);
        vm.assertTrue(!registry.isActive(provider));
        vm.prank(provider);
        registry.addStake(1_000e18);
        vm.assertTrue(registry.isActive(provider));
    }

    function testFuzz_unstake_neverLeavesEarlier(uint96 amount, uint32 wait) public {
        amount = bound(amount, 1, STAKE);
        vm.prank(provider);
        registry.startUnstake(amount);
        vm.warp(START + uint256(wait));
        vm.prank(provider);
        try registry.withdrawStake(provider) {
            vm.assertGe(wait, 14 days);
            vm.assertEq(token.balanceOf(provider), amount);
        } catch {
            vm.assertTrue(wait < 14 days);
        }
    }

    function test_providers_isAllZero_whenUnknown() public view {
        IProviderRegistry.Provider memory p = providerOf(newcomer);
        vm.assertEq(p.owner, address(0));
        vm.assertTrue(!p.isActive);
        vm.assertEq(registry.operatorOf(newcomer), address(0));
        vm.assertEq(registry.providerOf(newcomer), address(0));
    }

    function test_domainSeparator_isTheOneOfTheMesh() public view {
        bytes32 typehash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 expected =
            keccak256(abi.encode(typehash, keccak256("DuckMesh"), keccak256("1"), block.chainid, address(registry)));
        vm.assertEq(registry.domainSeparator(), expected);
        vm.assertEq(market.domainSeparator(), expected);
    }

    function test_domainSeparator_followsAForkOfTheChain() public {
        bytes32 before = registry.domainSeparator();
        vm.chainId(4242);
        vm.assertTrue(registry.domainSeparator() != before);
        vm.assertEq(market.domainSeparator(), registry.domainSeparator());
    }
}
