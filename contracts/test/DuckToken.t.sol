// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckToken} from "../src/DuckToken.sol";
import {IDuckToken} from "../src/interfaces/IDuckToken.sol";
import {vm} from "./utils/Vm.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

contract DuckTokenTest {
    uint256 private constant HOLDER_KEY = 0xD;
    uint256 private constant MAX = 1_000_000_000e18;
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    DuckToken private token;
    address private holder = vm.addr(HOLDER_KEY);
    address private spender = address(0x5);

    function setUp() public {
        token = new DuckToken(address(this));
    }

    function test_metadata() public view {
        vm.assertEq(token.name(), "DuckMesh");
        vm.assertEq(token.symbol(), "DUCK");
        vm.assertEq(uint256(token.decimals()), 18);
        vm.assertEq(token.MAX_SUPPLY(), MAX);
        vm.assertTrue(MAX <= type(uint96).max);
    }

    function test_mint_upToTheLimit() public {
        token.mint(holder, MAX);
        vm.assertEq(token.totalSupply(), MAX);
        vm.assertEq(token.balanceOf(holder), MAX);
    }

    function test_mint_revertsWith_MaxSupplyExceeded_whenAboveTheLimit() public {
        token.mint(holder, MAX);
        vm.expectRevert(abi.encodeWithSelector(IDuckToken.MaxSupplyExceeded.selector, MAX, MAX));
        token.mint(holder, 1);
    }

    function test_mint_revertsWith_MaxSupplyExceeded_whenTheSumWouldOverflow() public {
        token.mint(holder, 1);
        vm.expectRevert(abi.encodeWithSelector(IDuckToken.MaxSupplyExceeded.selector, 1, MAX));
        token.mint(holder, type(uint256).max);
    }

    function test_mint_revertsWith_OwnableUnauthorizedAccount_whenNotOwner() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, holder));
        vm.prank(holder);
        token.mint(holder, 1);
    }

    function test_transferOwnership_handsMintingOver() public {
        token.transferOwnership(holder);
        vm.prank(holder);
        token.mint(holder, 5);
        vm.assertEq(token.balanceOf(holder), 5);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        token.mint(holder, 1);
    }

    function testFuzz_mint_neverExceedsTheLimit(uint256 first, uint256 second) public {
        first = first % (MAX + 1);
        second = second % (MAX - first + 1);
        token.mint(holder, first);
        token.mint(spender, second);
        vm.assertEq(token.totalSupply(), first + second);
        vm.assertLe(token.totalSupply(), MAX);
    }

    function testFuzz_burn_takesFromTheSenderAndTheSupply(uint256 amount, uint256 burnt) public {
        amount = amount % (MAX + 1);
        burnt = burnt % (amount + 1);
        token.mint(holder, amount);
        vm.prank(holder);
        token.burn(burnt);
        vm.assertEq(token.balanceOf(holder), amount - burnt);
        vm.assertEq(token.totalSupply(), amount - burnt);
    }

    function test_burn_revertsWith_ERC20InsufficientBalance_whenMoreThanThereIs() public {
        token.mint(holder, 5);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, holder, 5, 6));
        vm.prank(holder);
        token.burn(6);
    }

    /// @dev what is burnt may be minted again: the limit is on what exists
    function test_burn_makesRoomUnderTheLimit() public {
        token.mint(holder, MAX);
        vm.prank(holder);
        token.burn(7);
        token.mint(holder, 7);
        vm.assertEq(token.totalSupply(), MAX);
    }

    function testFuzz_permit_setsTheAllowance(uint256 value, uint32 lead) public {
        uint256 deadline = block.timestamp + lead;
        (uint8 v, bytes32 r, bytes32 s) = signPermit(value, deadline);
        token.permit(holder, spender, value, deadline, v, r, s);
        vm.assertEq(token.allowance(holder, spender), value);
        vm.assertEq(token.nonces(holder), 1);
    }

    function test_permit_revertsWhenUsedTwice() public {
        uint256 deadline = block.timestamp + 1;
        (uint8 v, bytes32 r, bytes32 s) = signPermit(7, deadline);
        token.permit(holder, spender, 7, deadline, v, r, s);
        vm.expectRevert();
        token.permit(holder, spender, 7, deadline, v, r, s);
    }

    function signPermit(uint256 value, uint256 deadline) private view returns (uint8, bytes32, bytes32) {
        bytes32 structHash = keccak256(abi.encode(PERMIT_TYPEHASH, holder, spender, value, 0, deadline));
        return vm.sign(HOLDER_KEY, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }
}
