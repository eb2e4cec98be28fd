// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckToken} from "../src/DuckToken.sol";
import {IPayment, SeedFlow} from "./support/SeedFlow.sol";
import {gasVm} from "./utils/GasVm.sol";
import {vm} from "./utils/Vm.sol";

/// @notice That the flow which the others are compared with moves the money it is asked to, and what it costs.
/// forge-config: default.isolate = true
contract GasSeedFlowTest {
    string private constant GROUP = "SeedFlow";
    uint256 private constant PRICE = 1_234_567_890_123_456_789;
    address private constant CLIENT = address(0xC11E);
    address private constant PROVIDER = address(0xD0C);

    DuckToken private token;
    SeedFlow private flow;

    function setUp() public {
        token = new DuckToken(address(this));
        flow = new SeedFlow(IPayment(address(token)));
        token.mint(CLIENT, 100 * PRICE);
        token.mint(PROVIDER, PRICE);
        vm.prank(CLIENT);
        token.approve(address(flow), type(uint256).max);
    }

    function test_gas_seedFlow() public {
        run(1);
        uint256 gas = run(2);
        gasVm.snapshotValue(GROUP, "one job, four transactions", gas);
        vm.assertEq(token.balanceOf(PROVIDER), PRICE + 2 * (PRICE / 2));
        vm.assertEq(token.balanceOf(CLIENT), 100 * PRICE - 2 * (PRICE / 2));
        vm.assertEq(token.balanceOf(address(flow)), 0);
    }

    /// @notice One job from order to payment.
    function run(uint256 jobId) private returns (uint256 gas) {
        string memory content = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi";
        vm.prank(CLIENT);
        flow.postJob(content, content, PRICE, 1, 1 hours);
        gas = gasVm.snapshotGasLastCall(GROUP, "postJob");
        vm.prank(PROVIDER);
        flow.acceptJob(jobId, PRICE / 2);
        gas += gasVm.snapshotGasLastCall(GROUP, "acceptJob");
        vm.prank(PROVIDER);
        flow.submitResult(jobId, content, bytes(content));
        gas += gasVm.snapshotGasLastCall(GROUP, "submitResult");
        flow.finalizeJob(jobId);
        gas += gasVm.snapshotGasLastCall(GROUP, "finalizeJob");
    }
}
