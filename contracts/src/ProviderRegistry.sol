// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {DurationsLib} from "./libraries/DurationsLib.sol";
import {Balance, Thaw} from "./libraries/Thaw.sol";
import {Durations} from "./types/Durations.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title Providers, their keys and their stake
/// @notice See IProviderRegistry.
contract ProviderRegistry is IProviderRegistry, EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using Thaw for Balance;

    struct Profile {
        address operator;
        uint64 since;
        bytes32 peerKey;
    }

    /// @inheritdoc IProviderRegistry
    uint96 public constant MIN_STAKE = 1_000e18;
    /// @notice The most entries a page looks at.
    uint256 public constant MAX_PAGE = 100;
    /// @notice The most bytes of an endpoint or metadata URI.
    uint256 public constant MAX_STRING = 512;

    IERC20 private immutable _token;
    /// @inheritdoc IProviderRegistry
    address public immutable market;

    Durations private _durations;
    mapping(address owner => Profile) private _profiles;
    mapping(address owner => Balance) private _stakes;
    /// @inheritdoc IProviderRegistry
    mapping(address operator => address owner) public providerOf;
    /// @dev Append-only and only ever read page by page.
    address[] private _owners;

    modifier onlyProvider() {
        _checkProvider();
        _;
    }

    /// @notice Deploy the market right after, from the same account.
    /// @param token_ the token at stake
    /// @param market_ the one JobMarket of this domain, which is deployed after the registry: its address is known
    /// beforehand, and its constructor checks that it is the one named here
    /// @param durations_ the waiting times
    constructor(IERC20 token_, address market_, Durations memory durations_) EIP712("DuckMesh", "1") {
        if (address(token_) == address(0) || market_ == address(0)) revert ZeroAddress();
        DurationsLib.check(durations_);
        _token = token_;
        market = market_;
        _durations = durations_;
    }

    /// @inheritdoc IProviderRegistry
    function registerProvider(
        address operator,
        bytes32 peerKey,
        string calldata endpoint,
        string calldata metadataURI,
        uint96 stake
    )
        external
        nonReentrant
    {
        if (_profiles[msg.sender].since != 0) revert AlreadyRegistered(msg.sender);
        if (operator == address(0)) revert ZeroAddress();
        if (providerOf[operator] != address(0)) revert OperatorTaken(operator, providerOf[operator]);
        if (stake < MIN_STAKE) revert INSUFFICIENT_STAKE(stake, MIN_STAKE);
        _checkPeer(peerKey, endpoint);
        _checkLength(metadataURI);

        _profiles[msg.sender] = Profile(operator, uint64(block.timestamp), peerKey);
        providerOf[operator] = msg.sender;
        _owners.push(msg.sender);
        _stakes[msg.sender].credit(stake);
        _token.safeTransferFrom(msg.sender, address(this), stake);
        emit ProviderRegistered(msg.sender, operator, peerKey, endpoint, metadataURI, stake);
    }

    /// @inheritdoc IProviderRegistry
    function setPeer(bytes32 peerKey, string calldata endpoint) external onlyProvider {
        _checkPeer(peerKey, endpoint);
        _profiles[msg.sender].peerKey = peerKey;
        emit PeerSet(msg.sender, peerKey, endpoint);
    }

    /// @inheritdoc IProviderRegistry
    function addStake(uint96 amount) external onlyProvider nonReentrant {
        if (amount == 0) revert ZeroAmount();
        _stakes[msg.sender].credit(amount);
        _token.safeTransferFrom(msg.sender, address(this), amount);
        emit StakeAdded(msg.sender, amount);
    }

    /// @inheritdoc IProviderRegistry
    function startUnstake(uint96 amount) external {
        Balance storage stake = _stakes[msg.sender];
        if (amount > stake.total) revert INSUFFICIENT_STAKE(stake.total, amount);
        emit UnstakeStarted(msg.sender, amount, stake.start(amount, _durations.unbonding));
    }

    /// @inheritdoc IProviderRegistry
    function cancelUnstake() external {
        emit UnstakeCancelled(msg.sender, _stakes[msg.sender].cancel());
    }

    /// @inheritdoc IProviderRegistry
    function withdrawStake(address to) external nonReentrant {
        uint96 amount = _stakes[msg.sender].finish();
        _token.safeTransfer(to, amount);
        emit StakeWithdrawn(msg.sender, to, amount);
    }

    /// @inheritdoc IProviderRegistry
    function operatorOf(address provider) external view returns (address) {
        return _profiles[provider].operator;
    }

    /// @inheritdoc IProviderRegistry
    function eligibleStake(address provider) public view returns (uint96) {
        return _stakes[provider].free();
    }

    /// @inheritdoc IProviderRegistry
    function isActive(address provider) public view returns (bool) {
        return eligibleStake(provider) >= MIN_STAKE;
    }

    /// @inheritdoc IProviderRegistry
    function providers(address provider) external view returns (Provider memory) {
        Profile storage profile = _profiles[provider];
        Balance storage stake = _stakes[provider];
        return Provider({
            owner: profile.since == 0 ? address(0) : provider,
            operator: profile.operator,
            peerKey: profile.peerKey,
            stake: stake.total,
            thawing: stake.thawing,
            thawEnd: stake.thawEnd,
            since: profile.since,
            isActive: isActive(provider)
        });
    }

    /// @inheritdoc IProviderRegistry
    function providerCount() external view returns (uint256) {
        return _owners.length;
    }

    /// @inheritdoc IProviderRegistry
    function getActiveProviders(
        uint256 cursor,
        uint256 limit
    )
        external
        view
        returns (address[] memory page, uint256 next)
    {
        if (limit == 0 || limit > MAX_PAGE) revert PageLimit(limit);
        uint256 count = _owners.length;
        if (cursor >= count) return (new address[](0), 0);
        uint256 end = limit < count - cursor ? cursor + limit : count;
        page = _activeBetween(cursor, end);
        next = end == count ? 0 : end;
    }

    /// @inheritdoc IProviderRegistry
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IProviderRegistry
    function token() external view returns (address) {
        return address(_token);
    }

    /// @inheritdoc IProviderRegistry
    function durations() external view returns (Durations memory) {
        return _durations;
    }

    function _activeBetween(uint256 start, uint256 end) private view returns (address[] memory page) {
        uint256 found = 0;
        for (uint256 i = start; i < end; ++i) {
            if (isActive(_owners[i])) ++found;
        }
        page = new address[](found);
        for (uint256 i = end; found != 0;) {
            address owner = _owners[--i];
            if (isActive(owner)) page[--found] = owner;
        }
    }

    function _checkProvider() private view {
        if (_profiles[msg.sender].since == 0) revert INVALID_PROVIDER(msg.sender);
    }

    function _checkPeer(bytes32 peerKey, string calldata endpoint) private pure {
        if (peerKey == 0) revert InvalidPeerKey();
        _checkLength(endpoint);
    }

    function _checkLength(string calldata text) private pure {
        if (bytes(text).length > MAX_STRING) revert StringTooLong(bytes(text).length);
    }
}
