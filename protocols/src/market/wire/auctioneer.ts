/** The client's side of auctions (K-63 to K-70, K-80): asks seats, chooses, and opens the bids when the job is over. */
import { shardOf } from '@duckmesh/proto'
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { sealJobHeader } from '../../mesh/index.ts'
import { RULE_VERSION } from '../auction/constants.ts'
import { chooseFrom } from '../auction/recompute-choice.ts'
import { seatFee } from '../auction/seat-fee.ts'
import { noBids, unreachable } from './auction-error.ts'
import { SeatRace } from './seat-race.ts'
import type { Logger, PeerSigner } from '../../components.ts'
import type { AuctionComponents } from '../auction/verify-set.ts'
import type { AuctionResult } from './auction-result.ts'
import type { HeaderForwarder, SeatAddress, SeatSource } from './client-ports.ts'
import type { SeatAttemptComponents } from './seat-attempt.ts'
import type { RaceResult } from './seat-race.ts'
import type { AuctionProof, ClientBinding, Hex, JobHeader, Openings } from '@duckmesh/proto'
import type { Pass, SignedJobOrder, SignedServiceVoucher } from '@duckmesh/proto'

export interface AuctioneerComponents extends Omit<SeatAttemptComponents, 'seats'> {
  view: AuctionComponents['seats']
  seats: SeatSource
  /** The key of this peer, which `client` binds to the payer. */
  signer: PeerSigner
  /** Numbers of this peer's envelopes. */
  sequence: { next(): number }
  logger: Logger
  /** Absent: only seats hear of the job. */
  forwarder?: HeaderForwarder
}

export interface AuctionInput {
  order: SignedJobOrder & { jobId: Hex }
  client: ClientBinding
  inBucket: number
  maxTokens: number
  /** 0 for the first; each attempt has a reply key of its own. */
  attempt: number
  /** Draw secret and keccak256 of the audit secret, for a redundant job. */
  draw?: Hex
  auditHash?: Hex
  /** Providers to leave out by experience. */
  excluded: readonly Hex[]
}

/** Signs the fee of a seat: its total raised by `amount` wei. */
export type FeeSigner = (seat: Hex, amount: bigint) => Promise<SignedServiceVoucher>

/** Time for a seat to be dialled again for the openings, ms. */
const OPENINGS_TIMEOUT_MS = 10_000

export class Auctioneer {
  readonly #components: AuctioneerComponents

  constructor(components: AuctioneerComponents) {
    this.#components = components
  }

  /**
   * Runs one attempt and chooses.
   *
   * @throws AuctionError SEATS_UNREACHABLE (the direct lane needs none), NO_BIDS with the counted reasons
   * @throws DuckMeshError CANCELLED, CHAIN_UNREACHABLE, or what the source of seats rejects with
   */
  async run(input: AuctionInput, signal: AbortSignal): Promise<AuctionResult> {
    const { clock, replyKeys, sequence, seats, view } = this.#components
    const { jobId } = input.order
    const shard = shardOf(input.order.order.modelId)
    const [reply, found] = await Promise.all([replyKeys.create(), seats.seats(shard, signal)])
    const header = headerOf(input, reply.publicKey)
    const envelope = await sealJobHeader(header, sequence.next(), this.#components)
    const startedAt = clock.now()
    this.#forward(envelope, shard)
    const secret = { replySecret: reply.secretKey, opened: new Map() }
    const question = { header, jobId, envelope, ...secret }
    const race = new SeatRace({ ...this.#components, seats: view }, question, found)
    const won = await race.run(signal)
    if (won.matches.length === 0) {
      const auctionMs = clock.now() - startedAt
      throw unreachable(jobId, { ...won, attempt: input.attempt, auctionMs })
    }
    const proof = proofOf(input, reply.secretKey, won)
    const choice = await chooseFrom(
      won.matches.map(({ opened }) => opened),
      proof,
      header,
      view,
    )
    const result: AuctionResult = {
      jobId,
      header,
      choice,
      proof,
      sets: proof.sets,
      acks: won.acks,
      failures: won.failures,
      passes: passesOf(won),
      auctionMs: clock.now() - startedAt,
      seats: won.acked,
    }
    if (choice.ranked.length > 0) return result
    void this.sendOpenings(result, [], 0n)
    throw noBids(result)
  }

  /**
   * Opens the bids to every seat that ran the auction, and pays the first one. What cannot be sent is logged: the
   * seat then counts it as owed.
   *
   * @param winners awarded providers by segment
   * @param paid sum of the job's receipts, wei
   */
  async sendOpenings(
    result: AuctionResult,
    winners: readonly Hex[],
    paid: bigint,
    fee?: FeeSigner,
  ): Promise<void> {
    const { jobId, header, proof, choice } = result
    const base = { jobId, attempt: header.attempt, proof, winners: [...winners], paid }
    const sent = result.seats.map(async (seat) => {
      const due = seat.owner === choice.seat ? seatFee(paid) : 0n
      const voucher = due > 0n && fee !== undefined ? await fee(seat.owner, due) : undefined
      await this.#sendTo(seat, voucher === undefined ? base : { ...base, fee: voucher })
    })
    for (const done of await Promise.allSettled(sent)) {
      if (done.status === 'fulfilled') continue
      const { code } = toDuckMeshError(done.reason)
      this.#components.logger.warn('market.openings_not_sent', { jobId, code })
    }
  }

  async #sendTo(seat: SeatAddress, openings: Openings): Promise<void> {
    const { clock, sessions } = this.#components
    const stop = new AbortController()
    const stopTimer = clock.after(OPENINGS_TIMEOUT_MS, () => {
      stop.abort(new DuckMeshError('TIMED_OUT', 'The seat could not be reached.'))
    })
    try {
      await (await sessions.to(seat, stop.signal)).openings(openings)
    } finally {
      stopTimer()
    }
  }

  /** Beside the seats: who is not invited may bid too. A failure costs nothing. */
  #forward(...args: Parameters<HeaderForwarder['forward']>): void {
    this.#components.forwarder?.forward(...args).catch((error: unknown) => {
      const { code } = toDuckMeshError(error)
      this.#components.logger.debug('market.header_not_forwarded', { code })
    })
  }
}

function headerOf(input: AuctionInput, replyKey: Hex): JobHeader {
  const { order, client, inBucket, maxTokens, attempt } = input
  const signed = { order: order.order, signature: order.signature }
  return { order: signed, client, replyKey, inBucket, maxTokens, attempt }
}

function proofOf(input: AuctionInput, replySecret: Hex, { matches }: RaceResult): AuctionProof {
  const { excluded, draw, auditHash } = input
  return {
    sets: matches.map(({ set }) => set),
    replySecret,
    ruleVersion: RULE_VERSION,
    excluded: [...excluded],
    ...(draw === undefined ? {} : { draw }),
    ...(auditHash === undefined ? {} : { auditHash }),
  }
}

/** One reason a provider, and none of those that bid. */
function passesOf({ matches }: RaceResult): Pass[] {
  const bidders = new Set(matches.flatMap(({ set }) => set.bids.map((bid) => bid.provider)))
  const passes = matches.flatMap((match) => match.passes)
  const byProvider = new Map(passes.map((pass) => [pass.provider, pass]))
  return [...byProvider.values()].filter((pass) => !bidders.has(pass.provider))
}
