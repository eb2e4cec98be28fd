// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDuckToken} from "../interfaces/IDuckToken.sol";
import {IJobDisputes} from "../interfaces/IJobDisputes.sol";
import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {DisputeParametersLib} from "../libraries/DisputeParametersLib.sol";
import {DisputeParameters} from "../types/DisputeParameters.sol";
import {EvidenceBase} from "./EvidenceBase.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title What faults cost, and where slashed money goes
/// @notice See IJobDisputes.
abstract contract SlashBook is IJobDisputes, EvidenceBase {
    using SafeERC20 for IERC20;

    IERC20 internal immutable _token;
    /// @dev seconds; never changes
    uint256 internal immutable _slashLock;
    address private immutable _governance;
    /// @inheritdoc IJobDisputes
    address public immutable signedFaults;

    DisputeParameters internal _parameters;

    constructor(address signedFaults_, DisputeParameters memory parameters_) {
        _token = IERC20(_registry.token());
        _slashLock = _registry.durations().slashLock;
        _governance = _registry.governance();
        signedFaults = signedFaults_;
        _set(parameters_);
    }

    /// @inheritdoc IJobDisputes
    function punish(bytes32 faultId, address offender, Fault fault, address reporter) external returns (uint96 taken) {
        _onlySignedFaults();
        bool isEquivocation = fault == Fault.Equivocation;
        uint256 bps = isEquivocation ? _parameters.equivocationBps : _parameters.coordinatorBps;
        // whole gwei, so that the record is one slot
        uint256 amount = _shareOf(_stakeOf(offender), bps) / 1 gwei * 1 gwei;
        if (amount == 0) revert NothingAtStake(offender);
        // no more than the stake, so all of it is there
        // forge-lint: disable-next-line(unsafe-typecast)
        return _registry.slash(offender, uint96(amount), faultId, reporter);
    }

    /// @inheritdoc IJobDisputes
    function shareOut(bytes32 faultId, uint256 amount, address reporter) external {
        _onlySignedFaults();
        // no client is known to have lost by it
        _payOut(faultId, amount, 0, reporter, 0);
    }

    /// @inheritdoc IJobDisputes
    function setParameters(DisputeParameters calldata newParameters) external {
        if (msg.sender != _governance) revert IProviderRegistry.NotGovernance(msg.sender);
        _set(newParameters);
    }

    /// @inheritdoc IJobDisputes
    function parameters() external view returns (DisputeParameters memory) {
        return _parameters;
    }

    /// @notice Pays the challenger its bond, `toClient` for its loss, and its share of `amount` wei of a slash; burns the
    /// rest. The bounds of the parameters leave enough for all.
    function _payOut(bytes32 id, uint256 amount, uint256 toClient, address challenger, uint256 bond) internal {
        uint256 toChallenger = _shareOf(amount, _parameters.challengerBps);
        uint256 burnt = amount - toClient - toChallenger;
        emit SlashPaidOut(id, toClient, toChallenger, burnt);
        _pay(challenger, toClient + toChallenger + bond);
        _burn(burnt);
    }

    function _pay(address to, uint256 amount) internal {
        _token.safeTransfer(to, amount);
    }

    /// @notice Takes `amount` wei out of the world.
    function _burn(uint256 amount) internal {
        IDuckToken(address(_token)).burn(amount);
    }

    /// @notice The whole stake of `provider`, the thawing part included, wei.
    function _stakeOf(address provider) internal view returns (uint96) {
        return _registry.providers(provider).stake;
    }

    /// @notice `bps` hundredths of a per cent of `amount`, rounded down.
    function _shareOf(uint256 amount, uint256 bps) internal pure returns (uint256) {
        return amount * bps / 10_000;
    }

    function _onlySignedFaults() private view {
        if (msg.sender != signedFaults) revert NotTrusted(msg.sender);
    }

    function _set(DisputeParameters memory newParameters) private {
        DisputeParametersLib.check(newParameters);
        _parameters = newParameters;
        emit ParametersSet(newParameters);
    }
}
