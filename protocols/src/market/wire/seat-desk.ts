/** The seat's side of the market (K-53 to K-58, K-80): admits headers, runs auctions, takes openings. */
import { shardOf } from '@duckmesh/proto'
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { HeaderQuota, checkJobHeader, requireFunds } from '../../mesh/index.ts'
import { openWindow } from '../auction/bid-window.ts'
import { AUCTION_KEPT_MS, MAX_KEPT_AUCTIONS } from '../constants.ts'
import { MAX_OPEN_AUCTIONS, MAX_OPEN_PER_PAYER } from '../constants.ts'
import { headerTerms } from '../auction/header-terms.ts'
import { sampleInvited } from '../auction/sample-invited.ts'
import { decodeSeatRecord, headerIn, seatRecordKey } from '../auction/seat-record.ts'
import { UnpaidRecords } from '../auction/unpaid-records.ts'
import { ExpiringMap } from '../expiring-map.ts'
import { headerRef } from './header-ref.ts'
import { MatchCounts } from './match-counts.ts'
import { SeatOpenings } from './seat-openings.ts'
import { SeatRun } from './seat-run.ts'
import { wireDetail } from './wire-detail.ts'
import type { TurnId } from '../../election/index.ts'
import type { ReceivedHeader } from '../../mesh/index.ts'
import type { SeatTurn } from '../auction/interface.ts'
import type { SeatRecord } from '../auction/seat-record.ts'
import type { ClientOutlet, Outlet } from './outlet.ts'
import type { SeatDeskComponents, SeatDeskInit } from './seat-components.ts'
import type {
  AuctionRef,
  BidFrame,
  Envelope,
  Hex,
  MatchFrame,
  Openings,
  Pass,
} from '@duckmesh/proto'

export class SeatDesk {
  readonly #components: SeatDeskComponents
  readonly #init: SeatDeskInit
  readonly #quota = new HeaderQuota()
  readonly #unpaid: UnpaidRecords
  readonly #counts = new MatchCounts()
  readonly #openings: SeatOpenings
  readonly #runs = new ExpiringMap<string, SeatRun>(MAX_KEPT_AUCTIONS)
  /** Admissions under way: the same header on two streams opens one window. */
  readonly #admitting = new Map<string, Promise<SeatRun | SeatRecord>>()
  /** Open auctions by payer. */
  readonly #open = new Map<Hex, Set<SeatRun>>()
  #openCount = 0

  constructor(components: SeatDeskComponents, init: SeatDeskInit) {
    this.#components = components
    this.#init = init
    this.#openings = new SeatOpenings(components)
    this.#unpaid = new UnpaidRecords(components)
  }

  /**
   * A client's header: acknowledged and run, answered from memory, or refused with a code. Rejects with
   * MALFORMED_FRAME for bytes that are no header.
   */
  async header(from: ClientOutlet, envelope: Envelope): Promise<void> {
    try {
      const received = await checkJobHeader(envelope, this.#components)
      if (received.peerKey !== from.remoteKey) {
        throw new DuckMeshError('BINDING_MISMATCH', 'The header is of another peer.')
      }
      await this.#run(from, received)
    } catch (error) {
      this.#refuse(from, headerRef(envelope, this.#components.network), error)
    }
  }

  /** A bid by a provider that the link speaks for. */
  bid(from: Outlet, owner: Hex, frame: BidFrame): void {
    const { jobId, attempt, provider, sealed } = frame
    const ref = { jobId, attempt }
    const run = this.#find(ref)
    if (provider !== owner) {
      this.#refuse(from, ref, bidOfAnother())
    } else if (run === undefined) {
      this.#refuse(from, ref, new DuckMeshError('JOB_UNKNOWN', 'No such auction is open here.'))
    } else run.bid({ provider, sealed }, from)
  }

  pass(owner: Hex, pass: Pass): void {
    if (pass.provider === owner) this.#find(pass)?.pass(pass)
  }

  /** The job is over: checks the choice, takes the fee, and lets the payer go on (K-80). */
  async openings(from: ClientOutlet, openings: Openings): Promise<void> {
    const { jobId, attempt } = openings
    const ref = { jobId, attempt }
    try {
      const record = await this.#record(ref)
      await this.#openings.take(openings, record, from.payer)
      await this.#unpaid.settled(from.payer, seatRecordKey(ref))
    } catch (error) {
      this.#refuse(from, ref, error)
    }
  }

  /** What heartbeats say of a turn. */
  matchesOf(shard: number, turn: TurnId): { matches: number; matchesHash: Hex } {
    return this.#counts.of(shard, turn)
  }

  /** Ends what runs, and writes down who owes openings. */
  async stop(): Promise<void> {
    for (const runs of this.#open.values()) for (const run of runs) run.stop()
    this.#open.clear()
    await this.#unpaid.stop()
  }

  #find(ref: AuctionRef): SeatRun | undefined {
    return this.#runs.get(seatRecordKey(ref), this.#components.clock.now())
  }

  async #run(from: ClientOutlet, received: ReceivedHeader): Promise<void> {
    const admitted = await this.#admission(received)
    if (admitted instanceof SeatRun) admitted.header(received.header, from)
    else this.#replay(from, received, admitted)
  }

  /** The auction of a header, or what is stored of it. */
  #admission(received: ReceivedHeader): Promise<SeatRun | SeatRecord> {
    const ref = { jobId: received.jobId, attempt: received.header.attempt }
    const key = seatRecordKey(ref)
    const run = this.#find(ref)
    if (run !== undefined) return Promise.resolve(run)
    const underWay = this.#admitting.get(key)
    if (underWay !== undefined) return underWay
    const admission = this.#admit(received).finally(() => this.#admitting.delete(key))
    this.#admitting.set(key, admission)
    return admission
  }

  /** New auctions only: cheap checks first, then the store, the chain and the quota. */
  async #admit(received: ReceivedHeader): Promise<SeatRun | SeatRecord> {
    const { clock, funding, records } = this.#components
    const { header, jobId } = received
    const { payer } = header.client
    const stored = await records.find(seatRecordKey({ jobId, attempt: header.attempt }))
    if (stored !== undefined) return decodeSeatRecord(stored)
    if (this.#isFull(payer)) {
      throw new DuckMeshError('RATE_LIMITED', 'Too many auctions are open here.')
    }
    if (await this.#unpaid.owes(payer)) {
      throw new DuckMeshError('SEAT_FEE_DUE', 'Openings of earlier matches are overdue.')
    }
    const at = await this.#seatOf(received)
    const funds = await requireFunds(funding, payer)
    if (!this.#quota.take(payer, funds, clock.now())) {
      throw new DuckMeshError('RATE_LIMITED', 'Too many job headers for these funds.')
    }
    return this.#start(received, at, await this.#invited(received, at))
  }

  /** The turn in which this provider has a seat: the current one, or a neighbour near the boundary (K-54). */
  async #seatOf({ header }: ReceivedHeader): Promise<SeatTurn> {
    const { provider: seat, view, clock } = this.#components
    const { turnClock } = view
    const shard = shardOf(header.order.order.modelId)
    const now = turnClock.now()
    const before = turnClock.at(turnClock.startMs(now) - 1)
    for (const id of [now, turnClock.next(now), before]) {
      if (!turnClock.isCurrent(id)) continue
      if ((await view.seats(shard, id)).includes(seat)) return { seat, ...id }
    }
    throw new DuckMeshError('STALE_SEAT', 'This peer has no seat of the shard now.', {
      details: { shard, now: clock.now() },
    })
  }

  async #invited({ header, jobId }: ReceivedHeader, { epoch }: SeatTurn): Promise<Hex[]> {
    const { offers, view, clock } = this.#components
    const live = offers.list(header.order.order.modelId, clock.now())
    const providers = live.map(({ entry }) => entry.offer.provider)
    return sampleInvited(providers, await view.seed(epoch), jobId, this.#init.maxInvited)
  }

  #start(received: ReceivedHeader, at: SeatTurn, invited: readonly Hex[]): SeatRun {
    const { clock } = this.#components
    const { windowMinMs: minMs, windowMaxMs: maxMs } = this.#init
    const { replicas } = received.header.order.order
    const window = openWindow(clock.now(), { replicas, invited: invited.length }, { minMs, maxMs })
    const onClosed = this.#closed.bind(this)
    const run = new SeatRun({ ...this.#components, onClosed }, { received, at, window, invited })
    const { payer } = received.header.client
    this.#open.set(payer, (this.#open.get(payer) ?? new Set()).add(run))
    this.#openCount++
    this.#runs.set(seatRecordKey(run.ref), run, clock.now() + AUCTION_KEPT_MS)
    return run
  }

  #isFull(payer: Hex): boolean {
    const ofPayer = this.#open.get(payer)?.size ?? 0
    return this.#openCount >= MAX_OPEN_AUCTIONS || ofPayer >= MAX_OPEN_PER_PAYER
  }

  #closed(run: SeatRun, match: MatchFrame | undefined): void {
    const { clock, onMatch } = this.#components
    const { header } = run.facts.received
    const { payer } = header.client
    const open = this.#open.get(payer)
    if (open?.delete(run) === true) this.#openCount--
    if (open?.size === 0) this.#open.delete(payer)
    if (match === undefined) return
    const { modelId, deadline } = header.order.order
    const shard = shardOf(modelId)
    this.#counts.add(shard, match.set.match.match, this.#components.network)
    const bids = match.set.bids.length
    if (bids > 0) void this.#unpaid.matched(payer, seatRecordKey(run.ref), deadline)
    onMatch?.({
      ...run.ref,
      shard,
      invited: run.facts.invited.length,
      bids,
      passes: match.passes.length,
      ms: clock.now() - run.openedAt,
    })
  }

  /** After a restart: the match that was signed, or nothing, because bids that were acknowledged may be lost. */
  #replay(from: ClientOutlet, { header, jobId }: ReceivedHeader, record: SeatRecord): void {
    const ref = { jobId, attempt: header.attempt }
    const { match } = record
    if (match === undefined) {
      throw new DuckMeshError('TIMED_OUT', 'The seat was restarted during this auction.')
    }
    if (headerTerms(headerIn(record.envelope)) !== headerTerms(header)) {
      const what = 'This attempt was matched for another header.'
      throw new DuckMeshError('MATCH_CONTRADICTS', what)
    }
    const { seat, epoch, turn } = match.set.match.match
    const at = { seat, epoch, turn, invited: match.set.bids.length, closesInMs: 0 }
    from.send({ kind: 'ack', ack: { ...ref, ...at } })
    from.send({ kind: 'match', match })
  }

  async #record(ref: AuctionRef): Promise<SeatRecord> {
    const run = this.#find(ref)
    if (run?.match !== undefined) {
      return { envelope: run.facts.received.envelope, match: run.match }
    }
    const stored = await this.#components.records.find(seatRecordKey(ref))
    if (stored !== undefined) return decodeSeatRecord(stored)
    throw new DuckMeshError('JOB_UNKNOWN', 'No match of this auction is stored here.')
  }

  #refuse(to: Outlet, ref: AuctionRef, error: unknown): void {
    const { code, message } = toDuckMeshError(error)
    this.#components.logger.debug('market.refused', { code, jobId: ref.jobId })
    to.send({ kind: 'refuse', refuse: { ...ref, code, detail: wireDetail(message) } })
  }
}

function bidOfAnother(): DuckMeshError {
  return new DuckMeshError('BID_INVALID', 'The bid is of another provider than its link.')
}
