// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DuckToken} from "../../src/DuckToken.sol";
import {JobMarket} from "../../src/JobMarket.sol";
import {ProviderRegistry} from "../../src/ProviderRegistry.sol";
import {IProviderRegistry} from "../../src/interfaces/IProviderRegistry.sol";
import {Durations} from "../../src/types/Durations.sol";
import {vm} from "../utils/Vm.sol";
import {Handler} from "./Handler.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What must hold after any sequence of calls (settlement invariants 1, 2, 5 and 6, and those of the limit, the
/// burn and the session keys; `Handler` checks 6 after each call).
contract MoneyInvariantTest {
    address private constant DISPUTES = address(0xD15);

    DuckToken private token;
    ProviderRegistry private registry;
    JobMarket private market;
    Handler private handler;
    uint256 private supply;

    function setUp() public {
        vm.warp(1_800_000_000);
        token = new DuckToken(address(this));
        address marketAddress = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        Durations memory durations =
            Durations(14 days, 7 days, 3 days, 3 days, 3 days, 3 days, 2 days, 3 days, 1 hours, 1 minutes);
        registry = new ProviderRegistry(IERC20(address(token)), marketAddress, DISPUTES, address(0x60E), durations);
        market = new JobMarket(registry);
        handler = new Handler(token, registry, market);
        for (uint256 i = 0; i < handler.ACCOUNTS(); ++i) {
            approve(handler.payerOf(i));
        }
        for (uint256 i = 0; i < handler.PROVIDERS(); ++i) {
            enlist(i);
        }
        supply = token.totalSupply();
    }

    /// @dev read by forge: only the handler is called
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev three campaigns, not one per line: each explores sequences of its own
    function invariant_money_isNeitherMadeNorLost() public view {
        checkDebts();
        checkStakes();
        checkTokens();
    }

    function invariant_books_keepTheirOrder() public view {
        checkChannels();
        checkThaws();
        checkSessions();
    }

    function invariant_earnings_areWhatRedemptionsPaid_withinTheLimit() public view {
        checkEarnings();
        checkPeriods();
    }

    /// @notice The market holds exactly what it owes.
    function checkDebts() private view {
        uint256 owed = 0;
        for (uint256 i = 0; i < handler.PAYERS(); ++i) {
            (uint96 free, uint96 thawing,) = market.accounts(handler.payerOf(i));
            (uint96 serviceAllotted, uint96 serviceRedeemed,,) = market.service(handler.payerOf(i));
            owed += uint256(free) + thawing + serviceAllotted - serviceRedeemed;
            for (uint256 j = 0; j < handler.PROVIDERS(); ++j) {
                (uint256 allotted, uint256 redeemed) = handler.totals(i, j);
                owed += allotted - redeemed;
            }
        }
        for (uint256 j = 0; j < handler.PROVIDERS(); ++j) {
            owed += earnedOf(handler.providerOf(j));
        }
        vm.assertEq(token.balanceOf(address(market)), owed + earnedOf(handler.RELAYER()));
    }

    /// @notice The registry holds exactly the stakes.
    function checkStakes() private view {
        uint256 stakes = 0;
        for (uint256 i = 0; i < handler.PROVIDERS(); ++i) {
            stakes += registry.providers(handler.providerOf(i)).stake;
        }
        vm.assertEq(token.balanceOf(address(registry)), stakes);
    }

    function checkChannels() private view {
        for (uint256 i = 0; i < handler.PAYERS(); ++i) {
            for (uint256 j = 0; j < handler.PROVIDERS(); ++j) {
                checkChannel(handler.payerOf(i), handler.providerOf(j));
            }
            checkService(handler.payerOf(i));
        }
    }

    function checkThaws() private view {
        for (uint256 i = 0; i < handler.PAYERS(); ++i) {
            (, uint96 thawing, uint64 thawEnd) = market.accounts(handler.payerOf(i));
            vm.assertEq(thawing == 0, thawEnd == 0);
        }
        for (uint256 i = 0; i < handler.PROVIDERS(); ++i) {
            (uint96 earned, uint96 earnedThawing, uint64 earnedEnd) = market.earned(handler.providerOf(i));
            vm.assertLe(earnedThawing, earned);
            vm.assertEq(earnedThawing == 0, earnedEnd == 0);
            IProviderRegistry.Provider memory p = registry.providers(handler.providerOf(i));
            vm.assertLe(p.thawing, p.stake);
            vm.assertEq(p.thawing == 0, p.thawEnd == 0);
            vm.assertEq(p.isActive, p.stake - p.thawing >= registry.minStake());
        }
    }

    /// @notice Earnings are what redemptions paid, less the burn, fees, and what was slashed or withdrawn.
    function checkEarnings() private view {
        uint256 burnt = 0;
        for (uint256 i = 0; i < handler.PROVIDERS(); ++i) {
            address provider = handler.providerOf(i);
            uint256 paid = handler.paidTo(provider);
            uint256 gone = handler.earnedOut(provider) + handler.slashedOf(provider) + handler.feesOf(provider);
            vm.assertEq(earnedOf(provider) + gone, paid - paid / 100);
            burnt += paid / 100;
        }
        vm.assertEq(earnedOf(handler.RELAYER()), handler.fees());
        vm.assertEq(supply - token.totalSupply(), burnt);
    }

    /// @notice No period paid more than the stake it began with.
    function checkPeriods() private view {
        for (uint256 i = 0; i < handler.PROVIDERS(); ++i) {
            address provider = handler.providerOf(i);
            vm.assertLe(handler.paidInPeriod(provider), handler.limitOfPeriod(provider));
            (uint256 room, uint64 periodEnd) = market.redeemable(provider);
            if (periodEnd == 0) vm.assertEq(room, registry.eligibleStake(provider));
            else vm.assertEq(room, handler.limitOfPeriod(provider) - handler.paidInPeriod(provider));
        }
    }

    function checkSessions() private view {
        for (uint256 i = handler.ACCOUNTS(); i < handler.PAYERS(); ++i) {
            address session = handler.payerOf(i);
            (address account,, uint96 drawn,,) = market.sessions(session);
            vm.assertLe(drawn, handler.highestCap(session));
            if (account != address(0)) vm.assertEq(account, handler.payerOf(i - handler.ACCOUNTS()));
        }
    }

    function checkTokens() private view {
        uint256 sum = token.balanceOf(address(market)) + token.balanceOf(address(registry));
        sum += token.balanceOf(DISPUTES);
        for (uint256 i = 0; i < handler.ACCOUNTS(); ++i) {
            sum += token.balanceOf(handler.payerOf(i));
        }
        for (uint256 i = 0; i < handler.PROVIDERS(); ++i) {
            sum += token.balanceOf(handler.providerOf(i));
        }
        vm.assertEq(sum, token.totalSupply());
    }

    /// @dev gives provider number `i` its funds and registers it
    function enlist(uint256 i) private {
        address provider = handler.providerOf(i);
        address operator = vm.addr(handler.operatorKey(i));
        approve(provider);
        vm.prank(provider);
        registry.registerProvider(operator, bytes32(i + 1), "", "", 5_000e18);
    }

    function approve(address who) private {
        token.mint(who, 1_000_000e18);
        vm.prank(who);
        token.approve(address(market), type(uint256).max);
        vm.prank(who);
        token.approve(address(registry), type(uint256).max);
    }

    function earnedOf(address who) private view returns (uint256) {
        (uint96 earned,,) = market.earned(who);
        return earned;
    }

    function checkChannel(address payer, address provider) private view {
        (uint96 allotted, uint96 redeemed, uint96 thawing, uint64 thawEnd) = market.channels(payer, provider);
        vm.assertLe(redeemed, allotted);
        vm.assertLe(thawing, allotted - redeemed);
        vm.assertEq(thawing == 0, thawEnd == 0);
        vm.assertEq(uint256(market.capacity(payer, provider)), uint256(allotted) - redeemed - thawing);
        // every wei redeemed was paid once, and only by vouchers
        vm.assertEq(handler.paidBy(payer, provider), redeemed);
        vm.assertEq(handler.highest(payer, provider), redeemed);
    }

    function checkService(address payer) private view {
        (uint96 allotted, uint96 redeemed, uint96 thawing, uint64 thawEnd) = market.service(payer);
        vm.assertLe(redeemed, allotted);
        vm.assertLe(thawing, allotted - redeemed);
        vm.assertEq(thawing == 0, thawEnd == 0);
        uint256 sum = 0;
        for (uint256 j = 0; j < handler.PROVIDERS(); ++j) {
            address provider = handler.providerOf(j);
            vm.assertEq(uint256(market.redeemedService(payer, provider)), handler.servedBy(payer, provider));
            sum += handler.servedBy(payer, provider);
        }
        vm.assertEq(sum, redeemed);
    }
}
