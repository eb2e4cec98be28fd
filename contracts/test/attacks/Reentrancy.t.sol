// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {JobMarket} from "../../src/JobMarket.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {MeshTest} from "../utils/MeshTest.sol";
import {vm} from "../utils/Vm.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @notice A token that calls the sender back in the middle of each transfer, which DUCK does not.
contract CallingToken is ERC20("Calling", "CALL") {
    Attacker private attacker;

    function arm(Attacker attacker_) external {
        attacker = attacker_;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (address(attacker) != address(0)) attacker.strike();
    }
}

contract Attacker {
    address private target;
    bytes private call;
    bytes public answer;

    function load(address target_, bytes calldata call_) external {
        target = target_;
        call = call_;
    }

    function run(address to, bytes calldata data) external {
        (bool ok, bytes memory result) = to.call(data);
        require(ok, string(result));
    }

    function strike() external {
        if (target == address(0)) return;
        address to = target;
        target = address(0);
        // the answer itself is what the tests look at
        // forge-lint: disable-next-line(unchecked-call)
        (, answer) = to.call(call);
    }
}

/// @notice Were the token hostile, no function that pays it out could be entered twice, and entering one that takes it
/// in would gain nothing.
contract ReentrancyTest is MeshTest {
    CallingToken private calling;
    ProviderRegistry private registry2;
    JobMarket private market2;
    Attacker private attacker;

    function setUp() public override {
        vm.warp(START);
        calling = new CallingToken();
        address marketAddress = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        registry2 = new ProviderRegistry(IERC20(address(calling)), marketAddress, disputes, governance, defaults());
        market2 = new JobMarket(registry2);
        attacker = new Attacker();
        calling.mint(address(attacker), FUNDS);
        attacker.run(address(calling), abi.encodeCall(calling.approve, (address(market2), FUNDS)));
        attacker.run(address(calling), abi.encodeCall(calling.approve, (address(registry2), FUNDS)));
        calling.arm(attacker);
    }

    /// @dev strikes with `inner` on `target` while `outer` on `target` moves tokens
    function strike(address target, bytes memory inner, bytes memory outer) private {
        attacker.load(target, inner);
        attacker.run(target, outer);
        vm.assertEq(
            attacker.answer(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    function test_market_creditsWhatItGot_whenDepositIsEnteredTwice() public {
        bytes memory put = abi.encodeCall(market2.deposit, (address(attacker), 10));
        attacker.load(address(market2), put);
        attacker.run(address(market2), put);
        (uint96 free,,) = market2.accounts(address(attacker));
        vm.assertEq(uint256(free), 20);
        vm.assertEq(calling.balanceOf(address(market2)), 20);
    }

    function test_market_cannotBeEnteredTwice() public {
        bytes memory put = abi.encodeCall(market2.deposit, (address(attacker), 10));
        bytes memory take = abi.encodeCall(market2.withdraw, (address(attacker)));
        attacker.run(address(market2), put);
        attacker.run(address(market2), abi.encodeCall(market2.startWithdraw, (10)));
        vm.warp(START + 3 days);
        strike(address(market2), take, take);
        vm.assertEq(calling.balanceOf(address(attacker)), FUNDS);
        vm.assertEq(calling.balanceOf(address(market2)), 0);
    }

    function test_registry_cannotBeEnteredTwice() public {
        bytes memory add = abi.encodeCall(registry2.addStake, (1));
        bytes memory take = abi.encodeCall(registry2.withdrawStake, (address(attacker)));
        strike(
            address(registry2),
            add,
            abi.encodeCall(registry2.registerProvider, (address(1), bytes32(uint256(1)), "", "", 2_000e18))
        );
        attacker.run(address(registry2), abi.encodeCall(registry2.startUnstake, (2_000e18)));
        vm.warp(START + 14 days);
        strike(address(registry2), take, take);
        vm.assertEq(calling.balanceOf(address(attacker)), FUNDS);
        vm.assertEq(calling.balanceOf(address(registry2)), 0);
    }
}
