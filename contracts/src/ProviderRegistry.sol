// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {History} from "./libraries/History.sol";
import {OperatorBook, Operators} from "./libraries/Operators.sol";
import {Pages} from "./libraries/Pages.sol";
import {RegistryLogic} from "./libraries/RegistryLogic.sol";
import {StakeBook, Stakes} from "./libraries/Stakes.sol";
import {Balance} from "./libraries/Thaw.sol";
import {Election} from "./registry/Election.sol";
import {Identities} from "./registry/Identities.sol";
import {Oversight} from "./registry/Oversight.sol";
import {RegistryBase} from "./registry/RegistryBase.sol";
import {Durations} from "./types/Durations.sol";
import {Profile} from "./types/Profile.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Providers, their keys, their stake, and the election among them
/// @notice See IProviderRegistry. Here: registration and stake, as its owner sees it.
contract ProviderRegistry is Election, Identities, Oversight {
    using Operators for OperatorBook;
    using SafeERC20 for IERC20;
    using Stakes for StakeBook;

    /// @notice The most entries a page looks at.
    uint256 public constant MAX_PAGE = Pages.MAX;
    /// @notice The most bytes of an endpoint or metadata URI.
    uint256 public constant MAX_STRING = 512;

    /// @notice Deploy the market and the disputes contract right after, from the same account.
    /// @param token_ the token at stake
    /// @param market_ the one JobMarket of this domain, which is deployed after the registry: its address is known
    /// beforehand, and its constructor checks that it is the one named here
    /// @param disputes_ the one JobDisputes of this domain, by the same way
    /// @param governance_ who may change the bounded parameters
    /// @param durations_ the waiting times
    constructor(
        IERC20 token_,
        address market_,
        address disputes_,
        address governance_,
        Durations memory durations_
    )
        RegistryBase(token_, market_, disputes_, governance_, durations_)
    {}

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
        _register(operator, peerKey, endpoint, metadataURI, stake);
    }

    /// @inheritdoc IProviderRegistry
    function registerProviderWithPermit(
        address operator,
        bytes32 peerKey,
        string calldata endpoint,
        string calldata metadataURI,
        uint96 stake,
        Permit calldata permit
    )
        external
        nonReentrant
    {
        // Anybody can copy the permit from the mempool and submit it first. The allowance is then there all the same;
        // if it is not, the transfer below says so. Only the caller's own money can move, into its own stake.
        // solhint-disable no-empty-blocks
        try IERC20Permit(address(_token))
            .permit(msg.sender, address(this), stake, permit.deadline, permit.v, permit.r, permit.s) {}
            catch {}
        // solhint-enable no-empty-blocks
        _register(operator, peerKey, endpoint, metadataURI, stake);
    }

    /// @inheritdoc IProviderRegistry
    function setPeer(bytes32 peerKey, string calldata endpoint) external onlyProvider {
        _checkPeer(peerKey, endpoint);
        _book.profiles[msg.sender].peerKey = peerKey;
        emit PeerSet(msg.sender, peerKey, endpoint);
    }

    /// @inheritdoc IProviderRegistry
    function addStake(uint96 amount) external onlyProvider nonReentrant {
        if (amount == 0) revert ZeroAmount();
        _book.credit(msg.sender, amount);
        _token.safeTransferFrom(msg.sender, address(this), amount);
        emit StakeAdded(msg.sender, amount);
    }

    /// @inheritdoc IProviderRegistry
    function startUnstake(uint96 amount) external {
        uint96 total = _book.stakes[msg.sender].total;
        if (amount > total) revert INSUFFICIENT_STAKE(total, amount);
        emit UnstakeStarted(msg.sender, amount, _book.start(msg.sender, amount, _windows.unbonding));
    }

    /// @inheritdoc IProviderRegistry
    function cancelUnstake() external {
        emit UnstakeCancelled(msg.sender, _book.cancel(msg.sender));
    }

    /// @inheritdoc IProviderRegistry
    function withdrawStake(address to) external nonReentrant {
        uint96 amount = _book.finish(msg.sender);
        _token.safeTransfer(to, amount);
        emit StakeWithdrawn(msg.sender, to, amount);
    }

    /// @inheritdoc IProviderRegistry
    function providers(address provider) external view returns (Provider memory) {
        Profile storage profile = _book.profiles[provider];
        Balance storage stake = _book.stakes[provider];
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
        return _book.owners.length;
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
        // this second is not over, and what counts is what stands now
        (page,, next) = RegistryLogic.weighed(_book, _minStake, cursor, limit, block.timestamp);
    }

    function _register(
        address operator,
        bytes32 peerKey,
        string calldata endpoint,
        string calldata metadataURI,
        uint96 stake
    )
        private
    {
        Profile storage profile = _book.profiles[msg.sender];
        if (profile.since != 0) revert AlreadyRegistered(msg.sender);
        if (stake < _minStake.value) revert INSUFFICIENT_STAKE(stake, _minStake.value);
        _checkPeer(peerKey, endpoint);
        _checkLength(metadataURI);

        _operators.claim(msg.sender, operator);
        uint32 time = History.time();
        (profile.operator, profile.since, profile.changedAt) = (operator, time, time);
        profile.peerKey = peerKey;
        _book.owners.push(msg.sender);
        _book.credit(msg.sender, stake);
        _token.safeTransferFrom(msg.sender, address(this), stake);
        emit ProviderRegistered(msg.sender, operator, peerKey, endpoint, metadataURI, stake);
    }

    function _checkPeer(bytes32 peerKey, string calldata endpoint) private pure {
        if (peerKey == 0) revert InvalidPeerKey();
        _checkLength(endpoint);
    }

    function _checkLength(string calldata text) private pure {
        if (bytes(text).length > MAX_STRING) revert StringTooLong(bytes(text).length);
    }
}
