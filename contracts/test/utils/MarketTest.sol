// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Allotment, Deposit, RedeemGroup, RedeemPermit, TokenPermit, Unallotment} from "../../src/types/Signed.sol";
import {MeshTest} from "./MeshTest.sol";
import {Signing} from "./Signing.sol";
import {vm} from "./Vm.sol";

/// @notice More words to speak about the market: service allotments, session keys, relayed orders, several providers.
abstract contract MarketTest is MeshTest {
    uint256 internal constant SESSION_KEY = 0x5E55;
    uint256 internal constant OPERATOR_KEY = 0x09E7;
    address internal constant SERVICE = address(0);
    uint64 internal constant DAYS_3 = 3 days;

    address internal session = vm.addr(SESSION_KEY);
    /// @dev a provider whose operator's key is known, so that it can sign
    address internal signer = address(0x516E);

    function setUp() public virtual override {
        super.setUp();
        register(signer, vm.addr(OPERATOR_KEY));
    }

    function separator() internal view returns (bytes32) {
        return registry.domainSeparator();
    }

    function allotService(address payer, uint96 amount) internal {
        vm.prank(payer);
        market.allotService(amount);
    }

    /// @notice One entry of a batch of service vouchers for `to`.
    function serviceEntry(uint256 key, address to, uint96 cumulative) internal view returns (bytes memory) {
        bytes32 digest = Signing.serviceVoucherDigest(separator(), vm.addr(key), to, cumulative);
        return abi.encodePacked(vm.addr(key), cumulative, Signing.short(key, digest));
    }

    function redeemService(uint256 key, address to, uint96 cumulative) internal returns (uint96) {
        bytes memory packed = serviceEntry(key, to, cumulative);
        vm.prank(relayer);
        return market.finalizeService(to, packed);
    }

    /// @notice One entry of a batch for `to`.
    function entryFor(uint256 key, address to, uint96 cumulative) internal view returns (bytes memory) {
        bytes32 digest = Signing.voucherDigest(separator(), vm.addr(key), to, cumulative, 0);
        return abi.encodePacked(vm.addr(key), cumulative, Signing.short(key, digest));
    }

    function authorize(address account, uint256 key, uint96 cap, uint64 expiry) internal {
        bytes32 digest = Signing.grantDigest(separator(), account, vm.addr(key), cap, expiry);
        bytes memory proof = Signing.long(key, digest);
        vm.prank(account);
        market.authorizeSession(vm.addr(key), cap, expiry, proof);
    }

    function allotBy(uint256 key, address to, uint96 amount, uint64 nonce) internal {
        Allotment memory a = Allotment(vm.addr(key), to, amount, nonce, uint64(block.timestamp));
        bytes32 digest = Signing.allotmentDigest(separator(), a.payer, a.provider, a.amount, a.nonce, a.deadline);
        bytes memory signature = Signing.short(key, digest);
        vm.prank(relayer);
        market.allotBySig(a, signature);
    }

    function depositBy(uint256 key, Deposit memory order, TokenPermit memory permit) internal {
        bytes memory signature = Signing.long(key, Signing.depositDigest(separator(), order));
        vm.prank(relayer);
        market.depositBySig(order, signature, permit);
    }

    function permitOf(uint256 key, uint256 value, uint256 deadline) internal view returns (TokenPermit memory p) {
        address holder = vm.addr(key);
        bytes32 digest = Signing.tokenPermitDigest(
            token.DOMAIN_SEPARATOR(), holder, address(market), value, token.nonces(holder), deadline
        );
        p.deadline = deadline;
        (p.v, p.r, p.s) = vm.sign(key, digest);
    }

    function unallotBy(uint256 key, Unallotment memory order) internal {
        bytes32 digest =
            Signing.unallotmentDigest(separator(), order.payer, order.provider, order.nonce, order.deadline);
        bytes memory signature = Signing.long(key, digest);
        vm.prank(relayer);
        market.unallotBySig(order, signature);
    }

    /// @notice A group that the relayer redeems for nothing.
    function group(address to, bytes memory packed) internal pure returns (RedeemGroup memory g) {
        g.permit.provider = to;
        g.packed = packed;
    }

    /// @notice A group with a fee for the relayer, signed with `key`.
    function group(
        address to,
        bytes memory packed,
        uint16 feeBps,
        uint64 nonce,
        uint256 key
    )
        internal
        view
        returns (RedeemGroup memory g)
    {
        g.permit = RedeemPermit(to, relayer, feeBps, nonce, uint64(block.timestamp));
        g.signature = Signing.long(key, Signing.redeemPermitDigest(separator(), g.permit));
        g.packed = packed;
    }

    function redeemMany(RedeemGroup[] memory groups) internal returns (uint96) {
        vm.prank(relayer);
        return market.finalizeMany(groups);
    }

    function serviceRest(address payer) internal view returns (uint96) {
        (uint96 allotted, uint96 redeemed,,) = market.service(payer);
        return allotted - redeemed;
    }

    function drawnOf(address key) internal view returns (uint96 drawn) {
        (,, drawn,,) = market.sessions(key);
    }
}
