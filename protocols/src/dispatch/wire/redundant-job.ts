/** A redundant job: k members at once, last vouchers when all have committed, then reveals (docs/spec/mode-redundant.md). */
import type { Hex } from '@duckmesh/proto'
import type { JobFailure, JobState } from '../interface.ts'
import { chooseText, idsAgree } from '../member-verdict.ts'
import { firstStepPrice, segmentPriceCap } from '../price.ts'
import type { JobComponents, JobEvent, JobInit, JobOutcome, JobPlan } from './interface.ts'
import type { SegmentOutcome } from './interface.ts'
import { JobJournal } from './job-journal.ts'
import { NOBODY, cancelOn } from './job-parts.ts'
import { memberTimeouts } from './place-timeouts.ts'
import { segmentTerms } from './prepare-award.ts'
import type { AwardDraft } from './prepare-award.ts'
import { SegmentAttempt } from './segment-attempt.ts'
import { committedOf, jobOutcome } from './segment-outcome.ts'
import type { Verdict } from './segment-outcome.ts'

/** One of the k answers that the job needs, and who gives it now. */
interface Line {
  attempt?: SegmentAttempt
  outcome?: SegmentOutcome
}

export class RedundantJob implements AsyncIterable<JobEvent> {
  readonly jobId: Hex
  /** How the job ended, after the accounts of every segment are closed. Never rejects. */
  readonly ended: Promise<JobOutcome>
  readonly #components: JobComponents
  readonly #plan: JobPlan
  readonly #init: JobInit
  readonly #journal: JobJournal
  readonly #lines: Line[]
  readonly #segments: SegmentOutcome[] = []
  /** The next place that was not asked yet. */
  #next = 0
  #cancelled = false
  #failure: JobFailure = { code: 'MEMBERS_MISSING', detail: 'Nobody is left to be asked.' }

  /** Starts at once. */
  constructor(components: JobComponents, plan: JobPlan, init: JobInit = {}) {
    this.#components = components
    this.#plan = plan
    this.#init = init
    this.jobId = plan.order.jobId
    this.#journal = new JobJournal(components.clock)
    this.#lines = Array.from({ length: plan.order.order.replicas }, () => ({}))
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

  /** Stops every member within a step; what they receipted is paid. */
  cancel(): void {
    this.#cancelled = true
    for (const { attempt } of this.#lines) attempt?.cancel()
  }

  async #run(): Promise<JobOutcome> {
    const first = this.#firstSource()
    this.#journal.enter(first, 'posted')
    do {
      const committed = await this.#commitAll()
      if (committed.length === 0) break
      await this.#reveal(committed)
    } while (this.#mayAward() && this.#open().length > 0)
    const verdict = this.#verdict()
    this.#tellResult(verdict)
    const last = this.#segments.at(-1) ?? first
    this.#journal.enter(last, verdict.state)
    this.#journal.end()
    return jobOutcome(this.#plan, this.#segments, verdict, this.#journal.states)
  }

  #firstSource(): { segment: number; provider: Hex } {
    const { firstSegment = 0, ranked } = this.#plan
    return { segment: firstSegment, provider: ranked[0]?.provider ?? NOBODY }
  }

  /** Lines that have neither an answer nor somebody at work. */
  #open(): Line[] {
    return this.#lines.filter(({ attempt, outcome }) =>
      outcome === undefined ? attempt === undefined : outcome.state !== 'finalized',
    )
  }

  /** Fills every open line until it has a commitment or nobody is left; resolves to those that wait for release. */
  async #commitAll(): Promise<SegmentAttempt[]> {
    do {
      await Promise.all(this.#open().map((line) => this.#fill(line)))
      // Once more: a member may get lost while it waits for the others.
    } while (this.#mayAward() && this.#open().length > 0)
    const waiting = this.#lines.filter(({ outcome }) => outcome === undefined)
    const committed = waiting.flatMap(({ attempt }) => (attempt === undefined ? [] : [attempt]))
    const [one] = committed
    if (one !== undefined && this.#open().length === 0) {
      const { place, segment } = one.draft
      this.#journal.follow({ segment, provider: place.provider }, 'completed')
    }
    return committed
  }

  /** Gives a line to one place after the other, each from scratch, until one commits. */
  async #fill(line: Line): Promise<void> {
    while (this.#mayAward()) {
      const draft = this.#draft()
      if (draft === undefined) continue
      const attempt = this.#attempt(draft)
      line.attempt = attempt
      delete line.outcome
      void attempt.ended.then((outcome) => {
        line.outcome = outcome
        this.#segments.push(outcome)
        this.#failure = outcome.failure ?? this.#failure
      })
      if (await attempt.committed) return
      await attempt.ended
    }
  }

  #mayAward(): boolean {
    if (this.#cancelled || this.#next >= this.#plan.ranked.length) return false
    if (this.#components.clock.now() < this.#plan.order.order.deadline * 1000) return true
    this.#failure = { code: 'JOB_EXPIRED', detail: 'The deadline passed.' }
    return false
  }

  /** The award for the next place; none when its first step is above what is left of maxPrice (rule R-6). */
  #draft(): AwardDraft | undefined {
    const { firstSegment = 0, ranked } = this.#plan
    const index = this.#next
    const place = ranked[index]
    this.#next += 1
    if (place === undefined) return undefined
    const draft = { place, segment: firstSegment + index, prefixIds: [], budget: 0n }
    const terms = segmentTerms(this.#plan, draft)
    const share = this.#left() / BigInt(this.#open().length)
    const cap = segmentPriceCap(terms)
    const budget = cap < share ? cap : share
    const price = firstStepPrice(terms)
    if (price <= budget) return { ...draft, budget }
    const detail = `The next member would cost ${price} wei of ${budget} that are left for it.`
    this.#failure = { code: 'BUDGET', detail }
    return undefined
  }

  /** What no segment holds, wei. */
  #left(): bigint {
    const held = (line: Line): bigint =>
      line.outcome === undefined ? (line.attempt?.reserved ?? 0n) : 0n
    const { committed = 0n, order } = this.#plan
    const spent = this.#segments.reduce((sum, one) => sum + committedOf(one), committed)
    return this.#lines.reduce((left, line) => left - held(line), order.order.maxPrice - spent)
  }

  #attempt(draft: AwardDraft): SegmentAttempt {
    const source = { segment: draft.segment, provider: draft.place.provider }
    const hasBackup = this.#next < this.#plan.ranked.length
    return new SegmentAttempt(this.#components, this.#plan, this.#journal, {
      draft,
      timeouts: memberTimeouts(this.#init, hasBackup),
      onState: (state) => {
        // One member's last receipt does not complete the job.
        if (state !== 'completed') this.#journal.follow(source, state)
      },
    })
  }

  /** Every member that can has committed: the last vouchers go out, and the answers come in. */
  async #reveal(committed: readonly SegmentAttempt[]): Promise<void> {
    for (const attempt of committed) attempt.release()
    await Promise.all(committed.map(({ ended }) => ended))
  }

  #finalized(): SegmentOutcome[] {
    const done = this.#segments.filter(({ state }) => state === 'finalized')
    return done.sort((a, b) => a.segment - b.segment)
  }

  #verdict(): Verdict {
    const done = this.#finalized()
    const [first, ...others] = done
    const nothing = { text: '', ids: [], finishReason: null, agreed: null }
    if (first !== undefined && done.length === this.#lines.length) {
      if (!idsAgree(done)) {
        const detail = `The ${done.length} members gave unequal answers.`
        const failure = { code: 'RESULTS_DIFFER', detail } as const
        return { ...nothing, state: 'disputed', failure, agreed: false }
      }
      const { finishReason, ids, text } = chooseText([first, ...others])
      return { state: 'finalized', text, ids, finishReason, agreed: true }
    }
    if (this.#cancelled) {
      const failure = { code: 'CANCELLED', detail: 'The client cancelled the job.' } as const
      return { ...nothing, state: 'cancelled', failure, finishReason: 'cancelled' }
    }
    return { ...nothing, state: 'failed', failure: this.#missing(done.length) }
  }

  #missing(done: number): JobFailure {
    const { code, detail } = this.#failure
    if (code === 'BUDGET' || code === 'JOB_EXPIRED') return { code, detail }
    const what = `${done} of ${this.#lines.length} members finished; the last failure was ${code}.`
    return { code: 'MEMBERS_MISSING', detail: what }
  }

  /** Only now, when nobody commits any more, are the answers told. */
  #tellResult(verdict: Verdict): void {
    for (const { ids, provider, salt, segment, text } of this.#finalized()) {
      if (salt !== undefined) {
        this.#journal.tell({ segment, provider }, { type: 'reveal', ids, text, salt })
      }
    }
    const shown = this.#finalized().find(({ text }) => text === verdict.text)
    if (verdict.agreed !== true || shown === undefined) return
    this.#journal.tell(shown, { type: 'text', text: verdict.text, ids: verdict.ids })
  }
}
