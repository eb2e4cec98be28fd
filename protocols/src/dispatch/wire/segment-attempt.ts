/** One place of a job, from reaching the provider to the end of its segment. Never throws: a failure is an outcome. */
import type { Receipt } from '@duckmesh/proto'
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { withDeadline } from '../../mesh/index.ts'
import { DEFAULT_TIMEOUTS } from '../client-segment.ts'
import type { ClientSegment } from '../client-segment.ts'
import type { ClientTimeouts, JobState } from '../interface.ts'
import type { ClientRun, ClientRunEvent } from './client-run.ts'
import type { JobComponents, JobPlan, SegmentOutcome } from './interface.ts'
import type { JobConnection } from './job-connection.ts'
import type { JobJournal } from './job-journal.ts'
import { prepareAward } from './prepare-award.ts'
import type { AwardDraft } from './prepare-award.ts'
import { endedOutcome, unawardedOutcome } from './segment-outcome.ts'

export interface SegmentAttemptInit {
  draft: AwardDraft
  timeouts: Partial<ClientTimeouts>
  /** Text that the user may see at once; a member's waits for the others. */
  onText?: (text: string, ids: readonly number[]) => void
  /** The segment entered a state. */
  onState: (state: JobState) => void
}

export class SegmentAttempt {
  readonly draft: AwardDraft
  readonly ended: Promise<SegmentOutcome>
  /** Redundant mode: true when the last receipt is in, false when the segment ended without. */
  readonly committed: Promise<boolean>
  readonly #components: JobComponents
  readonly #plan: JobPlan
  readonly #journal: JobJournal
  readonly #init: SegmentAttemptInit
  readonly #abort = new AbortController()
  readonly #commit = Promise.withResolvers<boolean>()
  readonly #receipts: Receipt[] = []
  #run: ClientRun | undefined
  #text = ''

  constructor(
    components: JobComponents,
    plan: JobPlan,
    journal: JobJournal,
    init: SegmentAttemptInit,
  ) {
    this.#components = components
    this.#plan = plan
    this.#journal = journal
    this.#init = init
    this.draft = init.draft
    this.committed = this.#commit.promise
    this.ended = this.#live()
  }

  /** The most that this segment may still cost in all, wei. */
  get reserved(): bigint {
    const state = this.#run?.state
    // After the last receipt of a member nothing more can be billed.
    return state?.state === 'completed' ? state.progress.due : this.draft.budget
  }

  release(): void {
    this.#run?.release()
  }

  cancel(): void {
    this.#abort.abort(new DuckMeshError('CANCELLED', 'The client cancelled the job.'))
    this.#run?.cancel()
  }

  async #live(): Promise<SegmentOutcome> {
    const outcome = await this.#attempt()
    this.#commit.resolve(false)
    const atMs = this.#components.clock.now()
    this.#journal.tell(this.#source, { type: 'segmentEnd', outcome, atMs })
    return outcome
  }

  get #source(): { segment: number; provider: SegmentOutcome['provider'] } {
    const { place, segment } = this.draft
    return { segment, provider: place.provider }
  }

  async #attempt(): Promise<SegmentOutcome> {
    try {
      const segment = await this.#serve(await this.#connect())
      return endedOutcome(segment, this.#text, this.#receipts)
    } catch (error) {
      const { code, message: detail } = toDuckMeshError(error, 'PROVIDER_LOST')
      this.#components.logger.info('place not awarded', { code, segment: this.draft.segment })
      return unawardedOutcome(this.draft, { code, detail }, this.#components.clock.now())
    }
  }

  #connect(): Promise<JobConnection> {
    const { clock, connector } = this.#components
    const { signal } = this.#abort
    const ms = this.#init.timeouts.acceptMs ?? DEFAULT_TIMEOUTS.acceptMs
    const opening = connector.to(this.draft.place.provider, signal)
    return withDeadline(opening, { clock, ms, what: 'No job stream', signal })
  }

  async #serve(connection: JobConnection): Promise<ClientSegment> {
    const { draft } = this
    const { facts, frame } = await prepareAward(
      this.#components,
      this.#plan,
      draft,
      connection.encKey,
    )
    // Cancelled meanwhile: nothing was sent, so nothing is owed.
    this.#abort.signal.throwIfAborted()
    const { place, budget, prefixIds } = draft
    const atMs = this.#components.clock.now()
    const award = { type: 'award' as const, place, fromToken: prefixIds.length, budget, atMs }
    this.#journal.tell(this.#source, award)
    const run = connection.run(facts, frame, { timeouts: this.#init.timeouts })
    this.#run = run
    for await (const event of run) this.#onEvent(event)
    return run.ended
  }

  #onEvent(event: ClientRunEvent): void {
    if (event.type === 'text') {
      this.#text += event.text
      this.#init.onText?.(event.text, event.ids)
      if (this.#init.onText === undefined) return
    }
    this.#journal.tell(this.#source, event)
    if (event.type === 'receipt') this.#receipts.push(event.receipt)
    if (event.type !== 'state') return
    this.#init.onState(event.state)
    if (event.state === 'completed') this.#commit.resolve(true)
  }
}
