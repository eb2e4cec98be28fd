/** An auctioneer whose auctions end as a test wrote down; it keeps what was asked and opened. */
import type { AuctionProof, ClientBinding, Hex } from '@duckmesh/protocols'
import type { AuctionInput, AuctionResult, Auctioneer } from '@duckmesh/protocols/market'
import type { FeeSigner, LeftBid, RankedBid } from '@duckmesh/protocols/market'
import { address, bytes32 } from './offers.ts'

/** The seat of every auction here. */
export const SEAT: Hex = address(0x5ea7)
export const MATCH: Hex = bytes32(0x4d)
const SIGNATURE: Hex = `0x${'11'.repeat(65)}`

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
  const { left = [], passes = [], prices = [], providers } = scripted
  const { mode, replicas } = order.order
  const ranked = providers.map((provider, place) => {
    const first = mode === 0 ? 'member' : 'winner'
    const priceOut = prices[place] ?? 1_000n + BigInt(place)
    const bid = { jobId, attempt, provider, priceOut }
    return rankedBid(bid, place, place < replicas ? first : 'backup')
  })
  const turn = { seat: SEAT, epoch: 7, turn: 3 }
  const match = { jobId, attempt, ...turn, bidsRoot: bytes32(0xb1d5), bids: providers.length }
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
    choice: { ranked, left, matchHash: MATCH, ...turn },
    proof,
    sets: proof.sets,
    acks: [{ seat: SEAT, ms: 12, invited: providers.length }],
    passes,
    auctionMs: 31,
    seats: [seat],
  }
}

function rankedBid(
  fields: Pick<RankedBid['bid']['bid'], 'attempt' | 'jobId' | 'priceOut' | 'provider'>,
  place: number,
  role: RankedBid['role'],
): RankedBid {
  const rest = { priceIn: 250n, etaMs: 100, funding: 0, expiry: 2_000_000_000 }
  const bid = { bid: { ...fields, ...rest }, signature: SIGNATURE }
  const bidHash = bytes32(0xb000 + place)
  const { provider } = fields
  return { provider, bid, bidHash, score: 68n + BigInt(place), price: 68n, role }
}
