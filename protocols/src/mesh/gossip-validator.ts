import { offerCodec, peerBindingCodec } from '@duckmesh/proto'
import { DuckMeshError } from '../errors.ts'
import { checkBindingDates } from './bindings.ts'
import { codedError, decoded } from './coded-error.ts'
import { BINDING_BURST, BINDING_RATE_PER_S, OFFER_BURST, OFFER_RATE_PER_S } from './constants.ts'
import {
  checkEnvelopeDates,
  checkEnvelopeSignature,
  readEnvelope,
  takeSequence,
} from './envelope.ts'
import { checkOfferLife, checkOfferShard, requireProvider } from './offer-rules.ts'
import { RateLimit } from './rate-limit.ts'
import { ReplayWindow } from './replay-window.ts'
import { parseTopic } from './topics.ts'
import type { Clock, Crypto, NetworkIdentity } from '../components.ts'
import type { ErrorCode } from '../errors.ts'
import type { BindingBook } from './binding-book.ts'
import type { OpenedEnvelope } from './envelope.ts'
import type { GossipVerdict, StakeView } from './interface.ts'
import type { Topic, TopicKind } from './topics.ts'
import type { Hex, MessageType } from '@duckmesh/proto'

export interface GossipValidatorComponents {
  network: NetworkIdentity
  crypto: Crypto
  clock: Clock
  bindings: BindingBook
  stake: StakeView
}

/** The one message type of each topic (M-3). */
const TYPE_OF_TOPIC: Record<TopicKind, MessageType> = { offers: 'offer', ctl: 'peerBinding' }

/**
 * Codes that a slow clock, a lagging chain view or a lost message can explain: they never cost the sender
 * its score. Everything else is the sender's own fault (M-30).
 */
const IGNORED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'VERSION_UNSUPPORTED',
  'ENVELOPE_STALE',
  'ENVELOPE_REPLAYED',
  'RATE_LIMITED',
  'BINDING_UNKNOWN',
  'BINDING_EXPIRED',
  'PEER_LIMIT',
  'INVALID_PROVIDER',
  'CHAIN_UNREACHABLE',
  'INTERNAL',
])

/** Decides what a gossip message is worth, topic by topic (M-30 to M-38). It sends nothing and owns no timer. */
export class GossipValidator {
  readonly #components: GossipValidatorComponents
  readonly #replay: ReplayWindow
  readonly #quotas: Record<TopicKind, RateLimit>
  /** Bindings being verified: an offer sent right behind its binding waits for it. */
  readonly #pending = new Map<Hex, Promise<unknown>>()

  constructor(components: GossipValidatorComponents, init: { replay?: ReplayWindow } = {}) {
    this.#components = components
    this.#replay = init.replay ?? new ReplayWindow()
    this.#quotas = {
      offers: new RateLimit({ ratePerS: OFFER_RATE_PER_S, burst: OFFER_BURST }),
      ctl: new RateLimit({ ratePerS: BINDING_RATE_PER_S, burst: BINDING_BURST }),
    }
  }

  /** Never rejects: what cannot be decided is ignored. */
  async validate(topicName: string, data: Uint8Array): Promise<GossipVerdict> {
    let peerKey: Hex | undefined
    try {
      const topic = this.#topic(topicName)
      const opened = readEnvelope(data, this.#components.network)
      peerKey = opened.peerKey
      await this.#decide(topicName, topic, opened)
      return { verdict: 'accept', body: opened.body, peerKey }
    } catch (error) {
      const { code } = codedError(error, 'INTERNAL', 'The message could not be judged.')
      const verdict = IGNORED.has(code) ? 'ignore' : 'reject'
      return { verdict, code, ...(peerKey === undefined ? {} : { peerKey }) }
    }
  }

  /** Cheap checks first; what is used up for good (quota, sequence number) only when all else holds (M-16). */
  async #decide(topicName: string, topic: Topic, opened: OpenedEnvelope): Promise<void> {
    const { body, peerKey } = opened
    if (body.type !== TYPE_OF_TOPIC[topic.kind]) {
      throw new DuckMeshError('WRONG_TOPIC', `A message of another type on ${topic.kind}.`)
    }
    checkEnvelopeDates(body, this.#components.clock.now())
    const quota = this.#quotas[topic.kind]
    const key = `${topicName} ${peerKey}`
    const now = this.#components.clock.now()
    if (!quota.allows(key, now)) throw overQuota()
    if (topic.kind === 'offers') await this.#offer(opened, topic)
    else await this.#tracked(peerKey, this.#binding(opened))
    // Two copies may have been checked at the same time: only the first one takes quota and number.
    takeSequence(opened, this.#replay, this.#components.clock.now())
    if (!quota.take(key, this.#components.clock.now())) throw overQuota()
  }

  #topic(name: string): Topic {
    const topic = parseTopic(name)
    if (topic?.network === this.#components.network.name) return topic
    throw new DuckMeshError('WRONG_TOPIC', 'The topic is not of this network.')
  }

  /** M-35, M-36: only a staked operator's peer may offer, and only for the provider that delegated to it. */
  async #offer(opened: OpenedEnvelope, topic: Topic): Promise<void> {
    const { bindings, crypto, stake } = this.#components
    const offer = decoded(() => offerCodec.decode(opened.body.payload))
    checkOfferLife(offer, opened.body)
    checkOfferShard(offer, topic)
    await this.#pending.get(opened.peerKey)
    const binding = bindings.peer(opened.peerKey)
    if (binding === undefined) {
      throw new DuckMeshError('BINDING_UNKNOWN', 'No binding of the offering peer is known.')
    }
    await requireProvider(stake, binding.operator, offer.provider)
    await checkEnvelopeSignature(opened, crypto)
  }

  /** M-37: the peer itself publishes its binding, for an operator that is staked. */
  async #binding(opened: OpenedEnvelope): Promise<void> {
    const { bindings, clock, crypto, stake } = this.#components
    const binding = decoded(() => peerBindingCodec.decode(opened.body.payload))
    checkBindingDates(binding, opened.peerKey, clock.now())
    await requireProvider(stake, binding.operator)
    await checkEnvelopeSignature(opened, crypto)
    bindings.verifyPeer(binding, opened.peerKey)
  }

  async #tracked(peerKey: Hex, work: Promise<void>): Promise<void> {
    const settled = work.catch(() => undefined)
    this.#pending.set(peerKey, settled)
    try {
      await work
    } finally {
      if (this.#pending.get(peerKey) === settled) this.#pending.delete(peerKey)
    }
  }
}

function overQuota(): DuckMeshError {
  return new DuckMeshError('RATE_LIMITED', 'The peer used up its quota of this topic.')
}
