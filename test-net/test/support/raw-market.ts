/** The market protocol by hand: a client's, a bidder's or a seat's end of a stream, and frames of which any may be wrong. */
import { generateKeyPairSync } from 'node:crypto'
import { hexToBytes, jobHeaderCodec, signedBidCodec } from '@duckmesh/proto'
import type { AwardFrame, Bid, BidSet, MarketFrame, RelayedBid, SignedBid } from '@duckmesh/proto'
import type { ModelOffer, Signer } from '@duckmesh/protocols'
import { bytesToHex, lowerHex, marketFrameCodec, structDigest } from '@duckmesh/protocols'
import type { AuctionProof, Envelope, Hex, JobHeader } from '@duckmesh/protocols'
import {
  firstStepPrice,
  saltSpec,
  sealSpec,
  signAward,
  signOrder,
} from '@duckmesh/protocols/dispatch'
import type { NewOrder, SaltedSpec } from '@duckmesh/protocols/dispatch'
import { bidPrice, bidScore, signBid } from '@duckmesh/protocols/market'
import { MARKET_PROTOCOL, buildHello, sealEnvelope } from '@duckmesh/protocols/mesh'
import { signClientBinding, signPeerBinding } from '@duckmesh/protocols/mesh'
import type { FrameStream } from '@duckmesh/protocols/mesh'
import { HpkeReplyKeys } from '@duckmesh/sdk'
import { AssertionError } from 'chai'
import type { HDAccount } from 'viem/accounts'
import { SEALING, inSeconds } from './raw-client.ts'
import type { RawClient } from './raw-client.ts'
import { rng, signerOf } from './raw-peer.ts'
import type { RawPeer } from './raw-peer.ts'
import { until } from './until.ts'

type Kind = MarketFrame['kind']
type FrameOf<K extends Kind> = Extract<MarketFrame, { kind: K }>

const REPLY_KEYS = new HpkeReplyKeys(rng)
const IN_BUCKET = 128
const MAX_TOKENS = 20
/** SCHEMAS "Seal". */
const SEAL_INFO = 'duckmesh/1/bid'

/** One market stream after the hellos, with all that came over it. */
export class RawMarket {
  readonly peer: RawPeer
  readonly received: MarketFrame[] = []
  /** The remote ended or reset it. */
  ended = false
  readonly #frames: FrameStream<MarketFrame>

  private constructor(peer: RawPeer, frames: FrameStream<MarketFrame>) {
    this.peer = peer
    this.#frames = frames
    void this.#read()
  }

  static async asClient(peer: RawPeer, payer: HDAccount, address: string): Promise<RawMarket> {
    const fields = { peerKey: peer.peerKey, expiry: inSeconds(3_600) }
    const { network } = peer
    const client = await signClientBinding(fields, { network, signer: signerOf(payer) })
    return RawMarket.#open(peer, address, { client })
  }

  static async asPeer(peer: RawPeer, operator: HDAccount, address: string): Promise<RawMarket> {
    const { publicKey } = generateKeyPairSync('x25519')
    const encKey = bytesToHex(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32))
    const fields = { peerKey: peer.peerKey, encKey, expiry: inSeconds(3_600) }
    const { network } = peer
    const binding = await signPeerBinding(fields, { network, signer: signerOf(operator) })
    return RawMarket.#open(peer, address, { peer: binding })
  }

  static async #open(
    peer: RawPeer,
    address: string,
    parts: Parameters<typeof buildHello>[1],
  ): Promise<RawMarket> {
    const frames = await peer.openFrames(address, MARKET_PROTOCOL, marketFrameCodec)
    await frames.send({ kind: 'hello', hello: buildHello(peer.network, parts) })
    const market = new RawMarket(peer, frames)
    await market.next('hello')
    return market
  }

  /** A remote that is gone is seen by `ended`. */
  async send(frame: MarketFrame): Promise<void> {
    await this.#frames.send(frame).catch(() => undefined)
  }

  /** The first frame of a kind that matches, among all that came. */
  next<K extends Kind>(
    kind: K,
    matches: (frame: FrameOf<K>) => boolean = () => true,
  ): Promise<FrameOf<K>> {
    return until(`a frame "${kind}"`, () => {
      const found = this.received.find((frame): frame is FrameOf<K> => {
        return frame.kind === kind && matches(frame as FrameOf<K>)
      })
      if (found === undefined && this.ended) throw new AssertionError(`It ended before "${kind}".`)
      return found
    })
  }

  /** The code with which an auction's frame was refused. */
  async refusal(jobId: Hex): Promise<string> {
    return (await this.next('refuse', ({ refuse }) => refuse.jobId === jobId)).refuse.code
  }

  close(): Promise<void> {
    return this.#frames.close()
  }

  async #read(): Promise<void> {
    try {
      for await (const frame of this.#frames) this.received.push(frame)
    } catch {
      // A reset is an end too.
    }
    this.ended = true
  }
}

export interface RawJob {
  jobId: Hex
  order: NewOrder
  header: JobHeader
  envelope: Envelope
  replySecret: Hex
  spec: SaltedSpec
}

export interface JobWish {
  /** Unix seconds. */
  deadline?: number
  attempt?: number
  /** Whose binding is in the header; the payer's own when left out. */
  boundTo?: HDAccount
  /** An order of before instead of a new one. */
  like?: RawJob
}

let nonce = 1

/** A header as a client sends it. */
export async function rawJob(
  peer: RawPeer,
  payer: HDAccount,
  model: ModelOffer,
  wish: JobWish = {},
): Promise<RawJob> {
  const { attempt = 0, boundTo = payer, deadline = inSeconds(600), like } = wish
  const { network } = peer
  const spec = like?.spec ?? specOf()
  const { modelId } = model
  const terms = { modelId, specHash: spec.specHash, maxPrice: 10n ** 18n, deadline }
  const order =
    like?.order ?? (await signOrder(signerOf(payer), network, rng, { ...terms, nonce: nonce++ }))
  const reply = await REPLY_KEYS.create()
  const fields = { peerKey: peer.peerKey, expiry: inSeconds(3_600) }
  const header: JobHeader = {
    order: { order: order.order, signature: order.signature },
    client: await signClientBinding(fields, { network, signer: signerOf(boundTo) }),
    replyKey: reply.publicKey,
    inBucket: IN_BUCKET,
    maxTokens: MAX_TOKENS,
    attempt,
  }
  const envelope = await sealHeader(peer, header)
  return { jobId: order.jobId, order, header, envelope, replySecret: reply.secretKey, spec }
}

export function sealHeader(peer: RawPeer, header: JobHeader): Promise<Envelope> {
  const payload = jobHeaderCodec.encode(header)
  const draft = { type: 'jobHeader' as const, payload, seq: Date.now() * 1_000 + nonce++ }
  return sealEnvelope({ ...draft, lifeMs: 10_000 }, peer)
}

function specOf(): SaltedSpec {
  const sampling = {
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    repetitionPenalty: 1,
    logitBias: [],
  }
  const messages = [{ role: 'user', content: 'What is 2 plus 3?' }]
  const seed = bytesToHex(rng.bytes(32))
  return saltSpec({ messages, sampling, maxTokens: MAX_TOKENS, stop: [], seed }, rng)
}

/** Asks a seat and waits for its match. */
export async function matchAt(seat: RawMarket, job: RawJob): Promise<BidSet> {
  await seat.send({ kind: 'header', header: job.envelope })
  const isOurs = ({ match }: FrameOf<'match'>): boolean => match.set.match.match.jobId === job.jobId
  return (await seat.next('match', isOurs)).match.set
}

/** A bid for a job, signed, and sealed so that it opens whatever it says; `over` is what is wrong with it. */
export async function rawBid(
  peer: RawPeer,
  job: RawJob,
  { provider, signer }: { provider: Hex; signer: Signer },
  over: Partial<Bid> = {},
): Promise<RelayedBid> {
  const { header, jobId } = job
  const bid: Bid = {
    ...{ jobId, attempt: header.attempt, provider, etaMs: 0, funding: 0 },
    ...{ priceIn: 1_000n, priceOut: 1_000n, expiry: inSeconds(600) },
    ...over,
  }
  const bytes = signedBidCodec.encode(await signBid(bid, { network: peer.network, signer }))
  const sealed = await SEALING.seal(header.replyKey, SEAL_INFO, aadOf(jobId, provider), bytes)
  return { provider, sealed }
}

/** The bids of a set that open, the best first by the score rule. */
export async function rankedBids(job: RawJob, set: BidSet): Promise<SignedBid[]> {
  const opened = await Promise.all(set.bids.map((bid) => openedBid(job, bid)))
  const bids = opened.filter((bid) => bid !== null)
  const scored = bids.map((signed) => {
    const { bid } = signed
    return { signed, score: bidScore(bidPrice(bid, job.header), bid.etaMs) }
  })
  scored.sort((a, b) => {
    if (a.score !== b.score) return a.score < b.score ? -1 : 1
    return a.signed.bid.provider < b.signed.bid.provider ? -1 : 1
  })
  return scored.map(({ signed }) => signed)
}

async function openedBid(job: RawJob, { provider, sealed }: RelayedBid): Promise<SignedBid | null> {
  const aad = aadOf(job.jobId, provider)
  try {
    const bytes = await REPLY_KEYS.open(job.replySecret, SEAL_INFO, aad, sealed)
    return signedBidCodec.decode(bytes)
  } catch {
    return null
  }
}

function aadOf(jobId: Hex, provider: Hex): Uint8Array {
  return Buffer.concat([hexToBytes(jobId), hexToBytes(provider)])
}

export function proofOf(job: RawJob, sets: BidSet[]): AuctionProof {
  return { sets, replySecret: job.replySecret, ruleVersion: 1, excluded: [] }
}

/** A good award of segment 0 for a bid, whose first step is paid. */
export async function auctionAward(
  to: RawClient,
  job: RawJob,
  proof: AuctionProof,
  { bid }: SignedBid,
): Promise<AwardFrame> {
  const { network } = to.peer
  const [primary] = proof.sets
  if (primary === undefined) throw new TypeError('The proof has no match.')
  const { jobId, order } = job
  const budget = order.order.maxPrice
  const award = await signAward(to.payer, network, {
    ...{ jobId, provider: bid.provider, segment: 0, fromToken: 0, prefixIds: [], budget },
    bidHash: structDigest(network, 'Bid', bid),
    matchHash: structDigest(network, 'Match', primary.match.match),
    issuedAt: inSeconds(0),
  })
  const { priceIn, priceOut } = bid
  const sizes = { inBucket: job.header.inBucket, maxTokens: job.header.maxTokens }
  return {
    order: job.header.order,
    award,
    spec: await sealSpec(SEALING, to.quote.encKey, jobId, bid.provider, job.spec),
    ...sizes,
    priceIn,
    priceOut,
    voucher: await to.voucher(jobId, firstStepPrice({ priceIn, priceOut, ...sizes, budget })),
    prefixIds: [],
    auction: proof,
  }
}

/** How owner and operator of an account pair bid. */
export function bidderOf({ operator, owner }: { owner: HDAccount; operator: HDAccount }): {
  provider: Hex
  signer: Signer
} {
  return { provider: lowerHex(owner.address), signer: signerOf(operator) }
}
