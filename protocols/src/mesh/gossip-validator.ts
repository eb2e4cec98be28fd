import { evidenceNoticeCodec, heartbeatCodec, offerCodec, peerBindingCodec } from '@duckmesh/proto'
import { DuckMeshError } from '../errors.ts'
import { checkBindingDates } from './bindings.ts'
import { codedError, decoded } from './coded-error.ts'
import {
  checkEnvelopeDates,
  checkEnvelopeSignature,
  readEnvelope,
  takeSequence,
} from './envelope.ts'
import { stakedQuotas } from './gossip-quotas.ts'
import { HeaderGate } from './header-gate.ts'
import { checkHeartbeatTime, requireSeat } from './heartbeat-rules.ts'
import { checkOfferLife, checkOfferShard, requireProvider } from './offer-rules.ts'
import { ReplayWindow } from './replay-window.ts'
import { parseTopic } from './topics.ts'
import type { Clock, Crypto, NetworkIdentity } from '../components.ts'
import type { ErrorCode } from '../error-codes.ts'
import type { BindingBook } from './binding-book.ts'
import type { OpenedEnvelope } from './envelope.ts'
import type { StakedType } from './gossip-quotas.ts'
import type { Funding, GossipVerdict, ReceivedHeader, SeatRules, StakeView } from './interface.ts'
import type { ShardTopic, Topic } from './topics.ts'
import type { Envelope, EnvelopeBody, EvidenceNotice, Hex, MessageType } from '@duckmesh/proto'
import type { PeerBinding } from '@duckmesh/proto'

export interface GossipValidatorComponents {
  network: NetworkIdentity
  crypto: Crypto
  clock: Clock
  bindings: BindingBook
  stake: StakeView
  /** Absent on a host without a chain view: heartbeats are ignored there. */
  seats?: SeatRules
  /** Absent on a host without a chain view: job headers are ignored there. */
  funding?: Funding
}

/** The message types of each topic (M-3). */
const TYPES_OF_TOPIC: Record<Topic['kind'], readonly MessageType[]> = {
  jobs: ['jobHeader'],
  offers: ['offer'],
  ctl: ['peerBinding', 'heartbeat'],
  evidence: ['evidence'],
}

/** Neighbour of messages whose bringer was not told. */
const NOBODY = ''

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
  'STALE_SEAT',
  'UNFUNDED',
  'JOB_EXPIRED',
  'NOT_SUPPORTED',
  'CHAIN_UNREACHABLE',
  'INTERNAL',
])

/** Decides what a gossip message is worth, topic by topic (M-30 to M-38, M-70 to M-77, M-91). It sends nothing and owns no timer. */
export class GossipValidator {
  readonly #components: GossipValidatorComponents
  readonly #replay: ReplayWindow
  readonly #quotas = stakedQuotas()
  readonly #headers: HeaderGate
  /** Bindings being verified: a message sent right behind its binding waits for it. */
  readonly #pending = new Map<Hex, Promise<unknown>>()

  constructor(components: GossipValidatorComponents, init: { replay?: ReplayWindow } = {}) {
    this.#components = components
    this.#replay = init.replay ?? new ReplayWindow()
    this.#headers = new HeaderGate(components)
  }

  /**
   * Never rejects: what cannot be decided is ignored.
   *
   * @param neighbour peer id of who brought it, which need not be who wrote it
   */
  async validate(
    topicName: string,
    data: Uint8Array,
    neighbour: string = NOBODY,
  ): Promise<GossipVerdict> {
    let peerKey: Hex | undefined
    try {
      const topic = this.#topic(topicName)
      const opened = readEnvelope(data, this.#components.network)
      peerKey = opened.peerKey
      requireType(opened.body, topic)
      if (topic.kind === 'jobs') {
        const header = await this.#headers.take(opened, neighbour, topic.shard)
        return { verdict: 'accept', body: opened.body, peerKey, header }
      }
      await this.#decide(topicName, topic, opened)
      return { verdict: 'accept', body: opened.body, peerKey }
    } catch (error) {
      const { code } = codedError(error, 'INTERNAL', 'The message could not be judged.')
      const verdict = IGNORED.has(code) ? 'ignore' : 'reject'
      return { verdict, code, ...(peerKey === undefined ? {} : { peerKey }) }
    }
  }

  /**
   * Judges a job header that came by stream to be passed on, by the rules and quotas of gossip (M-79).
   *
   * @param bringer whose connection it came on
   * @throws DuckMeshError as `HeaderGate.take`
   */
  async takeHeader(envelope: Envelope, bringer: string): Promise<ReceivedHeader> {
    return this.#headers.take(readEnvelope(envelope, this.#components.network), bringer)
  }

  /** Cheap checks first; what is used up for good (quota, sequence number) only when all else holds (M-16). */
  async #decide(topicName: string, topic: Topic, opened: OpenedEnvelope): Promise<void> {
    const { body, peerKey } = opened
    const { clock } = this.#components
    checkEnvelopeDates(body, clock.now())
    const key = `${topicName} ${peerKey}`
    const quota = this.#quotas[stakedType(body)]
    if (!quota.allows(key, clock.now())) throw overQuota()
    if (topic.kind === 'evidence') await this.#notice(opened)
    else if (body.type === 'offer') await this.#offer(opened, topic)
    else if (body.type === 'heartbeat') await this.#heartbeat(opened, topic)
    else await this.#tracked(peerKey, this.#binding(opened))
    // Two copies may have been checked at the same time: only the first one takes quota and number.
    takeSequence(opened, this.#replay, clock.now())
    if (!quota.take(key, clock.now())) throw overQuota()
  }

  #topic(name: string): Topic {
    const topic = parseTopic(name)
    if (topic?.network === this.#components.network.name) return topic
    throw new DuckMeshError('WRONG_TOPIC', 'The topic is not of this network.')
  }

  /** M-35, M-36: only a staked operator's peer may offer, and only for the provider that delegated to it. */
  async #offer(opened: OpenedEnvelope, topic: ShardTopic): Promise<void> {
    const { crypto, stake } = this.#components
    const offer = decoded(() => offerCodec.decode(opened.body.payload))
    checkOfferLife(offer, opened.body)
    checkOfferShard(offer, topic)
    const { operator } = await this.#bindingOf(opened.peerKey)
    await requireProvider(stake, operator, offer.provider)
    await checkEnvelopeSignature(opened, crypto)
  }

  /** M-76: a seat of the turn beats, by a peer of its own operator. */
  async #heartbeat(opened: OpenedEnvelope, topic: ShardTopic): Promise<void> {
    const { crypto, seats, stake } = this.#components
    const heartbeat = decoded(() => heartbeatCodec.decode(opened.body.payload))
    const rules = checkHeartbeatTime(heartbeat, opened.body, seats)
    const { operator } = await this.#bindingOf(opened.peerKey)
    await requireProvider(stake, operator, heartbeat.seat)
    await requireSeat(rules, heartbeat, topic.shard)
    await checkEnvelopeSignature(opened, crypto)
  }

  /** M-91: a peer of a staked operator says that it holds a proof; only of itself, so that nobody is sent to others. */
  async #notice(opened: OpenedEnvelope): Promise<void> {
    const { crypto, stake } = this.#components
    requireHolder(
      decoded(() => evidenceNoticeCodec.decode(opened.body.payload)),
      opened.peerKey,
    )
    const { operator } = await this.#bindingOf(opened.peerKey)
    await requireProvider(stake, operator)
    await checkEnvelopeSignature(opened, crypto)
  }

  /** The known binding of a peer, after one that is being judged (M-36). */
  async #bindingOf(peerKey: Hex): Promise<PeerBinding> {
    await this.#pending.get(peerKey)
    const binding = this.#components.bindings.peer(peerKey)
    if (binding !== undefined) return binding
    throw new DuckMeshError('BINDING_UNKNOWN', 'No binding of the publishing peer is known.')
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

/** M-33. */
function requireType(body: EnvelopeBody, topic: Topic): void {
  if (TYPES_OF_TOPIC[topic.kind].includes(body.type)) return
  throw new DuckMeshError('WRONG_TOPIC', `A message of another type on ${topic.kind}.`)
}

function requireHolder({ holder }: EvidenceNotice, publisher: Hex): void {
  if (holder === publisher) return
  throw new DuckMeshError('BINDING_MISMATCH', 'A notice names another peer than its publisher.')
}

/** The type of a message that is not on a topic of job headers. */
function stakedType({ type }: EnvelopeBody): StakedType {
  if (type !== 'jobHeader') return type
  throw new DuckMeshError('WRONG_TOPIC', 'Job headers have a topic of their own.')
}

function overQuota(): DuckMeshError {
  return new DuckMeshError('RATE_LIMITED', 'The peer used up its quota of this topic.')
}
