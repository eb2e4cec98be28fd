/**
 * One job from order to transcript: finds providers by its lane, drives the awards, matches once more when all of
 * them failed before the first token, and pays the seat when it is over.
 */
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import type { Clock, Crypto, ErrorCode, Hex, Logger, NetworkIdentity } from '@duckmesh/protocols'
import type { Rng, Signer } from '@duckmesh/protocols'
import { AsyncQueue, MODE_REDUNDANT, RedundantJob, StreamJob } from '@duckmesh/protocols/dispatch'
import { ZERO_HASH, signOrder } from '@duckmesh/protocols/dispatch'
import type { JobEvent as DispatchEvent, JobOutcome } from '@duckmesh/protocols/dispatch'
import type { JobPlan, Place } from '@duckmesh/protocols/dispatch'
import type { NewOrder, NonceStore, ProviderConnector } from '@duckmesh/protocols/dispatch'
import type { Auctioneer } from '@duckmesh/protocols/market'
import type { ServicePayer } from '@duckmesh/protocols/settlement'
import type { EvidenceHandover } from '../evidence/hand-over.ts'
import type { JobTranscript, TranscriptAuction, TranscriptStore } from '../store/transcripts.ts'
import { holdAuction } from './auction-lane.ts'
import type { AuctionLaneComponents, HeldAuction } from './auction-lane.ts'
import { lostTranscript } from './auction-transcript.ts'
import { coveredConnector } from './covered-connector.ts'
import type { CoveredConnectorComponents } from './covered-connector.ts'
import { directPlaces, forgetOffers, isOfferGone } from './direct-lane.ts'
import type { DirectFinder } from './direct-lane.ts'
import type { JobEvent, WholeOutcome, WholeState } from './interface.ts'
import { jobFailure, textsOf } from './job-failure.ts'
import { joinOutcomes } from './join-outcomes.ts'
import { jobTranscript } from './job-transcript.ts'
import { openBids } from './open-bids.ts'
import type { HeldAwards } from './open-bids.ts'
import type { JobDraft } from './plan-job.ts'
import type { ProviderBans } from './provider-bans.ts'
import { MAX_EXCLUDED } from './request.ts'
import type { Lane } from './request.ts'

export interface JobRunComponents extends AuctionLaneComponents {
  auctioneer: Pick<Auctioneer, 'run' | 'sendOpenings'>
  bans: ProviderBans
  channels: CoveredConnectorComponents['channels']
  clock: Clock
  connector: ProviderConnector
  crypto: Crypto
  /** Hands proofs of faults to peers. */
  evidence?: Pick<EvidenceHandover, 'learn'>
  finder: DirectFinder
  logger: Logger
  network: NetworkIdentity
  nonces: NonceStore
  rng: Rng
  service: Pick<ServicePayer, 'pay'>
  signer: Signer
  transcripts: Pick<TranscriptStore, 'save'>
}

interface Found {
  plan: JobPlan
  auction?: HeldAwards
}

/** Failures that another provider would only repeat. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'JOB_EXPIRED',
  'PROMPT_TOO_LONG',
  'SPEC_INVALID',
])

/** Auctions of one job: the first, and one more when every place of it failed before a token. */
const MAX_ATTEMPTS = 2

export class JobRun implements AsyncIterable<JobEvent> {
  readonly jobId: Hex
  readonly draft: JobDraft
  readonly events: AsyncQueue<JobEvent> = new AsyncQueue()
  /** Resolves when something is paid or a member works; rejects when the job ended before that. */
  readonly bound: Promise<void>
  /** Never rejects. */
  readonly ended: Promise<WholeOutcome>
  /** After the seat is paid and the record is stored. Never rejects. */
  readonly settled: Promise<JobTranscript>
  readonly #components: JobRunComponents
  readonly #order: NewOrder
  readonly #cancel = new AbortController()
  readonly #bound = Promise.withResolvers<undefined>()
  readonly #auctions: HeldAwards[] = []
  /** Of all auctions, also those that gave nobody. */
  readonly #records: TranscriptAuction[] = []
  readonly #states: { state: WholeState; atMs: number }[] = []
  #lane: Lane
  #fallback: string | undefined
  #isBound = false

  private constructor(components: JobRunComponents, draft: JobDraft, order: NewOrder) {
    this.#components = components
    this.#order = order
    this.#lane = draft.lane
    this.jobId = order.jobId
    this.draft = draft
    this.bound = this.#bound.promise
    this.#enter('posted')
    this.ended = this.#run()
    this.settled = this.ended.then((outcome) => this.#settle(outcome))
  }

  /** Signs the order and starts. Rejects with what the signer or the store threw. */
  static async start(components: JobRunComponents, draft: JobDraft): Promise<JobRun> {
    const { network, nonces, rng, signer } = components
    const { deadline, maxPrice, mode, modelId, replicas, spec } = draft
    const nonce = await nonces.nextNonce(signer.address)
    const input = { modelId, specHash: spec.specHash, maxPrice, deadline, nonce, mode, replicas }
    return new JobRun(components, draft, await signOrder(signer, network, rng, input))
  }

  get lane(): Lane {
    return this.#lane
  }

  get auctions(): TranscriptAuction[] {
    return [...this.#records]
  }

  cancel(): void {
    this.#cancel.abort(new DuckMeshError('CANCELLED', 'The job was cancelled.'))
  }

  [Symbol.asyncIterator](): AsyncIterator<JobEvent, void> {
    return this.events[Symbol.asyncIterator]()
  }

  async #run(): Promise<WholeOutcome> {
    const outcomes: JobOutcome[] = []
    let failure: DuckMeshError | undefined
    try {
      await this.#attempts(outcomes)
    } catch (error) {
      failure = toDuckMeshError(error)
      outcomes.push(this.#unmatched(failure, outcomes.at(-1)))
    }
    const outcome = { ...joinOutcomes(outcomes), states: this.#states }
    if (this.#states.at(-1)?.state !== outcome.state) this.#enter(outcome.state)
    if (!this.#isBound) {
      const isFirst = failure !== undefined && outcomes.length === 1
      this.#bound.reject(isFirst ? failure : jobFailure(outcome))
    }
    // A caller may wait for the end only.
    this.bound.catch(() => undefined)
    this.#bound.resolve(undefined)
    this.events.end()
    return outcome
  }

  async #attempts(outcomes: JobOutcome[]): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const found = await this.#plan(attempt, outcomes)
      if (found === undefined) continue
      const outcome = await this.#drive(found)
      if (found.auction !== undefined) found.auction.outcome = outcome
      outcomes.push(outcome)
      if (!this.#mayRematch(outcome)) return
    }
  }

  /** Nothing delivered, and every place failed: other providers may do better. */
  #mayRematch({ agreed, failure, ids, state, segments }: JobOutcome): boolean {
    const isFinal = failure !== undefined && FINAL.has(failure.code)
    const isFailed = state === 'failed' && agreed === null && !isFinal
    const reveals = segments.some((segment) => segment.ids.length > 0)
    return isFailed && ids.length === 0 && !reveals
  }

  /** Undefined when the auction found too few and another one may do better. */
  async #plan(attempt: number, before: readonly JobOutcome[]): Promise<Found | undefined> {
    const { inBucket, maxTokens, numbers, spec } = this.draft
    const { order, jobId, signature } = this.#order
    const last = before.at(-1)
    const again =
      last === undefined
        ? {}
        : { firstSegment: last.nextSegment, committed: last.paid + last.inDoubt }
    const answer = numbers === undefined ? { maxTokens } : { maxTokens, numbers }
    const base = { order: { order, jobId, signature }, spec, inBucket, ...answer, ...again }
    if (this.#lane === 'auction') {
      const held = await this.#auction(attempt, before)
      if (held === 'again') return undefined
      if (held !== 'direct') {
        const auction: HeldAwards = { held }
        this.#auctions.push(auction)
        if (!this.#hasMembers(held, attempt)) return undefined
        const { matchHash, places: ranked, proof } = held
        return { auction, plan: { ...base, matchHash, proof, ranked } }
      }
    }
    return { plan: { ...base, matchHash: ZERO_HASH, ranked: await this.#direct(before) } }
  }

  /** Whether a redundant job can begin: nobody works for money that fewer than all members earn. */
  #hasMembers({ places }: HeldAuction, attempt: number): boolean {
    const { mode, replicas } = this.draft
    if (mode !== MODE_REDUNDANT || places.length >= replicas) return true
    if (attempt + 1 < MAX_ATTEMPTS) return false
    const what = `${places.length} providers bid, the job needs ${replicas}.`
    throw new DuckMeshError('MEMBERS_MISSING', what, { jobId: this.jobId })
  }

  /**
   * `direct` when no seat answers and the direct lane can do without, `again` when nobody bid and a second auction may
   * do better: all were too slow for the window, or some were banned.
   */
  async #auction(
    attempt: number,
    before: readonly JobOutcome[],
  ): Promise<HeldAuction | 'again' | 'direct'> {
    // Bans count once: who failed a while ago is better than nobody.
    const banned = attempt === 0 ? this.#components.bans.list() : []
    const unwanted = new Set([...this.#excluded(before), ...banned])
    const excluded = [...unwanted].slice(0, MAX_EXCLUDED)
    const { signal } = this.#cancel
    const attempted = { attempt, excluded }
    try {
      const held = await holdAuction(this.#components, this.draft, this.#order, attempted, signal)
      this.#record(held.transcript)
      this.#enter('matched')
      return held
    } catch (error) {
      this.#record(lostTranscript(error, this.draft))
      const { code, details, message } = toDuckMeshError(error)
      const isSilence = attempt === 0 && textsOf(details['reasons']).length === 0
      if (code === 'NO_BIDS' && (banned.length > 0 || isSilence)) return 'again'
      if (code !== 'SEATS_UNREACHABLE' || this.draft.mode === MODE_REDUNDANT) throw error
      this.#lane = 'direct'
      this.#fallback = message
      this.events.push({ type: 'lane', lane: 'direct', why: message })
      return 'direct'
    }
  }

  /**
   * Places without a seat: who failed this job is left out, who is banned is asked last. One that no longer keeps
   * the offer failed nothing: it is asked for a new one.
   */
  async #direct(before: readonly JobOutcome[]): Promise<Place[]> {
    const { bans, clock, finder } = this.#components
    const segments = before.flatMap((outcome) => outcome.segments)
    forgetOffers(finder, segments.filter(isOfferGone), clock.now())
    const failed = segments.filter((segment) => !isOfferGone(segment))
    const exclude = [...this.draft.exclude, ...failed.map(({ provider }) => provider)]
    const draft = { ...this.draft, exclude }
    const places = await directPlaces(finder, draft, clock.now(), this.#cancel.signal)
    const banned = new Set(bans.list())
    const isBanned = ({ provider }: Place): boolean => banned.has(provider)
    return [...places.filter((place) => !isBanned(place)), ...places.filter(isBanned)]
  }

  /** Whom the caller does not want, and who failed this job before. */
  #excluded(before: readonly JobOutcome[]): Hex[] {
    const failed = before.flatMap(({ segments }) => segments.map(({ provider }) => provider))
    return [...this.draft.exclude, ...failed]
  }

  async #drive({ auction, plan }: Found): Promise<JobOutcome> {
    const { signal } = this.#cancel
    const Kind = this.draft.mode === MODE_REDUNDANT ? RedundantJob : StreamJob
    const bids = auction?.held.result.choice.ranked ?? []
    const connector = coveredConnector(this.#components, bids, this.draft)
    const job = new Kind({ ...this.#components, connector }, plan, { signal })
    for await (const event of job) {
      if (!this.#isBound && binds(event)) {
        this.#isBound = true
        this.#bound.resolve(undefined)
      }
      this.#components.bans.learn(event)
      this.#components.evidence?.learn(event)
      if (event.type !== 'job') this.events.push(event)
      // An attempt that failed is not the end of a job that goes on.
      else if (event.state !== 'posted' && event.state !== 'failed')
        this.#enter(event.state, event.atMs)
    }
    return job.ended
  }

  #record(auction: TranscriptAuction | undefined): void {
    if (auction === undefined) return
    this.#records.push(auction)
    this.events.push({ type: 'auction', auction })
  }

  #enter(state: WholeState, atMs: number = this.#components.clock.now()): void {
    this.#states.push({ state, atMs })
    this.events.push({ type: 'job', state, atMs })
  }

  /** The end of a job for which nobody was found; who failed it before is the better reason. */
  #unmatched({ code, message: detail }: DuckMeshError, before?: JobOutcome): JobOutcome {
    const atMs = this.#components.clock.now()
    const isCancelled = code === 'CANCELLED'
    const failure = isCancelled ? undefined : before?.failure
    return {
      jobId: this.jobId,
      state: isCancelled ? 'cancelled' : 'failed',
      failure: failure ?? { code, detail },
      segments: [],
      text: '',
      ids: [],
      finishReason: null,
      paid: 0n,
      inDoubt: 0n,
      agreed: null,
      tokensIn: 0,
      states: [{ state: isCancelled ? 'cancelled' : 'failed', atMs }],
      nextSegment: before?.nextSegment ?? 0,
    }
  }

  /** The bids are opened to everybody who took part, the seat of each match gets its fee, the record is stored. */
  async #settle(outcome: WholeOutcome): Promise<JobTranscript> {
    const { clock, logger, signer, transcripts } = this.#components
    let fee: JobTranscript['fee']
    for (const auction of this.#auctions) fee = (await openBids(this.#components, auction)) ?? fee
    const facts = { draft: this.draft, jobId: this.jobId, payer: signer.address }
    const how = { lane: this.#lane, fallback: this.#fallback, auctions: this.auctions, fee }
    const transcript = jobTranscript({ ...facts, ...how, outcome, endedMs: clock.now() })
    await transcripts.save(transcript).catch((error: unknown) => {
      logger.warn('job.transcript_not_stored', { jobId: this.jobId, error })
    })
    return transcript
  }
}

/** From here on money may be spent: a voucher was signed, or a member works before it is paid. */
function binds(event: DispatchEvent): boolean {
  return event.type === 'voucher' || (event.type === 'state' && event.state === 'accepted')
}
