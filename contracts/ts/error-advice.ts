import { duck, text, time, type Advice } from './advice-text.ts'
import { disputeAdvice } from './dispute-advice.ts'

/** What to do about each refusal. The arguments are those of the custom error, in its order. */
const advice: Readonly<Record<string, Advice>> = {
  ...disputeAdvice,
  INSUFFICIENT_STAKE: (have, need) =>
    `The stake is ${duck(have)} where ${duck(need)} are needed. Stake more, or take out less.`,
  INVALID_PROVIDER: (provider) =>
    `${text(provider)} is no registered provider. Use the owner's address, and register it first.`,
  JOB_EXPIRED: (deadline) =>
    `The signed order could be used until ${time(deadline)}. Sign a new one with a later deadline.`,
  ALREADY_FINALIZED: (redeemed) =>
    `${duck(redeemed)} of this channel are redeemed already, so the voucher pays nothing. Send a higher one.`,
  AllotmentExceeded: (cumulative, allotted) =>
    `The voucher promises ${duck(cumulative)}, the channel goes up to ${duck(allotted)}. The payer must allot more.`,
  InvalidSignature: () =>
    'The signature is malformed or not by the one whose order it is. Check the key, the chain id and the registry in the domain.',
  InvalidEpoch: (epoch) =>
    `The voucher carries epoch ${text(epoch)}. Sign it with epoch 0 in this version.`,
  NonceUsed: (signer, nonce) =>
    `${text(signer)} has used nonce ${text(nonce)} already. Sign the order with another.`,
  BatchLength: (length) =>
    `A batch is 1 to 1000 entries of 96 bytes, this one has ${text(length)} bytes. Split or repack it.`,
  RedemptionLimitReached: () =>
    'The provider has redeemed as much as its stake allows in this period. Redeem the rest in the next, or stake more.',
  FeeTooHigh: (bps) =>
    `A relayer takes at most 100 hundredths of a per cent, not ${text(bps)}. Sign a lower fee.`,
  GroupCount: (count) =>
    `One call redeems for 1 to 64 providers, not ${text(count)}. Split the groups over several calls.`,
  InvalidSession: (session) =>
    `${text(session)} is not a session key of the sender, or cannot be one. Send from the account of the key.`,
  SessionTaken: (session, account) =>
    `The session key ${text(session)} belongs to ${text(account)} for good. Take a fresh key.`,
  SessionEnded: (session) =>
    `The session key ${text(session)} was revoked or is past its expiry. Authorise it anew, or take a fresh key.`,
  SessionCapExceeded: (drawn, cap) =>
    `The session key would have drawn ${duck(drawn)} of at most ${duck(cap)}. Authorise it with a higher cap.`,
  SessionCannotWithdraw: (account) =>
    `The money of a session key goes back to ${text(account)} only. Reclaim it from there.`,
  NotDisputes: (caller) =>
    `${text(caller)} may not slash: only the disputes contract does. Open a dispute instead.`,
  WrongMarket: (market) =>
    `The registry pays its vouchers at ${text(market)} only. Deploy registry and market together.`,
  ZeroAmount: () => 'The amount is zero. Give at least 1 wei, and check that something is left.',
  ZeroAddress: () => 'An address is zero. Give the address of an account.',
  InsufficientBalance: (have, need) =>
    `${duck(need)} were asked for where ${duck(have)} are there. Deposit more, or ask for less.`,
  NotThawing: () => 'Nothing is thawing. Start the withdrawal or release first.',
  StillThawing: (end) => `The money may leave from ${time(end)} on. Try again then.`,
  AlreadyRegistered: (owner) =>
    `${text(owner)} is registered already. Add stake or set the peer instead.`,
  OperatorTaken: (operator, owner) =>
    `The operator ${text(operator)} is or was a key of ${text(owner)}. Take a fresh key.`,
  InvalidPeerKey: () => 'The peer key is zero. Give the Ed25519 public key of the node.',
  StringTooLong: (length) =>
    `The endpoint or metadata URI has ${text(length)} bytes. Shorten it to 512.`,
  PageLimit: (limit) => `A page holds 1 to 100 entries, not ${text(limit)}. Ask page by page.`,
  DurationOutOfBounds: (duration) =>
    `A duration of ${text(duration)} s is zero or above 180 days. Correct the deploy parameters.`,
  UnbondingTooShort: (unbonding, windows) =>
    `Unbonding of ${text(unbonding)} s must exceed fault window, dispute and reserve: ${text(windows)} s.`,
  NoRotation: (owner) =>
    `No other operator of ${text(owner)} is on its way. Start the rotation first.`,
  TooManyClasses: (count, most) =>
    `A provider serves at most ${text(most)} model classes, not ${text(count)}. Shorten the list.`,
  DuplicateClass: (kind) => `The model class ${text(kind)} is in the list twice. Name it once.`,
  FrozenStake: (frozen) =>
    `Open disputes hold ${duck(frozen)} of this stake. Try again when they are decided.`,
  NotGovernance: (caller) =>
    `${text(caller)} may not change parameters: only governance does. Propose the change there.`,
  ParameterOutOfBounds: (value, low, high) =>
    `${text(value)} is not within ${text(low)} and ${text(high)}. Choose a value within.`,
  ParametersLocked: (until) =>
    `The windows changed lately and stand until ${time(until)}. Change them from then on.`,
  SeedNotFixed: (epoch) =>
    `The seed of epoch ${text(epoch)} is fixed in the middle of the epoch before it. Ask again then.`,
  FutureLookup: (when, present) =>
    `${time(when)} is not over at ${time(present)}. Ask again a second later.`,
  WrongPreimage: (tip) =>
    `The preimage does not hash to ${text(tip)}, the tip of the onion. Reveal the layer below the last one, or commit a new onion.`,
  RevealTooEarly: (epoch) =>
    `The next layer may be revealed in epoch ${text(epoch)}. Wait for it to begin.`,
  RevealClosed: (epoch) =>
    `Reveals of epoch ${text(epoch)} are over. Reveal in the first half of the next epoch.`,
  MaxSupplyExceeded: (supply, maximum) =>
    `${duck(supply)} exist of at most ${duck(maximum)}. Mint less.`,
  OwnableUnauthorizedAccount: (account) =>
    `${text(account)} does not own the token. Mint from the owner's account.`,
  ERC20InsufficientAllowance: (spender, have, need) =>
    `${text(spender)} may move ${duck(have)} where ${duck(need)} are needed. Approve more first.`,
  ERC20InsufficientBalance: (holder, have, need) =>
    `${text(holder)} holds ${duck(have)} where ${duck(need)} are needed. Get more DUCK first.`,
  ERC20InvalidReceiver: (receiver) =>
    `${text(receiver)} cannot receive DUCK. Give the address of an account.`,
  ERC2612ExpiredSignature: (deadline) =>
    `The permit could be used until ${time(deadline)}. Sign a new one.`,
  ERC2612InvalidSigner: () =>
    'The permit is not signed by the holder, or its nonce is used. Sign a new one.',
  CHAIN_REVERTED: (data) =>
    `A contract refused the call with ${text(data)}, which is no error of DuckMesh. Check the addresses.`,
  CHAIN_UNREACHABLE: () =>
    'The chain did not answer. Check that the RPC endpoint runs and is reachable.',
  GAS_FUNDS_MISSING: () =>
    'The account cannot pay for gas. Send it some of the native coin of the chain.',
  CHAIN_CALL_FAILED: () => 'The call to the chain failed. The cause says why.',
}

/** The sentence that says what to do about an error, by the name of the error. */
export function adviceFor(code: string, args: readonly unknown[]): string {
  return advice[code]?.(...args) ?? `A contract refused the call: ${code}. See its documentation.`
}
