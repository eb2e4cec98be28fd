/** A registered, cheap provider that takes awards and then does what it is told to. */
import { generateKeyPairSync } from 'node:crypto'
import { firstChunkHash, nextChunkHash } from '@duckmesh/proto'
import type { AwardFrame, VoucherFrame } from '@duckmesh/proto'
import {
  bytesToHex,
  capsFrameCodec,
  jobFrameCodec,
  lowerHex,
  offerCodec,
  signStruct,
  tokenHash,
} from '@duckmesh/protocols'
import type { Hex, JobFrame, ModelOffer, Signer } from '@duckmesh/protocols'
import { discoveryKey } from '@duckmesh/protocols/market'
import {
  CAPS_PROTOCOL,
  JOB_PROTOCOL,
  buildHello,
  frameStream,
  sealEnvelope,
} from '@duckmesh/protocols/mesh'
import { signPeerBinding } from '@duckmesh/protocols/mesh'
import type { FrameStream } from '@duckmesh/protocols/mesh'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { ACCOUNT_INDEX, account } from '../chain/accounts.ts'
import type { Devnet } from '../devnet.ts'
import { RawPeer, nextFrame, signerOf } from './raw-peer.ts'

/** The last of anvil's funded accounts: no role of a local network uses it. */
const OWNER = account(63)
/** Signs and sends nothing, so it needs no ether. */
const OPERATOR = account(100)

/** How long a binding of it is good, s. */
const BINDING_S = 3_600

/** What came over one job stream. */
export interface Seen {
  award: AwardFrame
  vouchers: VoucherFrame[]
  cancels: number
}

/** Sends whatever it likes after the accept. */
export type Act = (send: Sender) => Promise<void>

export class FakeProvider {
  readonly peer: RawPeer
  readonly owner: Hex = lowerHex(OWNER.address)
  /** Its operator, which signs accepts and receipts. */
  readonly signer: Signer = signerOf(OPERATOR)
  readonly seen: Seen[] = []
  readonly #model: ModelOffer
  act: Act = () => Promise.resolve()
  #encKey: Hex
  #seq = Date.now()

  private constructor(peer: RawPeer, model: ModelOffer) {
    this.peer = peer
    this.#model = { ...model, priceIn: 1000n, priceOut: 1000n }
    const { publicKey } = generateKeyPairSync('x25519')
    this.#encKey = bytesToHex(publicKey.export({ type: 'spki', format: 'der' }).subarray(-32))
  }

  /** Registers, funds the client's channel to it, joins and announces itself. */
  static async start(
    { net }: { net: Pick<Devnet, 'funder' | 'network'> },
    model: ModelOffer,
  ): Promise<FakeProvider> {
    const { funder, network } = net
    const peer = await RawPeer.start(network)
    const fake = new FakeProvider(peer, model)
    const seat = { owner: OWNER, operator: OPERATOR, peerKey: peer.peerKey }
    await funder.registerProvider(seat)
    await funder.allotTo(account(ACCOUNT_INDEX.client), seat)
    await peer.host.handle(CAPS_PROTOCOL, fake.#serveCaps)
    await peer.host.handle(JOB_PROTOCOL, fake.#serveJobs)
    await peer.host.dial(multiaddr(network.seeds[0] ?? ''))
    await peer.host.contentRouting.provide(await discoveryKey(peer.network.name))
    return fake
  }

  /** What came with the last award. */
  get last(): Seen {
    const last = this.seen.at(-1)
    if (last === undefined) throw new TypeError('No award came.')
    return last
  }

  stop(): Promise<void> {
    return this.peer.stop()
  }

  async #hello(): Promise<ReturnType<typeof buildHello>> {
    const { network, peerKey } = this.peer
    const expiry = Math.floor(Date.now() / 1_000) + BINDING_S
    const fields = { peerKey, encKey: this.#encKey, expiry }
    return buildHello(network, {
      peer: await signPeerBinding(fields, { network, signer: this.signer }),
    })
  }

  readonly #serveCaps = async (stream: Stream, { remotePeer }: Connection): Promise<void> => {
    const { clock, network, signer } = this.peer
    const frames = frameStream({ stream, remotePeer, codec: capsFrameCodec, clock })
    await nextFrame(frames)
    await frames.send({ kind: 'hello', hello: await this.#hello() })
    for (
      let frame = await nextFrame(frames);
      frame?.kind === 'request';
      frame = await nextFrame(frames)
    ) {
      const offer = {
        provider: this.owner,
        slots: 8,
        models: [this.#model],
        expiryMs: Date.now() + 29_000,
      }
      const draft = { type: 'offer' as const, payload: offerCodec.encode(offer), seq: this.#seq++ }
      const record = await sealEnvelope(draft, { network, clock, signer })
      await frames.send({
        kind: 'response',
        response: { id: frame.request.id, inFlight: 0, slots: 8, stepMs: 0, record },
      })
    }
  }

  readonly #serveJobs = async (stream: Stream, { remotePeer }: Connection): Promise<void> => {
    const frames = frameStream({ stream, remotePeer, codec: jobFrameCodec, clock: this.peer.clock })
    await nextFrame(frames)
    await frames.send({ kind: 'hello', hello: await this.#hello() })
    for (
      let frame = await nextFrame(frames);
      frame !== undefined;
      frame = await nextFrame(frames)
    ) {
      if (frame.kind === 'award') await this.#onAward(frames, frame.award)
      if (frame.kind === 'voucher') this.last.vouchers.push(frame.voucher)
      if (frame.kind === 'cancel') this.last.cancels += 1
    }
  }

  async #onAward(frames: FrameStream<JobFrame>, award: AwardFrame): Promise<void> {
    this.seen.push({
      award,
      vouchers: award.voucher === undefined ? [] : [award.voucher],
      cancels: 0,
    })
    const { fromToken, jobId, prefixHash, segment } = award.award.award
    const accept = {
      jobId,
      segment,
      provider: this.owner,
      fromToken,
      prefixHash,
      bond: 0n,
      etaMs: 0,
    }
    const signature = await signStruct(this.signer, this.peer.network, 'Accept', accept)
    await frames.send({ kind: 'accept', accept: { accept, signature } })
    // Not waited for: the client's answer must be read meanwhile.
    void this.act(new Sender(frames, award, this)).catch(() => undefined)
  }
}

/** Sends good frames of one job, unless told otherwise. */
export class Sender {
  readonly frames: FrameStream<JobFrame>
  readonly #award: AwardFrame
  readonly #provider: FakeProvider
  readonly #ids: number[] = []
  #n = 0
  #hash: Hex

  constructor(frames: FrameStream<JobFrame>, award: AwardFrame, provider: FakeProvider) {
    this.frames = frames
    this.#award = award
    this.#provider = provider
    this.#hash = firstChunkHash(award.award.award.jobId, 0)
  }

  async tokens(count: number): Promise<void> {
    const { jobId, segment } = this.#award.award.award
    const ids = Array.from({ length: count }, (_, n) => 300 + n)
    this.#ids.push(...ids)
    this.#hash = nextChunkHash(this.#hash, ids)
    this.#n += 1
    const chunk = { jobId, segment, n: this.#n, ids, textDelta: 'quack ', h: this.#hash }
    await this.frames.send({ kind: 'chunk', chunk })
  }

  /** The receipt of a first step of 64 tokens, for so much more than is due. */
  async receipt(extra: bigint): Promise<void> {
    const { award, order, priceIn, priceOut } = this.#award
    const { jobId, provider } = award.award
    const [tokensIn, tokensOut] = [10, this.#ids.length]
    const due = (priceIn * BigInt(tokensIn) + priceOut * BigInt(tokensOut) + 999n) / 1000n
    const receipt = {
      ...{
        jobId,
        segment: 0,
        item: 0,
        seq: 0,
        payer: order.order.payer,
        provider,
        tokensIn,
        tokensOut,
      },
      ...{ tokensRoot: tokenHash(this.#ids), traceRoot: ZERO, amount: due + extra },
      ...{ specHash: order.order.specHash, last: false },
    }
    const { peer, signer } = this.#provider
    const signature = await signStruct(signer, peer.network, 'Receipt', receipt)
    await this.frames.send({
      kind: 'receipt',
      receipt: { receipt: { receipt, signature }, finishReason: '' },
    })
  }
}

const ZERO: Hex = `0x${'00'.repeat(32)}`
