// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Durations} from "../types/Durations.sol";
import {IElection} from "./IElection.sol";
import {IStakeVotes} from "./IStakeVotes.sol";
import {IThawErrors} from "./IThawErrors.sol";

/// @title Who serves, with which keys, and with how much at stake
/// @notice A provider *is* its owner address (cold): it stakes and withdraws. Its operator (hot) signs receipts; its
/// peer key is its name on the mesh. A registration is for ever, its stake is not. Only the disputes contract may freeze
/// or slash stake, and governance may move a few numbers within fixed bounds. This contract's address is the verifying
/// contract of every EIP-712 signature on the mesh.
interface IProviderRegistry is IElection, IStakeVotes, IThawErrors {
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
        /// @notice Whether stake minus thawing reaches the least stake.
        bool isActive;
    }

    /// @notice An ERC-2612 permit of the caller for this contract.
    struct Permit {
        /// @notice Until when it may be used, unix seconds.
        uint256 deadline;
        /// @notice The signature's recovery value, 27 or 28.
        uint8 v;
        /// @notice The signature's first half.
        bytes32 r;
        /// @notice The signature's second half.
        bytes32 s;
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

    /// @notice `operator` may take over for `owner` from `readyAt` (unix seconds) on.
    event OperatorRotationStarted(address indexed owner, address indexed operator, uint64 readyAt);

    /// @notice `owner` keeps its operator; `operator` is free again.
    event OperatorRotationCancelled(address indexed owner, address indexed operator);

    /// @notice `operator` signs for `owner` from now on, in the place of `previous`.
    event OperatorRotated(address indexed owner, address indexed operator, address indexed previous);

    /// @notice `owner` serves exactly these model classes from now on.
    event ClassesSet(address indexed owner, bytes32[] classes);

    /// @notice `amount` wei of the stake of `provider` cannot leave while the fault is looked into.
    event StakeFrozen(address indexed provider, uint96 amount, bytes32 indexed faultId);

    /// @notice `amount` wei of the stake of `provider` are free again.
    event StakeUnfrozen(address indexed provider, uint96 amount, bytes32 indexed faultId);

    /// @notice `provider` lost `amount` wei of stake for a fault that `reporter` brought.
    event ProviderSlashed(address indexed provider, uint96 amount, bytes32 indexed faultId, address indexed reporter);

    /// @notice Governance made `minStake` wei the least eligible stake of an active provider.
    event MinStakeSet(uint96 minStake);

    /// @notice Governance changed unbonding and the windows it outlasts, all in seconds.
    event WindowsSet(uint64 unbonding, uint64 faultWindow, uint64 dispute, uint64 reserve);

    /// @notice The stake would be `have` wei where `need` are required.
    error INSUFFICIENT_STAKE(uint256 have, uint256 need);

    /// @notice `provider` never registered.
    error INVALID_PROVIDER(address provider);

    /// @notice `owner` is registered already; add stake or set the peer instead.
    error AlreadyRegistered(address owner);

    /// @notice `operator` is or was a key of `owner`; take a fresh one.
    error OperatorTaken(address operator, address owner);

    /// @notice A peer key of zero names nobody.
    error InvalidPeerKey();

    /// @notice An endpoint or metadata URI of `length` bytes is longer than MAX_STRING bytes.
    error StringTooLong(uint256 length);

    /// @notice A page holds 1 to MAX_PAGE entries, not `limit`.
    error PageLimit(uint256 limit);

    /// @notice No other operator of `owner` is on its way.
    error NoRotation(address owner);

    /// @notice A provider serves at most `most` classes, not `count`.
    error TooManyClasses(uint256 count, uint256 most);

    /// @notice `class` is in the list twice.
    error DuplicateClass(bytes32 class);

    /// @notice Open disputes hold `frozen` wei of this stake. Try again when they are decided.
    error FrozenStake(uint96 frozen);

    /// @notice Only the disputes contract may do this, not `caller`.
    error NotDisputes(address caller);

    /// @notice Only governance may do this, not `caller`.
    error NotGovernance(address caller);

    /// @notice `value` is not within `low` and `high`.
    error ParameterOutOfBounds(uint256 value, uint256 low, uint256 high);

    /// @notice The windows may change again from `until` (unix seconds) on, when no thaw of the time before the last
    /// change runs any more.
    error ParametersLocked(uint256 until);

    /// @notice A duration is zero or so long that money could be held for good.
    error DurationOutOfBounds(uint64 duration);

    /// @notice Stake could leave before a fault can be punished: `unbonding` must exceed `windows`.
    error UnbondingTooShort(uint64 unbonding, uint64 windows);

    /// @notice Registers the caller as provider and takes its stake (approve the registry first).
    /// @param operator the key that will sign for it, used by no other provider
    /// @param peerKey its Ed25519 public key on the mesh
    /// @param endpoint a multiaddr to reach it, may be empty
    /// @param metadataURI more about it, may be empty
    /// @param stake at least `minStake` wei
    function registerProvider(
        address operator,
        bytes32 peerKey,
        string calldata endpoint,
        string calldata metadataURI,
        uint96 stake
    )
        external;

    /// @notice As `registerProvider`, with a permit of the caller in place of an approval.
    /// @param operator the key that will sign for it, used by no other provider
    /// @param peerKey its Ed25519 public key on the mesh
    /// @param endpoint a multiaddr to reach it, may be empty
    /// @param metadataURI more about it, may be empty
    /// @param stake at least `minStake` wei
    /// @param permit over `stake` wei; one that somebody else submitted meanwhile is as good
    function registerProviderWithPermit(
        address operator,
        bytes32 peerKey,
        string calldata endpoint,
        string calldata metadataURI,
        uint96 stake,
        Permit calldata permit
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

    /// @notice Sends the caller's thawing stake to `to` once the unbonding time is over, except what open disputes hold.
    function withdrawStake(address to) external;

    /// @notice Announces that `operator` will sign for the caller. It may take over after the escrow thaw, so that
    /// whoever deals with the caller sees it coming.
    function startOperatorRotation(address operator) external;

    /// @notice Keeps the caller's operator after all.
    function cancelOperatorRotation() external;

    /// @notice Lets the announced operator take over. What the former one signed counts for one more fault window.
    function finishOperatorRotation() external;

    /// @notice Says which model classes the caller serves: at most sixteen, instead of any earlier ones.
    function setClasses(bytes32[] calldata classes) external;

    /// @notice Keeps `amount` wei of the stake of `provider` from leaving, on top of what is frozen already. Only the
    /// disputes contract.
    function freeze(address provider, uint96 amount, bytes32 faultId) external;

    /// @notice Takes a freeze back. Only the disputes contract.
    function unfreeze(address provider, uint96 amount, bytes32 faultId) external;

    /// @notice Sends up to `amount` wei of the stake of `provider`, thawing or not, to the disputes contract. Only it.
    /// @param provider who is slashed
    /// @param amount at most this many wei
    /// @param faultId what for
    /// @param reporter who brought the fault
    /// @return taken what was taken, wei
    function slash(address provider, uint96 amount, bytes32 faultId, address reporter) external returns (uint96 taken);

    /// @notice Makes `amount` wei the least eligible stake of an active provider, from the next epoch's weights on.
    /// Only governance, within fixed bounds.
    function setMinStake(uint96 amount) external;

    /// @notice Changes unbonding and the windows that it must outlast. Only governance. A thaw that runs keeps its end,
    /// so the windows must also stay below the former unbonding, and stand until every such thaw is over.
    function setWindows(uint64 unbonding, uint64 faultWindow, uint64 dispute, uint64 reserve) external;

    /// @notice Who signs for `provider`; zero when it never registered.
    function operatorOf(address provider) external view returns (address);

    /// @notice For whom `operator` signs now; zero for nobody.
    function providerOf(address operator) external view returns (address);

    /// @notice Whether what `operator` signed counts against `provider`: it is its operator, or was within the last
    /// fault window.
    function wasOperator(address provider, address operator) external view returns (bool);

    /// @notice Who will sign for `provider`, and from when (unix seconds) it may take over; zero for nobody.
    function nextOperatorOf(address provider) external view returns (address operator, uint64 readyAt);

    /// @notice The model classes that `provider` serves.
    function classesOf(address provider) external view returns (bytes32[] memory);

    /// @notice Whether `provider` serves `class`.
    function servesClass(address provider, bytes32 class) external view returns (bool);

    /// @notice Whether `provider` served `class` at the past time `when` (unix seconds).
    function servedClassAt(address provider, bytes32 class, uint256 when) external view returns (bool);

    /// @notice What open disputes hold of the stake of `provider`, wei; may exceed it.
    function frozenStake(address provider) external view returns (uint96);

    /// @notice Stake minus the thawing part, wei: what counts as a gate and as weight.
    function eligibleStake(address provider) external view returns (uint96);

    /// @notice Whether the eligible stake of `provider` reaches the least stake.
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

    /// @notice The only contract that may freeze and slash.
    function disputes() external view returns (address);

    /// @notice Who may change the bounded parameters, a timelock on a public network.
    function governance() external view returns (address);

    /// @notice The token at stake.
    function token() external view returns (address);

    /// @notice The waiting times of this deployment, seconds.
    function durations() external view returns (Durations memory);

    /// @notice The least eligible stake of an active provider, wei.
    function minStake() external view returns (uint96);
}
