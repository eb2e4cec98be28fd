// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Durations} from "../types/Durations.sol";
import {IThawErrors} from "./IThawErrors.sol";

/// @title Who serves, with which keys, and with how much at stake
/// @notice A provider *is* its owner address (cold): it stakes and withdraws. Its operator (hot) signs receipts; its
/// peer key is its name on the mesh. A registration is for ever, its stake is not. This contract's address is the
/// verifying contract of every EIP-712 signature on the mesh.
interface IProviderRegistry is IThawErrors {
    /// @notice What `providers` tells about one provider.
    // solhint-disable-next-line gas-struct-packing
    struct Provider {
        /// @notice The provider's own address; zero when it never registered.
        address owner;
        /// @notice The key that signs for it.
        address operator;
        /// @notice Its Ed25519 public key on the mesh.
        bytes32 peerKey;
        /// @notice Its whole stake, the thawing part included, wei.
        uint96 stake;
        /// @notice The part on its way out, wei.
        uint96 thawing;
        /// @notice From when that part may leave, unix seconds; zero when nothing thaws.
        uint64 thawEnd;
        /// @notice When it registered, unix seconds.
        uint64 since;
        /// @notice Whether stake minus thawing reaches MIN_STAKE.
        bool isActive;
    }

    /// @notice `owner` registered. The two strings are kept nowhere else.
    event ProviderRegistered(
        address indexed owner,
        address indexed operator,
        bytes32 indexed peerKey,
        string endpoint,
        string metadataURI,
        uint96 stake
    );

    /// @notice `owner` moved to another peer key or address.
    event PeerSet(address indexed owner, bytes32 indexed peerKey, string endpoint);

    /// @notice `owner` added `amount` wei to its stake.
    event StakeAdded(address indexed owner, uint96 amount);

    /// @notice `amount` wei of `owner` no longer count and may leave at `thawEnd`.
    event UnstakeStarted(address indexed owner, uint96 amount, uint64 thawEnd);

    /// @notice `owner` kept the `amount` wei that were thawing.
    event UnstakeCancelled(address indexed owner, uint96 amount);

    /// @notice `amount` wei of the stake of `owner` went to `to`.
    event StakeWithdrawn(address indexed owner, address indexed to, uint96 amount);

    /// @notice The stake would be `have` wei where `need` are required.
    error INSUFFICIENT_STAKE(uint256 have, uint256 need);

    /// @notice `provider` never registered.
    error INVALID_PROVIDER(address provider);

    /// @notice `owner` is registered already; add stake or set the peer instead.
    error AlreadyRegistered(address owner);

    /// @notice `operator` signs for `owner` already; take a fresh key.
    error OperatorTaken(address operator, address owner);

    /// @notice A peer key of zero names nobody.
    error InvalidPeerKey();

    /// @notice An endpoint or metadata URI of `length` bytes is longer than MAX_STRING bytes.
    error StringTooLong(uint256 length);

    /// @notice A page holds 1 to MAX_PAGE entries, not `limit`.
    error PageLimit(uint256 limit);

    /// @notice A duration is zero or so long that money could be held for good.
    error DurationOutOfBounds(uint64 duration);

    /// @notice Stake could leave before a fault can be punished: `unbonding` must exceed `windows`.
    error UnbondingTooShort(uint64 unbonding, uint64 windows);

    /// @notice Registers the caller as provider and takes its stake (approve the registry first).
    /// @param operator the key that will sign for it, used by no other provider
    /// @param peerKey its Ed25519 public key on the mesh
    /// @param endpoint a multiaddr to reach it, may be empty
    /// @param metadataURI more about it, may be empty
    /// @param stake at least MIN_STAKE wei
    function registerProvider(
        address operator,
        bytes32 peerKey,
        string calldata endpoint,
        string calldata metadataURI,
        uint96 stake
    )
        external;

    /// @notice Moves the caller to another peer key and address.
    function setPeer(bytes32 peerKey, string calldata endpoint) external;

    /// @notice Adds `amount` wei to the caller's stake (approve the registry first).
    function addStake(uint96 amount) external;

    /// @notice Starts taking out `amount` wei of the caller's stake; replaces a running unstake. The amount stops
    /// counting at once and may leave after the unbonding time.
    function startUnstake(uint96 amount) external;

    /// @notice Keeps the caller's thawing stake after all.
    function cancelUnstake() external;

    /// @notice Sends the caller's thawing stake to `to` once the unbonding time is over.
    function withdrawStake(address to) external;

    /// @notice Who signs for `provider`; zero when it never registered.
    function operatorOf(address provider) external view returns (address);

    /// @notice For whom `operator` signs; zero for nobody.
    function providerOf(address operator) external view returns (address);

    /// @notice Stake minus the thawing part, wei: what counts as a gate and as weight.
    function eligibleStake(address provider) external view returns (uint96);

    /// @notice Whether the eligible stake of `provider` reaches MIN_STAKE.
    function isActive(address provider) external view returns (bool);

    /// @notice All that is known of `provider`; all zero when it never registered.
    function providers(address provider) external view returns (Provider memory);

    /// @notice How many providers ever registered.
    function providerCount() external view returns (uint256);

    /// @notice Looks at `limit` registrations (1 to MAX_PAGE) from number `cursor` on.
    /// @return page those among them that are active
    /// @return next the cursor to go on with, or zero at the end
    function getActiveProviders(
        uint256 cursor,
        uint256 limit
    )
        external
        view
        returns (address[] memory page, uint256 next);

    /// @notice The EIP-712 domain separator of the mesh, for the chain it is asked on.
    function domainSeparator() external view returns (bytes32);

    /// @notice The only market that pays vouchers signed under this domain. A second one would pay them again.
    function market() external view returns (address);

    /// @notice The token at stake.
    function token() external view returns (address);

    /// @notice The waiting times of this deployment, seconds.
    function durations() external view returns (Durations memory);

    /// @notice The least eligible stake of an active provider, wei.
    function MIN_STAKE() external view returns (uint96);
}
