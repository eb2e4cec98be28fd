/** An auctioneer whose auctions end as a test wrote down; it keeps what was asked and opened. */
import type { AuctionProof, ClientBinding, Hex } from '@duckmesh/protocols'
import { AuctionError } from '@duckmesh/protocols/market'
import type { AuctionInput, AuctionResult, Auctioneer } from '@duckmesh/protocols/market'
import type { FeeSigner, LeftBid, LostAuction, RankedBid } from '@duckmesh/protocols/market'
import { address, bytes32 } from './offers.ts'

/** The seat of every auction here. */
export const SEAT: Hex = address(0x5ea7)
export const MATCH: Hex = bytes32(0x4d)
const SIGNATURE: Hex = `0x${'11'.repeat(65)}`
const TURN = { seat: SEAT, epoch: 7, turn: 3 }

export const BINDING: ClientBinding = {
  peerKey: bytes32(0xbb),
  payer: address(0xc1),
  expiry: 2_000_000_000,
  signature: SIGNATURE,
}

export interface ScriptedAuction {
  /** By place; the first `replicas` are members of a redundant job. */
  providers: readonly Hex[]
  /** By place, wei per 1 000 tokens out; 1 000 and a wei more for each place when left out. */
  prices?: readonly bigint[]
  /** Whose bids need an allotment. */
  uncovered?: readonly Hex[]
  left?: readonly LeftBid[]
  passes?: AuctionResult['passes']
}

interface Opened {
  result: AuctionResult
  winners: readonly Hex[]
  paid: bigint
}

export class FakeAuctioneer implements Pick<Auctioneer, 'run' | 'sendOpenings'> {
  readonly asked: AuctionInput[] = []
  readonly opened: Opened[] = []
  /** What signing the seat's fee rejected with. */
  readonly feeFailures: unknown[] = []
  readonly #auctions: (ScriptedAuction | Error | 'hang')[]

  constructor(...auctions: (ScriptedAuction | Error | 'hang')[]) {
    this.#auctions = auctions
  }

  run(input: AuctionInput, signal: AbortSignal): Promise<AuctionResult> {
    this.asked.push(input)
    const next = this.#auctions.shift()
    if (next === undefined) throw new Error('one auction too many')
    if (next instanceof Error) return Promise.reject(next)
    if (next !== 'hang') return Promise.resolve(resultOf(input, next))
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error)
      })
    })
  }

  async sendOpenings(
    result: AuctionResult,
    winners: readonly Hex[],
    paid: bigint,
    fee?: FeeSigner,
  ): Promise<void> {
    this.opened.push({ result, winners, paid })
    // One hundredth, rounded up, as the real one.
    if (paid === 0n) return
    await fee?.(SEAT, (paid + 99n) / 100n).catch((error: unknown) => this.feeFailures.push(error))
  }
}

function resultOf(input: AuctionInput, scripted: ScriptedAuction): AuctionResult {
  const { attempt, client, excluded, inBucket, maxTokens, order } = input
  const { jobId, signature } = order
  const { left = [], passes = [], prices = [], providers, uncovered = [] } = scripted
  const { mode, replicas } = order.order
  const ranked = providers.map((provider, place) => {
    const first = mode === 0 ? 'member' : 'winner'
    const priceOut = prices[place] ?? 1_000n + BigInt(place)
    const bid = {
      jobId,
      attempt,
      provider,
      priceOut,
      funding: uncovered.includes(provider) ? 1 : 0,
    }
    return rankedBid(bid, place, place < replicas ? first : 'backup')
  })
  const match = { jobId, attempt, ...TURN, bidsRoot: bytes32(0xb1d5), bids: providers.length }
  const sealed = { enc: new Uint8Array(32), ciphertext: new Uint8Array(1) }
  const bids = providers.map((provider) => ({ provider, sealed }))
  const set = { match: { match, signature: SIGNATURE }, bids }
  const secret = { replySecret: bytes32(5), ruleVersion: 1, excluded: [...excluded] }
  const proof: AuctionProof = { sets: [set], ...secret }
  const seat = { owner: SEAT, peerKey: bytes32(6), addresses: [] }
  return {
    jobId,
    header: {
      order: { order: order.order, signature },
      client,
      replyKey: bytes32(8),
      inBucket,
      maxTokens,
      attempt,
    },
    choice: { ranked, left, matchHash: MATCH, ...TURN },
    proof,
    sets: proof.sets,
    acks: [{ ...TURN, ms: 12, invited: providers.length }],
    failures: [],
    passes,
    auctionMs: 31,
    seats: [seat],
  }
}

/** What the auctioneer rejects with: of NO_BIDS with the match of the seat, of SEATS_UNREACHABLE with its ack alone. */
export function lostAuction(
  code: 'NO_BIDS' | 'SEATS_UNREACHABLE',
  why: string,
  { over = {}, reasons = [], result = {} }: LostFacts = {},
): AuctionError {
  const acks = [{ ...TURN, ms: 12, invited: 5 }]
  const facts = { attempt: 0, acks, failures: [], auctionMs: 31, why, ...over }
  const options = { jobId: bytes32(1), details: { reasons } }
  if (code === 'SEATS_UNREACHABLE') return new AuctionError(code, facts, options)
  const held = { ...resultOf(LOST_INPUT, { providers: [] }), acks, ...result }
  return new AuctionError(code, { ...facts, result: held }, options)
}

interface LostFacts {
  over?: Partial<LostAuction>
  /** As the auctioneer counts them. */
  reasons?: readonly string[]
  result?: Partial<AuctionResult>
}

const ORDER = { payer: BINDING.payer, nonce: 1, modelId: bytes32(2), specHash: bytes32(3), mode: 1 }
const TERMS = { replicas: 1, maxPrice: 67n, auditBps: 0, secretHash: bytes32(4), deadline: 2e9 }
const LOST_INPUT: AuctionInput = {
  order: { order: { ...ORDER, ...TERMS }, jobId: bytes32(1), signature: SIGNATURE },
  client: BINDING,
  inBucket: 16,
  maxTokens: 64,
  attempt: 0,
  excluded: [],
}

function rankedBid(
  fields: Pick<RankedBid['bid']['bid'], 'attempt' | 'funding' | 'jobId' | 'priceOut' | 'provider'>,
  place: number,
  role: RankedBid['role'],
): RankedBid {
  const rest = { priceIn: 250n, etaMs: 100, expiry: 2_000_000_000 }
  const bid = { bid: { ...fields, ...rest }, signature: SIGNATURE }
  const bidHash = bytes32(0xb000 + place)
  const { provider } = fields
  return { provider, bid, bidHash, score: 68n + BigInt(place), price: 68n, role }
}
