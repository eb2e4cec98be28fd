import { envelopeCodec, evidenceNoticeCodec, heartbeatCodec, offerCodec } from '@duckmesh/proto'
import { peerBindingCodec, shardOf } from '@duckmesh/proto'
import { DuckMeshError } from '../../errors.ts'
import { codedError, decoded } from '../coded-error.ts'
import { BINDING_REPUBLISH_MS, MAX_HEARTBEAT_LIFE_MS } from '../constants.ts'
import { sealEnvelope } from '../envelope.ts'
import { GossipValidator } from '../gossip-validator.ts'
import { RateLimit } from '../rate-limit.ts'
import { SequenceCounter } from '../sequence-counter.ts'
import { evidenceTopic, parseTopic, topicName, topicsOf } from '../topics.ts'
import type { Logger, PeerSigner } from '../../components.ts'
import type { GossipValidatorComponents } from '../gossip-validator.ts'
import type { EnvelopeDraft, OpenedEnvelope } from '../envelope.ts'
import type { GossipVerdict, ReceivedHeader } from '../interface.ts'
import type { TopicKind } from '../topics.ts'
import type { Envelope, EvidenceNotice, Heartbeat, Hex, Offer } from '@duckmesh/proto'
import type { PeerBinding } from '@duckmesh/proto'
import type { PeerId } from '@libp2p/interface'
import type { GossipSub, Message, TopicValidatorResult } from '@libp2p/gossipsub'

/** What the driver uses of gossipsub. */
export type GossipPort = Pick<
  GossipSub,
  | 'topicValidators'
  | 'subscribe'
  | 'unsubscribe'
  | 'publish'
  | 'addEventListener'
  | 'removeEventListener'
>

export interface GossipDriverComponents extends GossipValidatorComponents {
  pubsub: GossipPort
  logger: Logger
  /** Absent for hosts that only listen. */
  signer?: PeerSigner
}

/** An accepted offer with the envelope it came in. */
export interface ReceivedOffer extends OpenedEnvelope {
  offer: Offer
}

export interface GossipHandlers {
  offer?(received: ReceivedOffer): void
  binding?(binding: PeerBinding): void
  /** A seat of another peer is alive. A host does not hear itself: it counts its own seats as live (M-78). */
  heartbeat?(heartbeat: Heartbeat, peerKey: Hex, shard: number): void
  /** A client announced a job: by gossip, or over a stream to be forwarded. Own headers are not told (M-78, M-79). */
  jobHeader?(received: ReceivedHeader): void
  /** A staked peer holds a proof of a fault (M-91). Own notices are not told. */
  evidence?(notice: EvidenceNotice): void
  /** A neighbour joined the offers of our network: what is offered here is news to it. */
  newcomer?(): void
  /** An offer or heartbeat came from a peer whose binding is not known: say hello to it. At most every 10 s a peer. */
  unknownPeer?(peerKey: Hex): void
}

export interface GossipDriverInit {
  shards: readonly number[]
  /** Highest sequence number of an earlier run, when one was stored. */
  lastSeq?: number
}

/** Times a peer is asked for its binding, per second. */
const FETCH_RATE_PER_S = 0.1

/** The driver between gossipsub and the validator: subscribes, judges, publishes (M-65 to M-68). */
export class GossipDriver {
  readonly #components: GossipDriverComponents
  readonly #handlers: GossipHandlers
  readonly #shards: readonly number[]
  readonly #validator: GossipValidator
  readonly #sequence: SequenceCounter
  readonly #fetches = new RateLimit({ ratePerS: FETCH_RATE_PER_S, burst: 1 })
  readonly #greetings = new RateLimit({ ratePerS: FETCH_RATE_PER_S, burst: 1 })
  #binding: (() => PeerBinding) | undefined
  #stopTimer: (() => void) | undefined

  constructor(
    components: GossipDriverComponents,
    handlers: GossipHandlers,
    init: GossipDriverInit,
  ) {
    this.#components = components
    this.#handlers = handlers
    this.#shards = init.shards
    this.#validator = new GossipValidator(components)
    this.#sequence = new SequenceCounter(components.clock, init.lastSeq)
  }

  /** Highest sequence number used so far, to be stored on shutdown; restarts with a right clock do without. */
  get lastSeq(): number {
    return this.#sequence.last
  }

  get topics(): string[] {
    return topicsOf(this.#components.network.name, this.#shards)
  }

  /** Sets the validators and subscribes. Topics of other shards are neither judged nor relayed. */
  start(): void {
    const { pubsub } = this.#components
    for (const topic of this.topics) {
      pubsub.topicValidators.set(topic, (from, message) => this.#judge(from, message))
      pubsub.subscribe(topic)
    }
    pubsub.addEventListener('subscription-change', this.#greet)
  }

  stop(): void {
    const { pubsub } = this.#components
    this.#stopTimer?.()
    this.#binding = undefined
    pubsub.removeEventListener('subscription-change', this.#greet)
    for (const topic of this.topics) {
      pubsub.unsubscribe(topic)
      pubsub.topicValidators.delete(topic)
    }
  }

  /**
   * Publishes the binding on the ctl topic of every shard, now and every 60 s. `binding` is asked each time,
   * so that it can be renewed.
   */
  announce(binding: () => PeerBinding): void {
    this.#stopTimer?.()
    this.#binding = binding
    this.#announceNow()
  }

  /**
   * Publishes an offer on the topic of each of its shards (M-66).
   *
   * @returns the envelope of one of them, to be served as the caps record
   * @throws DuckMeshError FIELD_OUT_OF_RANGE when the offer has no model of a shard of this host
   */
  async publishOffer(offer: Offer): Promise<Envelope> {
    const payload = offerCodec.encode(offer)
    const shards = new Set(offer.models.map((model) => shardOf(model.modelId)))
    let envelope: Envelope | undefined
    for (const shard of this.#shards) {
      if (!shards.has(shard)) continue
      envelope = await this.#publish(this.#topicOf('offers', shard), { type: 'offer', payload })
    }
    if (envelope) return envelope
    throw new DuckMeshError('FIELD_OUT_OF_RANGE', 'The offer has no model of a shard of this host.')
  }

  /** Tells the mesh that a seat of ours is alive in its turn (M-76). Rejects with NO_PEERS. */
  async publishHeartbeat(shard: number, heartbeat: Heartbeat): Promise<void> {
    const payload = decoded(() => heartbeatCodec.encode(heartbeat))
    const topic = this.#topicOf('ctl', shard)
    await this.#publish(topic, { type: 'heartbeat', payload, lifeMs: MAX_HEARTBEAT_LIFE_MS })
  }

  /** Tells the mesh that this peer holds a proof (M-91). Rejects with NO_PEERS. */
  async publishEvidence(notice: EvidenceNotice): Promise<void> {
    const payload = decoded(() => evidenceNoticeCodec.encode(notice))
    const topic = evidenceTopic(this.#components.network.name)
    await this.#publish(topic, { type: 'evidence', payload })
  }

  /**
   * Publishes an envelope as its author sealed it, byte for byte (M-70). One that the mesh has already is no error.
   *
   * @throws DuckMeshError NO_PEERS when it could not be handed to gossipsub
   */
  async publishEnvelope(kind: TopicKind, shard: number, envelope: Envelope): Promise<void> {
    await this.#send(this.#topicOf(kind, shard), envelope)
  }

  /**
   * Judges a job header that a client sent over a stream, passes it on and tells our own handler (M-79).
   *
   * @param bringer whose connection it came on
   * @throws DuckMeshError ENVELOPE_REPLAYED when the mesh has it already, the code of the rule it breaks, or NO_PEERS
   */
  async forward(envelope: Envelope, bringer: Hex): Promise<void> {
    const received = await this.#validator.takeHeader(envelope, bringer)
    const shard = shardOf(received.header.order.order.modelId)
    if (!this.#shards.includes(shard)) {
      throw new DuckMeshError('WRONG_TOPIC', 'The model of the job is of no shard of this host.')
    }
    this.#told(() => this.#handlers.jobHeader?.(received))
    await this.publishEnvelope('jobs', shard, received.envelope)
  }

  #topicOf(kind: TopicKind, shard: number): string {
    return topicName(this.#components.network.name, kind, shard)
  }

  async #send(topic: string, envelope: Envelope): Promise<void> {
    const bytes = decoded(() => envelopeCodec.encode(envelope))
    try {
      await this.#components.pubsub.publish(topic, bytes)
    } catch (error) {
      throw codedError(error, 'NO_PEERS', 'The message could not be published.')
    }
  }

  async #publish(topic: string, draft: Omit<EnvelopeDraft, 'seq'>): Promise<Envelope> {
    const { network, clock, signer } = this.#components
    if (signer === undefined) {
      throw new DuckMeshError('CONFIG_INVALID', 'A host without a peer signer cannot publish.')
    }
    const seq = this.#sequence.next()
    const envelope = await sealEnvelope({ ...draft, seq }, { network, clock, signer })
    await this.#send(topic, envelope)
    return envelope
  }

  async #judge(from: PeerId, message: Message): Promise<TopicValidatorResult> {
    const { topic, data } = message
    const verdict = await this.#validator.validate(topic, data, from.toString())
    if (verdict.verdict === 'accept') this.#deliver(topic, data, verdict)
    else this.#refused(topic, verdict)
    // The enum's values are these words; a value import would load gossipsub into light clients.
    return verdict.verdict as unknown as TopicValidatorResult
  }

  #deliver(topic: string, data: Uint8Array, accepted: GossipVerdict & { verdict: 'accept' }): void {
    const { body, peerKey, header } = accepted
    this.#told(() => {
      if (header !== undefined) {
        this.#handlers.jobHeader?.(header)
      } else if (body.type === 'offer') {
        const offer = offerCodec.decode(body.payload)
        this.#handlers.offer?.({ offer, body, peerKey, envelope: envelopeCodec.decode(data) })
      } else if (body.type === 'heartbeat') {
        const on = parseTopic(topic)
        const shard = on !== null && 'shard' in on ? on.shard : 0
        this.#handlers.heartbeat?.(heartbeatCodec.decode(body.payload), peerKey, shard)
      } else if (body.type === 'evidence') {
        this.#handlers.evidence?.(evidenceNoticeCodec.decode(body.payload))
      } else {
        this.#handlers.binding?.(peerBindingCodec.decode(body.payload))
      }
    })
  }

  /** A handler that fails is a defect of ours: it must not cost the message or its sender. */
  #told(tell: () => void): void {
    try {
      tell()
    } catch (error) {
      this.#components.logger.warn('mesh.handler_failed', { error })
    }
  }

  #refused(topic: string, verdict: GossipVerdict & { verdict: 'reject' | 'ignore' }): void {
    const { logger, clock } = this.#components
    const { code, peerKey } = verdict
    logger.debug('mesh.gossip_refused', { topic, verdict: verdict.verdict, code, peerKey })
    if (code !== 'BINDING_UNKNOWN' || peerKey === undefined) return
    if (this.#fetches.take(peerKey, clock.now())) this.#handlers.unknownPeer?.(peerKey)
  }

  #announceNow(): void {
    this.#stopTimer = this.#components.clock.after(BINDING_REPUBLISH_MS, () => {
      this.#announceNow()
    })
    this.#publishBinding(this.#shards)
  }

  #publishBinding(shards: readonly number[]): void {
    if (this.#binding === undefined) return
    const payload = peerBindingCodec.encode(this.#binding())
    for (const shard of shards) {
      const topic = this.#topicOf('ctl', shard)
      this.#publish(topic, { type: 'peerBinding', payload }).catch((error: unknown) => {
        this.#components.logger.warn('mesh.binding_not_published', { shard, error })
      })
    }
  }

  /** A neighbour that joins a ctl topic gets the binding at once instead of within 60 s, within our quota (M-67). */
  readonly #greet: (event: GossipEvent) => void = (event) => {
    const now = this.#components.clock.now()
    const joined = event.detail.subscriptions.flatMap(({ topic, subscribe }) => {
      const parsed = subscribe ? parseTopic(topic) : null
      if (parsed === null || !('shard' in parsed)) return []
      const ours = parsed.network === this.#components.network.name
      return ours && this.#shards.includes(parsed.shard) ? [parsed] : []
    })
    const shards = joined.filter(({ kind }) => kind === 'ctl').map(({ shard }) => shard)
    this.#publishBinding(shards.filter((shard) => this.#greetings.take(String(shard), now)))
    if (joined.some(({ kind }) => kind === 'offers')) this.#told(() => this.#handlers.newcomer?.())
  }
}

type GossipEvent = CustomEvent<{ subscriptions: { topic: string; subscribe: boolean }[] }>
