/** The provider's side of auctions (K-57, K-59): one bid per attempt, and an eye on the seats that got it. */
import { isTextModel, marketFrameCodec, shardOf } from '@duckmesh/proto'
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { bidCommit } from '../auction/bid-commit.ts'
import { checkWinners } from '../auction/check-winners.ts'
import { decideBid } from '../auction/decide-bid.ts'
import { headerTerms } from '../auction/header-terms.ts'
import { MODE_REDUNDANT } from '../auction/constants.ts'
import { judgeBid } from '../auction/judge-bid.ts'
import { openBid } from '../auction/open-bid.ts'
import { recomputeChoice } from '../auction/recompute-choice.ts'
import { bidPrice, bidScore } from '../auction/score.ts'
import { sealBid, signBid } from '../auction/seal-bid.ts'
import { MAX_KEPT_AUCTIONS } from '../constants.ts'
import { ExpiringMap } from '../expiring-map.ts'
import { SeatEvidence } from './seat-evidence.ts'
import { wireDetail } from './wire-detail.ts'
import type { Clock, Logger, Signer } from '../../components.ts'
import type { ReceivedHeader } from '../../mesh/index.ts'
import type { BidDecision } from '../auction/decide-bid.ts'
import type { BidStore, OwnBid, SeatTurn } from '../auction/interface.ts'
import type { AuctionComponents } from '../auction/verify-set.ts'
import type { Load } from '../interface.ts'
import type { ChannelCapacity, EvidenceStore, OwnPrices } from './ports.ts'
import type { AuctionRef, Bid, BidFrame, Hex, MatchNotice, Openings, Pass } from '@duckmesh/proto'
import type { SignedBidAck } from '@duckmesh/proto'

export interface BidderComponents extends Omit<AuctionComponents, 'seats'> {
  clock: Clock
  logger: Logger
  /** The operator's key. */
  signer: Signer
  /** Owner address under which this node serves. */
  provider: Hex
  view: AuctionComponents['seats']
  prices: OwnPrices
  load: () => Load
  capacity: ChannelCapacity
  bids: BidStore
  evidence: EvidenceStore
}

export interface BidderInit {
  /** Modes of orders that this node serves; both when left out. */
  modes?: readonly number[]
  /** Told when a client's choice does not follow from its bids. */
  onWrong?: (ref: AuctionRef) => void
}

/** What a provider answers to a header. */
export type BidAnswer = { kind: 'bid'; bid: BidFrame } | { kind: 'pass'; pass: Pass }

const ALL_MODES = [0, 1]

export class Bidder {
  readonly #components: BidderComponents
  readonly #modes: readonly number[]
  readonly #onWrong: ((ref: AuctionRef) => void) | undefined
  readonly #evidence: SeatEvidence
  /** By auction, so that two invitations at once make one bid. */
  readonly #tails = new ExpiringMap<string, Promise<unknown>>(MAX_KEPT_AUCTIONS)

  constructor(components: BidderComponents, init: BidderInit = {}) {
    this.#components = components
    this.#modes = init.modes ?? ALL_MODES
    this.#onWrong = init.onWrong
    this.#evidence = new SeatEvidence(components)
  }

  /**
   * Answers a verified header for one seat: with the bid of this attempt, made once and on disk, or with the
   * reason for none. Rejects only when the bid could not be stored.
   */
  decide(received: ReceivedHeader, at: SeatTurn): Promise<BidAnswer> {
    return this.#inTurn(received, () => this.#decide(received, at))
  }

  /** As `decide` for a seat that did not ask; undefined when it got the bid of this attempt already. */
  async volunteer(received: ReceivedHeader, at: SeatTurn): Promise<BidAnswer | undefined> {
    const { jobId, header } = received
    const ref = { jobId, attempt: header.attempt }
    const sent = await this.#inTurn(received, () => this.#sentTo(ref, at.seat))
    return sent === undefined ? this.decide(received, at) : undefined
  }

  /** A seat's word that it holds the bid; what is not is ignored. Its signature is looked at when it is needed. */
  async acknowledged(signed: SignedBidAck): Promise<void> {
    const { ack } = signed
    const own = await this.#sentTo(ack, ack.seat)
    if (own === undefined || ack.commit !== commitOf(ack, own)) return
    await this.#evidence.acknowledged(signed, own)
  }

  /** A seat's match; kept as evidence when it leaves out an acknowledged bid or contradicts another one. */
  async noticed(notice: MatchNotice): Promise<void> {
    const { match } = notice.match
    const own = await this.#sentTo(match, match.seat)
    if (own !== undefined) await this.#evidence.noticed(notice, own)
  }

  /** The job is over and the bids are open: repeats the choice and keeps a wrong one. */
  async opened(openings: Openings): Promise<void> {
    const { jobId, attempt, proof, winners } = openings
    const { bids, evidence, logger, view: seats } = this.#components
    const own = await bids.find(jobId, attempt)
    if (own === undefined) return
    for (const { match } of proof.sets) {
      if (own.seats.some((at) => at.seat === match.match.seat)) {
        await this.#evidence.shown(match, own)
      }
    }
    if (await this.#isBeaten(openings, own)) return
    try {
      const input = { header: own.header, jobId, proof }
      checkWinners(await recomputeChoice(input, { ...this.#components, seats }), winners)
    } catch (error) {
      const { code } = toDuckMeshError(error)
      logger.warn('market.choice_wrong', { code, jobId })
      if (code === 'CHAIN_UNREACHABLE') return
      this.#onWrong?.({ jobId, attempt })
      await evidence.keep(code, [marketFrameCodec.encode({ kind: 'openings', openings })])
    }
  }

  /**
   * Whether one provider won with a better bid than the own one: then nothing is lost here, and the rest of the choice
   * is for the seat, who repeats it whole, and for whoever had a still better bid.
   */
  async #isBeaten({ attempt, jobId, proof, winners }: Openings, own: OwnBid): Promise<boolean> {
    const { provider, view } = this.#components
    const { header, signed } = own
    const [winner] = winners
    if (header.order.order.mode === MODE_REDUNDANT || winner === undefined) return false
    if (winners.includes(provider)) return false
    for (const { bids, match } of proof.sets) {
      const relayed = bids.find((bid) => bid.provider === winner)
      if (relayed === undefined) continue
      const opening = { jobId, attempt, replySecret: proof.replySecret }
      const opened = await openBid(relayed, opening, this.#components)
      const startS = Math.floor(view.turnClock.startMs(match.match) / 1_000)
      const { code, score } = judgeBid(opened, header, startS)
      if (code !== undefined || score === undefined) return false
      const ours = bidScore(bidPrice(signed.bid, header), signed.bid.etaMs)
      return score < ours || (score === ours && winner < provider)
    }
    return false
  }

  async #sentTo({ jobId, attempt }: AuctionRef, seat: Hex): Promise<OwnBid | undefined> {
    const own = await this.#components.bids.find(jobId, attempt)
    return own?.seats.some((at) => at.seat === seat) === true ? own : undefined
  }

  /** One answer to an attempt after the other, so that all seats get the same bid. */
  #inTurn<T>({ header, jobId }: ReceivedHeader, answer: () => Promise<T>): Promise<T> {
    const key = `${jobId}:${header.attempt}`
    const { clock } = this.#components
    const before = this.#tails.get(key, clock.now()) ?? Promise.resolve()
    const next = before.catch(() => undefined).then(answer)
    this.#tails.set(key, next, header.order.order.deadline * 1_000)
    return next
  }

  async #decide(received: ReceivedHeader, at: SeatTurn): Promise<BidAnswer> {
    const { bids } = this.#components
    const { header, jobId } = received
    try {
      await this.#checkSeat(received, at)
      const known = await bids.find(jobId, header.attempt)
      if (known !== undefined) return await this.#again(known, received, at)
      const decision = decideBid(await this.#need(received))
      if (decision.kind === 'pass') return this.#pass(received, decision)
      return await this.#bid(received, decision.bid, at)
    } catch (error) {
      const { code, message } = toDuckMeshError(error)
      if (code === 'INTERNAL') throw error
      return this.#pass(received, { kind: 'pass', code, detail: message })
    }
  }

  /** Rule K-54: a bid for another turn could not be checked against its seat later. */
  async #checkSeat({ header }: ReceivedHeader, at: SeatTurn): Promise<void> {
    const { view } = this.#components
    const shard = shardOf(header.order.order.modelId)
    const seats = view.turnClock.isCurrent(at) ? await view.seats(shard, at) : []
    if (seats.includes(at.seat)) return
    throw new DuckMeshError('STALE_SEAT', 'The inviting peer has no seat now.')
  }

  async #need({ header, jobId }: ReceivedHeader): Promise<Parameters<typeof decideBid>[0]> {
    const { provider, prices, load, capacity, clock } = this.#components
    const { modelId, payer } = header.order.order
    const quote = prices.quote(modelId)
    const isComparable = !isTextModel(modelId) && quote?.numbers === undefined
    return {
      header,
      jobId,
      provider,
      quote,
      load: load(),
      // Rules T-6 and N-8.
      modes: isComparable ? this.#modes : this.#modes.filter(isStreaming),
      covered: await capacity.covered(payer),
      now: clock.now(),
    }
  }

  /** Signed, sealed and on disk before it leaves: an award may come after a restart. */
  async #bid({ header, jobId }: ReceivedHeader, bid: Bid, at: SeatTurn): Promise<BidAnswer> {
    const { crypto, bids } = this.#components
    const signed = await signBid(bid, this.#components)
    const sealed = await sealBid(signed, header.replyKey, crypto)
    await bids.save(jobId, { header, signed, sealed, seats: [seatTurn(at)] })
    return { kind: 'bid', bid: frameOf({ jobId, attempt: header.attempt }, signed.bid, sealed) }
  }

  /** The same sealed bytes for every seat, so that the union of two matches holds one bid. */
  async #again(known: OwnBid, received: ReceivedHeader, at: SeatTurn): Promise<BidAnswer> {
    const { header, jobId } = received
    if (headerTerms(known.header) !== headerTerms(header)) {
      throw new DuckMeshError('HEADER_INVALID', 'The bid of this attempt was for another header.')
    }
    const isNew = !known.seats.some((one) => sameTurn(one, at))
    if (isNew) {
      await this.#components.bids.save(jobId, { ...known, seats: [...known.seats, seatTurn(at)] })
    }
    const ref = { jobId, attempt: header.attempt }
    return { kind: 'bid', bid: frameOf(ref, known.signed.bid, known.sealed) }
  }

  #pass(
    { header, jobId }: ReceivedHeader,
    { code, detail }: BidDecision & { kind: 'pass' },
  ): BidAnswer {
    const { provider } = this.#components
    const { attempt } = header
    return { kind: 'pass', pass: { jobId, attempt, provider, code, detail: wireDetail(detail) } }
  }
}

function frameOf(ref: AuctionRef, { provider }: Bid, sealed: OwnBid['sealed']): BidFrame {
  return { ...ref, provider, sealed }
}

function commitOf({ jobId, attempt }: AuctionRef, { signed, sealed }: OwnBid): Hex {
  return bidCommit({ jobId, attempt }, { provider: signed.bid.provider, sealed })
}

function seatTurn({ seat, epoch, turn }: SeatTurn): SeatTurn {
  return { seat, epoch, turn }
}

function isStreaming(mode: number): boolean {
  return mode !== MODE_REDUNDANT
}

function sameTurn(a: SeatTurn, b: SeatTurn): boolean {
  return a.seat === b.seat && a.epoch === b.epoch && a.turn === b.turn
}
