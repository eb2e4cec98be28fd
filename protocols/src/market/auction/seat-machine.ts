/**
 * One auction as its seat runs it (K-53): a pure machine. The driver performs the effects, signs and stores.
 *
 * new -> open (header) -> closing (window over) -> closed (match signed and stored). It never goes back, so a seat
 * signs one match per attempt; a header that comes again is answered from the state.
 */
import { limits } from '@duckmesh/proto'
import { closesAt, isOver } from './bid-window.ts'
import type { ErrorCode } from '../../error-codes.ts'
import type { BidWindow } from './bid-window.ts'
import type { AuctionRef, Hex, MatchFrame, Pass, RelayedBid } from '@duckmesh/proto'

/** Streams that get the match: a client has one, or two while it reconnects. */
const MAX_CLIENTS = 4

/** A bid as the seat holds it; `from` names the link it came by. */
export interface SeatBid {
  relayed: RelayedBid
  commit: Hex
  from: string
}

export interface SeatAuction {
  ref: AuctionRef
  /** What the header asks, by `headerTerms`. */
  terms: string
  window: BidWindow
  /** Invited providers. */
  invited: readonly Hex[]
  phase: 'new' | 'open' | 'closing' | 'closed'
  /** Links of the client. */
  clients: readonly string[]
  bids: ReadonlyMap<Hex, SeatBid>
  passes: ReadonlyMap<Hex, Pass>
  /** Set when closed. */
  match?: MatchFrame
}

export type SeatEvent =
  | { kind: 'header'; terms: string; from: string }
  | { kind: 'bid'; relayed: RelayedBid; commit: Hex; from: string }
  | { kind: 'pass'; pass: Pass }
  | { kind: 'tick' }
  /** The match is signed and on disk. */
  | { kind: 'signed'; match: MatchFrame }

export type SeatEffect =
  | { kind: 'ack'; to: string; closesInMs: number }
  | { kind: 'invite'; providers: readonly Hex[] }
  | { kind: 'ackBid'; to: string; commit: Hex }
  | { kind: 'refuse'; to: string; code: ErrorCode; detail: string }
  /** Send a tick at this time, ms. */
  | { kind: 'wake'; atMs: number }
  /** Sign a match over these bids, store it, then send `signed`. */
  | { kind: 'close'; bids: readonly SeatBid[]; passes: readonly Pass[] }
  | { kind: 'match'; to: readonly string[]; match: MatchFrame }
  /** Tell the bidders of these links. */
  | { kind: 'notice'; to: readonly string[]; match: MatchFrame; commits: readonly Hex[] }

export interface SeatStep {
  state: SeatAuction
  effects: readonly SeatEffect[]
}

/** An auction before its header. */
export function newSeatAuction(
  init: Pick<SeatAuction, 'ref' | 'terms' | 'window' | 'invited'>,
): SeatAuction {
  return { ...init, phase: 'new', clients: [], bids: new Map(), passes: new Map() }
}

/** Applies one event at `now`, ms. */
export function stepSeat(state: SeatAuction, event: SeatEvent, now: number): SeatStep {
  switch (event.kind) {
    case 'header':
      return onHeader(state, event, now)
    case 'bid':
      return onBid(state, event, now)
    case 'pass':
      return onPass(state, event.pass, now)
    case 'tick':
      return onTick(state, now)
    case 'signed':
      return onSigned(state, event.match)
  }
}

function onHeader(
  state: SeatAuction,
  { terms, from }: SeatEvent & { kind: 'header' },
  now: number,
): SeatStep {
  if (terms !== state.terms) return refuse(state, from, ...otherHeader(state))
  const others = state.clients.filter((link) => link !== from)
  const known = { ...state, clients: [...others, from].slice(-MAX_CLIENTS) }
  const ack = { kind: 'ack' as const, to: from, closesInMs: closesAt(state.window) - now }
  if (state.phase === 'closed' && state.match !== undefined) {
    const match = { kind: 'match' as const, to: [from], match: state.match }
    return { state: known, effects: [{ ...ack, closesInMs: 0 }, match] }
  }
  if (state.phase !== 'new') {
    return { state: known, effects: [{ ...ack, closesInMs: Math.max(0, ack.closesInMs) }] }
  }
  const invite = { kind: 'invite' as const, providers: state.invited }
  const wake = { kind: 'wake' as const, atMs: state.window.minAt }
  return { state: { ...known, phase: 'open' }, effects: [ack, invite, wake] }
}

/** The same attempt on other terms: the bids are sealed and priced for the first one (K-56). */
function otherHeader(state: SeatAuction): [ErrorCode, string] {
  return state.phase === 'closed' || state.phase === 'closing'
    ? ['MATCH_CONTRADICTS', 'This attempt was matched for another header.']
    : ['HEADER_INVALID', 'This attempt is open for another header.']
}

function onBid(
  state: SeatAuction,
  { relayed, commit, from }: SeatEvent & { kind: 'bid' },
  now: number,
): SeatStep {
  const known = state.bids.get(relayed.provider)
  // Sent again after a broken stream: the same word again.
  if (known?.commit === commit) return { state, effects: [{ kind: 'ackBid', to: from, commit }] }
  if (known !== undefined) {
    return refuse(state, from, 'BID_INVALID', 'The first bid of a provider counts.')
  }
  if (state.phase !== 'open' || now >= closesAt(state.window)) {
    return refuse(state, from, 'TIMED_OUT', 'The window is closed')
  }
  if (!hasRoom(state, relayed.provider)) {
    return refuse(state, from, 'RATE_LIMITED', 'The auction has all the bids it takes.')
  }
  const bids = new Map(state.bids).set(relayed.provider, { relayed, commit, from })
  const passes = new Map(state.passes)
  passes.delete(relayed.provider)
  const ack = { kind: 'ackBid' as const, to: from, commit }
  return closeWhenOver({ ...state, bids, passes }, now, [ack])
}

/** Providers that were not invited may fill only what the invited ones do not need (K-53). */
function hasRoom({ bids, invited }: SeatAuction, provider: Hex): boolean {
  const waiting = invited.filter((one) => one !== provider && !bids.has(one)).length
  const reserved = invited.includes(provider) ? 0 : waiting
  return bids.size + reserved < limits.MAX_MATCH_BIDS
}

/** Only invited providers are heard: what strangers decline says nothing. */
function onPass(state: SeatAuction, pass: Pass, now: number): SeatStep {
  const { provider } = pass
  const counts = state.phase === 'open' && state.invited.includes(provider)
  if (!counts || state.bids.has(provider)) return { state, effects: [] }
  const passes = new Map(state.passes).set(provider, pass)
  return closeWhenOver({ ...state, passes }, now, [])
}

function onTick(state: SeatAuction, now: number): SeatStep {
  if (state.phase !== 'open') return { state, effects: [] }
  const step = closeWhenOver(state, now, [])
  if (step.state.phase !== 'open') return step
  const { window } = state
  const atMs = now < window.minAt ? window.minAt : closesAt(window)
  return { state, effects: [{ kind: 'wake', atMs }] }
}

function closeWhenOver(state: SeatAuction, now: number, before: readonly SeatEffect[]): SeatStep {
  const answers = state.invited.filter((one) => state.bids.has(one) || state.passes.has(one))
  if (!isOver(state.window, answers.length, now)) return { state, effects: before }
  const bids = [...state.bids.values()]
  const passes = [...state.passes.values()]
  return {
    state: { ...state, phase: 'closing' },
    effects: [...before, { kind: 'close', bids, passes }],
  }
}

function onSigned(state: SeatAuction, match: MatchFrame): SeatStep {
  if (state.phase !== 'closing') return { state, effects: [] }
  const bids = [...state.bids.values()]
  const commits = bids.map(({ commit }) => commit)
  return {
    state: { ...state, phase: 'closed', match },
    effects: [
      { kind: 'match', to: state.clients, match },
      { kind: 'notice', to: [...new Set(bids.map(({ from }) => from))], match, commits },
    ],
  }
}

function refuse(state: SeatAuction, to: string, code: ErrorCode, detail: string): SeatStep {
  return { state, effects: [{ kind: 'refuse', to, code, detail }] }
}
