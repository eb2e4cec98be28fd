// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IJobDisputes} from "../src/interfaces/IJobDisputes.sol";
import {DisputeParameters} from "../src/types/DisputeParameters.sol";
import {SignedSeat} from "../src/types/Evidence.sol";
import {DisputesTest} from "./disputes/DisputesTest.sol";
import {gasVm} from "./utils/GasVm.sol";
import {vm} from "./utils/Vm.sol";

/// @notice What a dispute costs with the committee of a public network, 21 seats of which 15 decide; and the sizes of
/// all contracts.
/// forge-config: default.isolate = true
contract GasCommitteeTest is DisputesTest {
    string private constant GROUP = "JobDisputes";

    function defaults() internal pure override returns (DisputeParameters memory p) {
        p = super.defaults();
        (p.committee, p.quorum) = (21, 15);
    }

    function test_gas_publicCommittee() public {
        for (uint256 i = REFEREES; i < 24; ++i) {
            enlist(refereeOf(i), vm.addr(refereeKey(i)), STAKE);
        }
        vm.warp(block.timestamp + 3 * EPOCH);
        open(1);
        bytes32 id = open(2);
        vm.warp(disputes.disputes(id).drawAt);
        address[] memory owners = new address[](24);
        for (uint256 i = 0; i < 24; ++i) {
            owners[i] = refereeOf(i);
        }
        referees.enterReferees(id, owners);
        gasVm.snapshotGasLastCall(GROUP, "enterReferees of 24 into 21 seats");
        vm.warp(referees.drawEndOf(id));
        SignedSeat[] memory seats = rulings(id, IJobDisputes.Outcome.Fault, "root", 15);
        disputes.resolveDispute(id, IJobDisputes.Outcome.Fault, "root", seats);
        string memory name = "resolveDispute by 15, slashed";
        gasVm.snapshotGasLastCall(GROUP, name);
    }
}
