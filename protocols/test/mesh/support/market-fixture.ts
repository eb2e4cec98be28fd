/** Clients with funds, their job headers, and seats with heartbeats, beside the peers of the mesh fixture. */
import { bytesToHex, envelopeCodec, heartbeatCodec, jobHeaderCodec } from '@duckmesh/proto'
import type { ClientBinding, Envelope, Heartbeat, Hex, JobHeader, JobOrder } from '@duckmesh/proto'
import { signClientBinding } from '../../../src/mesh/bindings.ts'
import { GossipValidator } from '../../../src/mesh/gossip-validator.ts'
import { topicName } from '../../../src/mesh/topics.ts'
import type { Funding, SeatRules, TurnRef } from '../../../src/mesh/interface.ts'
import type { NetworkIdentity } from '../../../src/components.ts'
import { signStruct } from '../../../src/signed-struct.ts'
import { MeshFixture, modelIn, ownerOf } from '../../support/mesh-fixtures.ts'
import type { BodyChanges } from '../../support/mesh-fixtures.ts'
import {
  TEST_NETWORK,
  secret,
  testCrypto,
  testPeerSigner,
  testSigner,
} from '../../support/test-crypto.ts'

export const DUCK: bigint = 10n ** 18n
export const JOBS_3: string = topicName(TEST_NETWORK.name, 'jobs', 3)
export const NOW: TurnRef = { epoch: 5, turn: 2 }

/** What a test wants different in a header; `payer` is the label that signs order and binding. */
export interface HeaderChanges {
  order?: Partial<JobOrder>
  header?: Partial<JobHeader>
  payer?: string
  /** Network of the EIP-712 domain. */
  network?: NetworkIdentity
}

export class MarketFixture extends MeshFixture implements Funding, SeatRules {
  /** Free funds by payer, wei; nobody else has any. */
  readonly funds = new Map<Hex, bigint>()
  /** Seats of shard 3 in the running turn. */
  readonly seats = new Set<Hex>()
  /** The chain view is lost. */
  blind = false
  /** How often the chain view was asked for funds. */
  asked = 0
  readonly gossip: GossipValidator

  constructor() {
    super()
    const { bindings, clock, stake } = this
    const base = { network: TEST_NETWORK, crypto: testCrypto, clock, bindings, stake }
    this.gossip = new GossipValidator({ ...base, funding: this, seats: this })
  }

  fundsOf(payer: Hex): Promise<bigint | 'unknown'> {
    this.asked += 1
    return Promise.resolve(this.blind ? 'unknown' : (this.funds.get(payer) ?? 0n))
  }

  isSeat(owner: Hex, shard: number, id: TurnRef): Promise<boolean | 'unknown'> {
    const now = id.epoch === NOW.epoch && id.turn === NOW.turn
    return Promise.resolve(this.blind ? 'unknown' : now && shard === 3 && this.seats.has(owner))
  }

  isTime({ epoch, turn }: TurnRef): boolean {
    return epoch === NOW.epoch && Math.abs(turn - NOW.turn) <= 1
  }

  fund(label: string, wei: bigint): void {
    this.funds.set(testSigner(label).address, wei)
  }

  clientBinding(peer: string, payer = peer): Promise<ClientBinding> {
    const fields = { peerKey: testPeerSigner(peer).peerKey, expiry: this.inSeconds(3_600) }
    return signClientBinding(fields, { network: TEST_NETWORK, signer: testSigner(payer) })
  }

  order(payer: string, changes: Partial<JobOrder> = {}): JobOrder {
    return {
      payer: testSigner(payer).address,
      nonce: 1,
      modelId: modelIn(3),
      specHash: bytesToHex(secret('spec')),
      mode: 1,
      replicas: 1,
      maxPrice: DUCK,
      auditBps: 500,
      secretHash: bytesToHex(secret('secrets')),
      deadline: this.inSeconds(60),
      ...changes,
    }
  }

  async header(peer: string, changes: HeaderChanges = {}): Promise<JobHeader> {
    const { payer = peer, network = TEST_NETWORK } = changes
    const order = this.order(payer, changes.order)
    const signature = await signStruct(testSigner(payer), network, 'JobOrder', order)
    return {
      order: { order, signature },
      client: await this.clientBinding(peer, payer),
      replyKey: bytesToHex(secret('reply')),
      inBucket: 16,
      maxTokens: 128,
      attempt: 0,
      ...changes.header,
    }
  }

  /** The header in an envelope of the client's peer, as bytes for a topic. */
  async sealHeader(
    peer: string,
    header?: JobHeader,
    changes: BodyChanges = {},
  ): Promise<Uint8Array> {
    const payload = jobHeaderCodec.encode(header ?? (await this.header(peer)))
    return this.seal(peer, payload, { type: 'jobHeader', lifeMs: 10_000, ...changes })
  }

  async headerEnvelope(peer: string, header?: JobHeader, changes?: BodyChanges): Promise<Envelope> {
    return envelopeCodec.decode(await this.sealHeader(peer, header, changes))
  }

  /** A seat of shard 3 whose peer, operator and owner have one label. */
  async sit(label: string): Promise<void> {
    await this.join(label)
    this.seats.add(ownerOf(label))
  }

  heartbeat(label: string, changes: Partial<Heartbeat> = {}): Heartbeat {
    const matchesHash = bytesToHex(secret('matches'))
    return { ...NOW, seat: ownerOf(label), matches: 0, matchesHash, ...changes }
  }

  sealHeartbeat(
    peer: string,
    heartbeat = this.heartbeat(peer),
    changes: BodyChanges = {},
  ): Promise<Uint8Array> {
    const payload = heartbeatCodec.encode(heartbeat)
    return this.seal(peer, payload, { type: 'heartbeat', lifeMs: 10_000, ...changes })
  }

  /** The verdict of the validator with funds and seats, in short. */
  async verdict(topic: string, data: Uint8Array, neighbour?: string): Promise<string> {
    const verdict = await this.gossip.validate(topic, data, neighbour)
    return verdict.verdict === 'accept' ? 'accept' : `${verdict.verdict} ${verdict.code}`
  }
}
