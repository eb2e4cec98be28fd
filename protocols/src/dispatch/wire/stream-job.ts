/** A streaming job: one place after the other, each going on from what was delivered (rules D-24 to D-28). */
import { limits } from '@duckmesh/proto'
import type { Hex } from '@duckmesh/proto'
import type { JobFailure, JobState } from '../interface.ts'
import { keptIds } from '../number-terms.ts'
import { firstStepPrice } from '../price.ts'
import type { JobComponents, JobEvent, JobInit, JobOutcome, JobPlan } from './interface.ts'
import type { Place, SegmentOutcome } from './interface.ts'
import { JobJournal } from './job-journal.ts'
import { NOBODY, cancelOn } from './job-parts.ts'
import { streamTimeouts } from './place-timeouts.ts'
import { segmentTerms } from './prepare-award.ts'
import { SegmentAttempt } from './segment-attempt.ts'
import { committedOf, jobOutcome } from './segment-outcome.ts'
import type { Verdict } from './segment-outcome.ts'

export class StreamJob implements AsyncIterable<JobEvent> {
  readonly jobId: Hex
  /** How the job ended, after the accounts of every segment are closed. Never rejects. */
  readonly ended: Promise<JobOutcome>
  readonly #components: JobComponents
  readonly #plan: JobPlan
  readonly #init: JobInit
  readonly #journal: JobJournal
  readonly #segments: SegmentOutcome[] = []
  readonly #ids: number[] = []
  #text = ''
  #attempt: SegmentAttempt | undefined
  #cancelled = false
  #failure: JobFailure = { code: 'PROVIDER_UNAVAILABLE', detail: 'Nobody is left to be asked.' }

  /** Starts at once. */
  constructor(components: JobComponents, plan: JobPlan, init: JobInit = {}) {
    this.#components = components
    this.#plan = plan
    this.#init = init
    this.jobId = plan.order.jobId
    this.#journal = new JobJournal(components.clock)
    const stopListening = cancelOn(init.signal, () => {
      this.cancel()
    })
    this.ended = this.#run().finally(stopListening)
  }

  get state(): JobState {
    return this.#journal.state
  }

  [Symbol.asyncIterator](): AsyncIterator<JobEvent, void> {
    return this.#journal[Symbol.asyncIterator]()
  }

  /** Stops generation and payment within a step; what was delivered stays paid. */
  cancel(): void {
    this.#cancelled = true
    this.#attempt?.cancel()
  }

  async #run(): Promise<JobOutcome> {
    const { ranked, firstSegment = 0 } = this.#plan
    this.#journal.enter(
      { segment: firstSegment, provider: ranked[0]?.provider ?? NOBODY },
      'posted',
    )
    for (const [index, place] of ranked.entries()) {
      if (this.#isOver()) break
      if (await this.#award(place, index)) break
    }
    const verdict = this.#verdict()
    const last = this.#segments.at(-1)
    this.#journal.enter(last ?? { segment: firstSegment, provider: NOBODY }, verdict.state)
    this.#journal.end()
    return jobOutcome(this.#plan, this.#segments, verdict, this.#journal.states)
  }

  /** Nothing more to award: cancelled, too late, or every token is here and only the last receipt is not. */
  #isOver(): boolean {
    if (this.#cancelled || this.#isDelivered()) return true
    if (this.#components.clock.now() < this.#plan.order.order.deadline * 1000) return false
    this.#failure = { code: 'JOB_EXPIRED', detail: 'The deadline passed.' }
    return true
  }

  #isDelivered(): boolean {
    return this.#ids.length >= this.#plan.maxTokens
  }

  /** Gives the rest to a place. Resolves to whether the job ends with it. */
  async #award(place: Place, index: number): Promise<boolean> {
    const { committed = 0n, firstSegment = 0, order, ranked } = this.#plan
    const spent = this.#segments.reduce((sum, one) => sum + committedOf(one), committed)
    const budget = order.order.maxPrice - spent
    this.#dropHalves()
    const draft = { place, segment: firstSegment + index, prefixIds: [...this.#ids], budget }
    const price = firstStepPrice(segmentTerms(this.#plan, draft))
    if (price > budget) {
      const detail = `The next step would cost ${price} wei of ${budget} that are left.`
      this.#failure = { code: 'BUDGET', detail }
      return false
    }
    const outcome = await this.#try(draft, index + 1 < ranked.length)
    this.#segments.push(outcome)
    this.#failure = outcome.failure ?? this.#failure
    if (outcome.state !== 'failed') return true
    // Own rule D-13: what is left does not pay the next step here, and a prefix makes it dearer elsewhere.
    return outcome.failure?.code === 'BUDGET' && outcome.receipts.length > 0
  }

  /** Rule N-7: a segment of numbers begins with a text. */
  #dropHalves(): void {
    const { numbers } = this.#plan
    if (numbers === undefined) return
    this.#ids.length = keptIds(numbers.width, this.#ids, limits.MAX_PREFIX_IDS).length
  }

  #try(draft: SegmentAttempt['draft'], hasBackup: boolean): Promise<SegmentOutcome> {
    const source = { segment: draft.segment, provider: draft.place.provider }
    const attempt = new SegmentAttempt(this.#components, this.#plan, this.#journal, {
      draft,
      timeouts: streamTimeouts(this.#init, hasBackup),
      onText: (text, ids) => {
        this.#text += text
        this.#ids.push(...ids)
      },
      onState: (state) => {
        this.#journal.follow(source, state)
      },
    })
    this.#attempt = attempt
    // A cancel that came while the last segment ended.
    if (this.#cancelled) attempt.cancel()
    return attempt.ended
  }

  #verdict(): Verdict {
    const last = this.#segments.at(-1)
    const delivered = { text: this.#text, ids: this.#ids, agreed: null }
    if (last?.state === 'finalized') {
      return { ...delivered, state: 'finalized', finishReason: last.finishReason }
    }
    if (last?.state === 'cancelled' || (this.#cancelled && !this.#isDelivered())) {
      const failure = { code: 'CANCELLED', detail: 'The client cancelled the job.' } as const
      return { ...delivered, state: 'cancelled', failure, finishReason: 'cancelled' }
    }
    if (this.#isDelivered()) return { ...delivered, state: 'finalized', finishReason: 'length' }
    const state = last?.state === 'expired' ? 'expired' : 'failed'
    return { ...delivered, state, failure: this.#failure, finishReason: null }
  }
}
