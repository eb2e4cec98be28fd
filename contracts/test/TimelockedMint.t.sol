// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckGovernor, VotingParameters} from "../src/DuckGovernor.sol";
import {DuckTimelock} from "../src/DuckTimelock.sol";
import {IDuckToken} from "../src/interfaces/IDuckToken.sol";
import {DisputesTest} from "./disputes/DisputesTest.sol";
import {vm} from "./utils/Vm.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @notice A public network hands the token to its timelock: from then on minting is a vote that waits.
contract TimelockedMintTest is DisputesTest {
    uint256 private constant DELAY = 15 days;

    DuckTimelock private timelock;
    DuckGovernor private governor;

    function setUp() public override {
        governance = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 4);
        super.setUp();
        address next = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        timelock = new DuckTimelock(registry, next, DELAY);
        governor = new DuckGovernor(registry, timelock, VotingParameters(1 days, 5 days, 5_000e18, 10));
        token.transferOwnership(address(timelock));
    }

    function test_mint_byTheFormerOwner_isOver() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        token.mint(bystander, 1);
    }

    function test_mint_byVote_waitsForTheTimelock() public {
        bytes memory call = abi.encodeCall(IDuckToken.mint, (bystander, 7e18));
        uint256 before = token.balanceOf(bystander);
        pass(call);
        vm.warp(block.timestamp + DELAY - 1);
        vm.expectRevert();
        execute(call);
        vm.warp(block.timestamp + 1);
        execute(call);
        vm.assertEq(token.balanceOf(bystander), before + 7e18);
    }

    function test_mint_byVote_keepsTheCap() public {
        uint256 supply = token.totalSupply();
        uint256 cap = token.MAX_SUPPLY();
        bytes memory call = abi.encodeCall(IDuckToken.mint, (bystander, cap - supply + 1));
        pass(call);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(abi.encodeWithSelector(IDuckToken.MaxSupplyExceeded.selector, supply, cap));
        execute(call);
    }

    /// @notice Proposes to call the token, has the stakes agree, and queues it.
    function pass(bytes memory call) private {
        vm.warp(block.timestamp + 1);
        (address[] memory to, uint256[] memory values, bytes[] memory calls) = actions(call);
        vm.prank(provider);
        uint256 id = governor.propose(to, values, calls, "mint");
        vm.warp(governor.proposalSnapshot(id) + 1);
        vm.prank(provider);
        governor.castVote(id, 1);
        vm.warp(governor.proposalDeadline(id) + 1);
        governor.queue(to, values, calls, keccak256("mint"));
    }

    function execute(bytes memory call) private {
        (address[] memory to, uint256[] memory values, bytes[] memory calls) = actions(call);
        governor.execute(to, values, calls, keccak256("mint"));
    }

    function actions(bytes memory call)
        private
        view
        returns (address[] memory to, uint256[] memory values, bytes[] memory calls)
    {
        (to, values, calls) = (new address[](1), new uint256[](1), new bytes[](1));
        (to[0], calls[0]) = (address(token), call);
    }
}
