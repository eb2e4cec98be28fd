/** One auction of this seat: feeds the machine and performs what it asks for (K-53 to K-56). */
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { signStruct } from '../../signed-struct.ts'
import { bidCommit } from '../auction/bid-commit.ts'
import { bidsRoot, sortedCommits } from '../auction/bids-root.ts'
import { headerTerms } from '../auction/header-terms.ts'
import { newSeatAuction, stepSeat } from '../auction/seat-machine.ts'
import { OPENINGS_GRACE_MS } from '../constants.ts'
import { encodeSeatRecord, seatRecordKey } from '../auction/seat-record.ts'
import type { Clock, Logger, NetworkIdentity, Signer } from '../../components.ts'
import type { ReceivedHeader } from '../../mesh/index.ts'
import type { BidWindow } from '../auction/bid-window.ts'
import type { RecordStore, SeatTurn } from '../auction/interface.ts'
import type { SeatAuction, SeatBid, SeatEffect, SeatEvent } from '../auction/seat-machine.ts'
import type { Outlet } from './outlet.ts'
import type {
  AuctionRef,
  Hex,
  Invite,
  Match,
  MatchFrame,
  Pass,
  RelayedBid,
  JobHeader,
} from '@duckmesh/proto'

export interface SeatRunComponents {
  clock: Clock
  network: NetworkIdentity
  /** The operator's key. */
  signer: Signer
  records: RecordStore
  logger: Logger
  /** Brings an invitation to a provider, as well as it can. */
  invite: (provider: Hex, invite: Invite) => void
  /** The window is over; without a match when it could not be signed or stored. */
  onClosed: (run: SeatRun, match: MatchFrame | undefined) => void
}

export interface SeatRunFacts {
  received: ReceivedHeader
  at: SeatTurn
  window: BidWindow
  invited: readonly Hex[]
}

export class SeatRun {
  readonly ref: AuctionRef
  readonly facts: SeatRunFacts
  readonly openedAt: number
  readonly #components: SeatRunComponents
  readonly #outlets = new Map<string, Outlet>()
  /** The window is on disk as opened; nothing is promised to a bidder before. */
  readonly #opened: Promise<void>
  #state: SeatAuction
  #stopTimer: () => void = () => undefined

  constructor(components: SeatRunComponents, facts: SeatRunFacts) {
    const { header, jobId, envelope } = facts.received
    this.#components = components
    this.facts = facts
    this.ref = { jobId, attempt: header.attempt }
    this.openedAt = components.clock.now()
    this.#state = newSeatAuction({ ...facts, ref: this.ref, terms: headerTerms(header) })
    this.#opened = this.#save(encodeSeatRecord({ envelope }))
    this.#opened.catch(() => undefined)
  }

  /** Set when the match is signed and on disk. */
  get match(): MatchFrame | undefined {
    return this.#state.match
  }

  /** Opens the window, or answers a header that came again. */
  header(header: JobHeader, from: Outlet): void {
    this.#outlets.set(from.id, from)
    this.#step({ kind: 'header', terms: headerTerms(header), from: from.id })
  }

  bid(relayed: RelayedBid, from: Outlet): void {
    this.#outlets.set(from.id, from)
    this.#step({ kind: 'bid', relayed, commit: bidCommit(this.ref, relayed), from: from.id })
  }

  pass(pass: Pass): void {
    this.#step({ kind: 'pass', pass })
  }

  /** Ends without a match: the peer stops. */
  stop(): void {
    this.#stopTimer()
  }

  #step(event: SeatEvent): void {
    const { state, effects } = stepSeat(this.#state, event, this.#components.clock.now())
    this.#state = state
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: SeatEffect): void {
    switch (effect.kind) {
      case 'ack': {
        this.#ack(effect.to, effect.closesInMs)
        return
      }
      case 'invite': {
        this.#invite(effect.providers)
        return
      }
      case 'ackBid':
        return void this.#ackBid(effect.to, effect.commit)
      case 'refuse': {
        this.#refuse(effect.to, effect)
        return
      }
      case 'wake': {
        this.#wake(effect.atMs)
        return
      }
      case 'close':
        return void this.#close(effect.bids, effect.passes)
      case 'match': {
        this.#tell(effect.to, { kind: 'match', match: effect.match })
        return
      }
      case 'notice': {
        const notice = { match: effect.match.set.match, commits: sortedCommits(effect.commits) }
        this.#tell(effect.to, { kind: 'notice', notice })
        return
      }
    }
  }

  #ack(to: string, closesInMs: number): void {
    const invited = this.facts.invited.length
    this.#tell([to], { kind: 'ack', ack: { ...this.ref, ...this.facts.at, invited, closesInMs } })
  }

  #invite(providers: readonly Hex[]): void {
    const { clock, invite } = this.#components
    const { received, at, window } = this.facts
    const closesInMs = Math.max(0, window.maxAt - clock.now())
    for (const provider of providers) {
      invite(provider, { header: received.envelope, ...at, closesInMs })
    }
  }

  /** A promise to a bidder: only after the record that keeps a restarted seat from matching without it. */
  async #ackBid(to: string, commit: Hex): Promise<void> {
    const { network, signer, logger } = this.#components
    try {
      await this.#opened
      const ack = { ...this.ref, seat: this.facts.at.seat, commit }
      const signature = await signStruct(signer, network, 'BidAck', ack)
      this.#tell([to], { kind: 'bidAck', bidAck: { ack, signature } })
    } catch (error) {
      logger.warn('market.bid_not_acknowledged', { code: toDuckMeshError(error).code })
    }
  }

  #refuse(to: string, { code, detail }: { code: string; detail: string }): void {
    this.#tell([to], { kind: 'refuse', refuse: { ...this.ref, code, detail } })
  }

  #wake(atMs: number): void {
    const { clock } = this.#components
    this.#stopTimer()
    this.#stopTimer = clock.after(Math.max(0, atMs - clock.now()), () => {
      this.#step({ kind: 'tick' })
    })
  }

  /** Signed, on disk, then sent: a seat that restarts sends the same match again (K-56). */
  async #close(bids: readonly SeatBid[], passes: readonly Pass[]): Promise<void> {
    const { logger, onClosed } = this.#components
    this.#stopTimer()
    try {
      const set = { match: await this.#signMatch(bids), bids: bids.map(({ relayed }) => relayed) }
      const match: MatchFrame = { set, passes: [...passes] }
      await this.#save(encodeSeatRecord({ envelope: this.facts.received.envelope, match }))
      this.#step({ kind: 'signed', match })
      onClosed(this, match)
    } catch (error) {
      logger.warn('market.match_failed', { code: toDuckMeshError(error).code })
      onClosed(this, undefined)
    }
  }

  async #signMatch(bids: readonly SeatBid[]): Promise<MatchFrame['set']['match']> {
    const { network, signer } = this.#components
    const match: Match = {
      ...this.ref,
      ...this.facts.at,
      bidsRoot: bidsRoot(bids.map(({ commit }) => commit)),
      bids: bids.length,
    }
    return { match, signature: await signStruct(signer, network, 'Match', match) }
  }

  async #save(record: Uint8Array): Promise<void> {
    const { deadline } = this.facts.received.header.order.order
    const key = seatRecordKey(this.ref)
    try {
      await this.#components.records.save(key, record, deadline * 1_000 + OPENINGS_GRACE_MS)
    } catch (cause) {
      throw new DuckMeshError('INTERNAL', 'The auction could not be stored.', { cause })
    }
  }

  #tell(to: readonly string[], frame: Parameters<Outlet['send']>[0]): void {
    for (const id of to) this.#outlets.get(id)?.send(frame)
  }
}
