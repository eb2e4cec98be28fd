// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IElection} from "../interfaces/IElection.sol";
import {IProviderRegistry} from "../interfaces/IProviderRegistry.sol";
import {ClassBook} from "../libraries/Classes.sol";
import {DurationsLib} from "../libraries/DurationsLib.sol";
import {History, Track} from "../libraries/History.sol";
import {OnionBook, Onions} from "../libraries/Onions.sol";
import {OperatorBook, Operators} from "../libraries/Operators.sol";
import {StakeBook, Stakes} from "../libraries/Stakes.sol";
import {Durations, Windows} from "../types/Durations.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title What all parts of the registry share
/// @notice State, wiring and the questions that every part asks.
abstract contract RegistryBase is IProviderRegistry, ReentrancyGuardTransient {
    using History for Track;
    using Onions for OnionBook;
    using Operators for OperatorBook;
    using SafeCast for uint256;
    using Stakes for StakeBook;

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");

    IERC20 internal immutable _token;
    uint64 internal immutable _escrowThaw;
    uint64 private immutable _earnedThaw;
    uint64 private immutable _slashLock;
    uint64 private immutable _redeemPeriod;
    uint64 internal immutable _epoch;
    uint64 private immutable _turn;
    /// @inheritdoc IProviderRegistry
    address public immutable market;
    /// @inheritdoc IProviderRegistry
    address public immutable disputes;
    /// @inheritdoc IProviderRegistry
    address public immutable governance;

    Windows internal _windows;
    Track internal _minStake;
    StakeBook internal _book;
    OperatorBook internal _operators;
    ClassBook internal _classes;
    OnionBook internal _onions;

    modifier onlyProvider() {
        if (_book.profiles[msg.sender].since == 0) revert INVALID_PROVIDER(msg.sender);
        _;
    }

    /// @notice See the constructor of ProviderRegistry.
    constructor(IERC20 token_, address market_, address disputes_, address governance_, Durations memory durations_) {
        if (address(token_) == address(0) || market_ == address(0)) revert ZeroAddress();
        if (disputes_ == address(0) || governance_ == address(0)) revert ZeroAddress();
        DurationsLib.check(durations_);
        _token = token_;
        market = market_;
        disputes = disputes_;
        governance = governance_;
        _windows = DurationsLib.windowsOf(durations_);
        _escrowThaw = durations_.escrowThaw;
        _earnedThaw = durations_.earnedThaw;
        _slashLock = durations_.slashLock;
        _redeemPeriod = durations_.redeemPeriod;
        _epoch = durations_.epoch;
        _turn = durations_.turn;
        _minStake.set(1_000e18);
        _onions.init(keccak256(abi.encode("DuckMesh", block.chainid, address(this))));
    }

    /// @inheritdoc IProviderRegistry
    function token() external view returns (address) {
        return address(_token);
    }

    /// @inheritdoc IProviderRegistry
    function durations() external view returns (Durations memory) {
        Windows memory windows = _windows;
        return Durations({
            unbonding: windows.unbonding,
            faultWindow: windows.faultWindow,
            dispute: windows.dispute,
            reserve: windows.reserve,
            escrowThaw: _escrowThaw,
            earnedThaw: _earnedThaw,
            slashLock: _slashLock,
            redeemPeriod: _redeemPeriod,
            epoch: _epoch,
            turn: _turn
        });
    }

    /// @inheritdoc IProviderRegistry
    function domainSeparator() external view returns (bytes32) {
        return
            keccak256(abi.encode(DOMAIN_TYPEHASH, keccak256("DuckMesh"), keccak256("1"), block.chainid, address(this)));
    }

    /// @inheritdoc IProviderRegistry
    function minStake() external view returns (uint96) {
        return _minStake.value;
    }

    /// @inheritdoc IProviderRegistry
    function eligibleStake(address provider) public view returns (uint96) {
        return _book.eligible(provider);
    }

    /// @inheritdoc IProviderRegistry
    function isActive(address provider) public view returns (bool) {
        return eligibleStake(provider) >= _minStake.value;
    }

    /// @inheritdoc IElection
    function epochOf(uint256 timestamp) public view returns (uint64) {
        return (timestamp / _epoch).toUint64();
    }

    /// @inheritdoc IElection
    function currentEpoch() public view returns (uint64) {
        return epochOf(block.timestamp);
    }

    /// @notice `when`, refused unless its second is over: until then an amount may still change.
    function _past(uint256 when) internal view returns (uint256) {
        if (when >= block.timestamp) revert FutureLookup(when, block.timestamp);
        return when;
    }

    /// @notice The provider that the caller is, or is the operator of.
    function _callingProvider() internal view returns (address owner) {
        owner = _book.profiles[msg.sender].since == 0 ? _operators.ownerOf(msg.sender) : msg.sender;
        if (owner == address(0)) revert INVALID_PROVIDER(msg.sender);
    }
}
