/** A payer that builds each frame by itself, so that any of them may be wrong. */
import type { AwardFrame, Hello, VoucherFrame } from '@duckmesh/proto'
import {
  bytesToHex,
  capsFrameCodec,
  jobFrameCodec,
  offerCodec,
  signStruct,
} from '@duckmesh/protocols'
import type { Hex, JobFrame, ModelOffer, Signer } from '@duckmesh/protocols'
import {
  firstStepPrice,
  saltSpec,
  sealSpec,
  signAward,
  ZERO_HASH,
  signOrder,
} from '@duckmesh/protocols/dispatch'
import { offerHash, stepPrice } from '@duckmesh/protocols/market'
import {
  CAPS_PROTOCOL,
  JOB_PROTOCOL,
  buildHello,
  readEnvelope,
  signClientBinding,
} from '@duckmesh/protocols/mesh'
import type { FrameStream } from '@duckmesh/protocols/mesh'
import { hpkeSeal } from '@duckmesh/sdk'
import type { HDAccount } from 'viem/accounts'
import { nextFrame, rng, signerOf } from './raw-peer.ts'
import type { RawPeer } from './raw-peer.ts'
import { ENDLESS } from './devnets.ts'

/** What a provider says about itself. */
interface Quote {
  provider: Hex
  offerHash: Hex
  model: ModelOffer
  encKey: Hex
}

export interface JobWish {
  maxTokens?: number
  /** Unix seconds. */
  deadline?: number
  prompt?: string
}

const IN_BUCKET = 128

export class RawClient {
  readonly peer: RawPeer
  readonly payer: Signer
  readonly address: string
  readonly quote: Quote
  /** Total of the vouchers that the provider took. */
  #taken = 0n
  #nonce = 1

  private constructor(peer: RawPeer, payer: Signer, address: string, quote: Quote) {
    this.peer = peer
    this.payer = payer
    this.address = address
    this.quote = quote
  }

  /** Asks the provider at that address for its offer. */
  static async start(peer: RawPeer, account: HDAccount, address: string): Promise<RawClient> {
    const frames = await peer.openFrames(address, CAPS_PROTOCOL, capsFrameCodec)
    await frames.send({ kind: 'hello', hello: buildHello(peer.network, {}) })
    const hello = await nextFrame(frames)
    await frames.send({ kind: 'request', request: { id: 1, withRecord: true } })
    const answer = await nextFrame(frames)
    await frames.close()
    if (hello?.kind !== 'hello' || answer?.kind !== 'response')
      throw new TypeError('The provider gave no offer.')
    const { peer: binding } = hello.hello
    const { record } = answer.response
    if (binding === undefined || record === undefined)
      throw new TypeError('The offer is not complete.')
    const { payload } = readEnvelope(record, peer.network).body
    const offer = offerCodec.decode(payload)
    const [model] = offer.models
    if (model === undefined) throw new TypeError('The offer has no model.')
    const quote = {
      provider: offer.provider,
      offerHash: offerHash(payload),
      model,
      encKey: binding.encKey,
    }
    return new RawClient(peer, signerOf(account), address, quote)
  }

  async hello(over: Partial<Hello> = {}, expiry = inSeconds(3_600)): Promise<Hello> {
    const { network, peerKey } = this.peer
    const client = await signClientBinding({ peerKey, expiry }, { network, signer: this.payer })
    return { ...buildHello(network, { client }), ...over }
  }

  /** A job stream after both hellos. */
  async session(): Promise<FrameStream<JobFrame>> {
    const frames = await this.peer.openFrames(this.address, JOB_PROTOCOL, jobFrameCodec)
    await frames.send({ kind: 'hello', hello: await this.hello() })
    const answer = await nextFrame(frames)
    if (answer?.kind !== 'hello') throw new TypeError('The provider did not greet.')
    return frames
  }

  /** A good award that pays its first step. */
  async award(wish: JobWish = {}): Promise<AwardFrame> {
    const {
      deadline = inSeconds(60),
      maxTokens = 20,
      prompt = 'Tell me a story about a brave duck.',
    } = wish
    const { encKey, model, provider } = this.quote
    const { network } = this.peer
    const maxPrice = 10n ** 18n
    const spec = saltSpec(specOf(prompt, maxTokens), rng)
    const order = {
      modelId: model.modelId,
      specHash: spec.specHash,
      maxPrice,
      deadline,
      nonce: this.#nonce++,
    }
    const { jobId, order: wanted, signature } = await signOrder(this.payer, network, rng, order)
    const signed = { order: wanted, signature }
    const awarded = {
      jobId,
      provider,
      segment: 0,
      bidHash: this.quote.offerHash,
      matchHash: ZERO_HASH,
      fromToken: 0,
      prefixIds: [],
      budget: maxPrice,
      issuedAt: inSeconds(0),
    }
    const award = await signAward(this.payer, network, awarded)
    const { priceIn, priceOut } = model
    const terms = { priceIn, priceOut, inBucket: IN_BUCKET, maxTokens, budget: maxPrice }
    return {
      order: signed,
      award,
      spec: await sealSpec(SEALING, encKey, jobId, provider, spec),
      inBucket: IN_BUCKET,
      maxTokens,
      priceIn,
      priceOut,
      voucher: await this.voucher(jobId, firstStepPrice(terms)),
      prefixIds: [],
    }
  }

  /** A voucher that raises the channel by the amount; `raise` says by how much it really does. */
  async voucher(jobId: Hex, amount: bigint, raise = amount): Promise<VoucherFrame> {
    const { provider } = this.quote
    const cumulative = this.#taken + raise
    const voucher = { payer: this.payer.address, provider, cumulative, epoch: 0 }
    const signature = await signStruct(this.payer, this.peer.network, 'Voucher', voucher)
    return { jobId, segment: 0, amount, voucher: { voucher, signature } }
  }

  /** The provider took this voucher: the next ones are on top of it. */
  took(frame: VoucherFrame | undefined): void {
    this.#taken = frame?.voucher.voucher.cumulative ?? this.#taken
  }

  /** Price of a full step after the first, wei. */
  stepPrice(tokens: number): bigint {
    return stepPrice(0n, this.quote.model.priceOut, 0, tokens)
  }
}

function specOf(prompt: string, maxTokens: number): Parameters<typeof saltSpec>[0] {
  const greedy = {
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    repetitionPenalty: 1,
    logitBias: ENDLESS.logitBias,
  }
  const messages = [{ role: 'user', content: prompt }]
  return { messages, sampling: greedy, maxTokens, stop: [], seed: bytesToHex(rng.bytes(32)) }
}

/** Unix seconds. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1_000) + seconds
}

/** The client's half of the cryptography; it verifies nothing. */
export const SEALING: Parameters<typeof sealSpec>[0] = {
  seal: hpkeSeal,
  recoverAddress: () => null,
  verifyEd25519: () => false,
}

export function addressOf(addresses: unknown): string {
  const tcp = (addresses as string[]).find((address) => !address.includes('/ws'))
  if (tcp === undefined) throw new TypeError('The peer told no TCP address.')
  return tcp
}
