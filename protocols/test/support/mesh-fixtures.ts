/** Peers, bindings, offers and envelopes for tests of mesh and market, all real and all on the fake clock. */
import { envelopeCodec, offerCodec, peerBindingCodec } from '@duckmesh/proto'
import type { Hex, MessageType, ModelOffer, Offer, PeerBinding } from '@duckmesh/proto'
import { BindingBook } from '../../src/mesh/binding-book.ts'
import { signPeerBinding } from '../../src/mesh/bindings.ts'
import { sealEnvelope } from '../../src/mesh/envelope.ts'
import { GossipValidator } from '../../src/mesh/gossip-validator.ts'
import { topicName } from '../../src/mesh/topics.ts'
import type { StakeView } from '../../src/mesh/interface.ts'
import type { NetworkIdentity, PeerSigner } from '../../src/components.ts'
import { FakeClock } from './fake-clock.ts'
import {
  TEST_NETWORK,
  testCrypto,
  testPeerSigner,
  testSigner,
  testUnsealer,
} from './test-crypto.ts'

/** Model ids whose first digit is the shard. */
export function modelIn(shard: number, tail = '11'): Hex {
  return `0x${shard.toString(16)}${'0'.repeat(61)}${tail}`
}

/** The owner address that the stake view of the fixtures names for an operator label. */
export function ownerOf(label: string): Hex {
  return testSigner(`owner ${label}`).address
}

/** A signer that names the peer key of `victim` and signs with the key of `thief`. */
export function impostor(victim: string, thief: string): PeerSigner {
  const real = testPeerSigner(thief)
  return { peerKey: testPeerSigner(victim).peerKey, sign: (data) => real.sign(data) }
}

export const OFFERS_3: string = topicName(TEST_NETWORK.name, 'offers', 3)
export const CTL_3: string = topicName(TEST_NETWORK.name, 'ctl', 3)

/** A stake view over a map that tests change. */
export class TestStake implements StakeView {
  readonly owners = new Map<Hex, Hex>()
  unknown = false

  stake(label: string): void {
    this.owners.set(testSigner(label).address, ownerOf(label))
  }

  providerOf(operator: Hex): Promise<Hex | null | 'unknown'> {
    return Promise.resolve(this.unknown ? 'unknown' : (this.owners.get(operator) ?? null))
  }
}

export interface BodyChanges {
  type?: MessageType
  network?: NetworkIdentity
  seq?: number
  lifeMs?: number
  issuedAtMs?: number
  signer?: PeerSigner
}

/** A network of one validator and any number of labelled peers; `peer` and operator share the label. */
export class MeshFixture {
  readonly clock = new FakeClock()
  readonly stake = new TestStake()
  readonly bindings: BindingBook
  readonly validator: GossipValidator
  #seq = 1_000

  constructor() {
    const base = { network: TEST_NETWORK, crypto: testCrypto, clock: this.clock }
    this.bindings = new BindingBook(base)
    this.validator = new GossipValidator({ ...base, bindings: this.bindings, stake: this.stake })
  }

  nextSeq(): number {
    return ++this.#seq
  }

  /** Unix seconds, so many after now. */
  inSeconds(seconds: number): number {
    return Math.floor(this.clock.now() / 1_000) + seconds
  }

  binding(peer: string, operator = peer, expiry = this.inSeconds(3_600)): Promise<PeerBinding> {
    const { peerKey } = testPeerSigner(peer)
    const { encKey } = testUnsealer(peer)
    const signer = testSigner(operator)
    return signPeerBinding({ peerKey, encKey, expiry }, { network: TEST_NETWORK, signer })
  }

  /** A staked operator with a known binding. */
  async join(peer: string): Promise<void> {
    this.stake.stake(peer)
    this.bindings.verifyPeer(await this.binding(peer), testPeerSigner(peer).peerKey)
  }

  offer(label: string, changes: Partial<Offer> = {}): Offer {
    const model: ModelOffer = {
      modelId: modelIn(3),
      name: 'duckling',
      priceIn: 250_000n,
      priceOut: 1_000_000n,
      determinism: 'f32',
      contextLength: 1_024,
    }
    const expiryMs = this.clock.now() + 30_000
    return { provider: ownerOf(label), models: [model], expiryMs, slots: 4, ...changes }
  }

  async seal(peer: string, payload: Uint8Array, changes: BodyChanges = {}): Promise<Uint8Array> {
    const { type = 'offer', network = TEST_NETWORK, seq = this.nextSeq(), lifeMs } = changes
    const issuedAtMs = changes.issuedAtMs ?? this.clock.now()
    const clock = { now: () => issuedAtMs, after: () => () => undefined }
    const draft = { type, payload, seq, ...(lifeMs === undefined ? {} : { lifeMs }) }
    const signer = changes.signer ?? testPeerSigner(peer)
    return envelopeCodec.encode(await sealEnvelope(draft, { network, clock, signer }))
  }

  sealOffer(
    peer: string,
    offer = this.offer(peer),
    changes: BodyChanges = {},
  ): Promise<Uint8Array> {
    return this.seal(peer, offerCodec.encode(offer), changes)
  }

  async sealBinding(peer: string, changes: BodyChanges = {}): Promise<Uint8Array> {
    const payload = peerBindingCodec.encode(await this.binding(peer))
    return this.seal(peer, payload, { type: 'peerBinding', ...changes })
  }

  /** The verdict in short: `accept`, or `reject CODE`, or `ignore CODE`. */
  async judge(topic: string, data: Uint8Array): Promise<string> {
    const verdict = await this.validator.validate(topic, data)
    return verdict.verdict === 'accept' ? 'accept' : `${verdict.verdict} ${verdict.code}`
  }
}
