/** A running or finished job as the caller sees it. */
import type { Hex, NumberModel, Receipt } from '@duckmesh/protocols'
import { numbersOf } from '@duckmesh/protocols/dispatch'
import type { FinishReason } from '@duckmesh/protocols/dispatch'
import type { JobTranscript, TranscriptAuction } from '../store/transcripts.ts'
import type { JobEvent, WholeOutcome, WholeState } from './interface.ts'
import { jobFailure } from './job-failure.ts'
import type { JobDraft } from './plan-job.ts'
import type { Lane } from './request.ts'

/** What a handle uses of a run. */
export interface HandledRun extends AsyncIterable<JobEvent> {
  readonly jobId: Hex
  readonly lane: Lane
  readonly draft: Pick<JobDraft, 'mode' | 'numbers' | 'replicas'>
  readonly auctions: TranscriptAuction[]
  readonly ended: Promise<WholeOutcome>
  readonly settled: Promise<JobTranscript>
  cancel(): void
}

export interface JobResult {
  jobId: Hex
  lane: Lane
  mode: number
  replicas: number
  /** Who delivered the text; of a redundant job its first member. */
  provider: Hex
  /** All that were paid, in the order of their awards. */
  providers: Hex[]
  text: string
  /** Present when the answer is numbers: those of each text, and the names of the classes, if it has any. */
  numbers?: { vectors: Float32Array[]; labels: readonly string[] }
  finishReason: FinishReason | null
  usage: { promptTokens: number; completionTokens: number }
  /** Sum of receipt amounts, wei. */
  paid: bigint
  /** Redundant jobs: whether all answers were equal; null otherwise. */
  agreed: boolean | null
  /** Times are milliseconds since 1970. */
  states: { state: WholeState; atMs: number }[]
  segments: WholeOutcome['segments']
  receipts: Receipt[]
  auctions: TranscriptAuction[]
}

/** Events of one job as an async iterable, and its result. Each iteration tells every event once, from the first. */
export class JobHandle implements AsyncIterable<JobEvent> {
  readonly jobId: Hex
  /** Resolves when the job is over, however it ended; never rejects. */
  readonly ended: Promise<void>
  /** Resolves to how it was decided, when the seats are paid and the record is stored; never rejects. */
  readonly settled: Promise<JobTranscript>
  readonly #run: HandledRun
  readonly #outcome: Promise<WholeOutcome>
  readonly #events: JobEvent[] = []
  #state: WholeState = 'posted'
  #complete = false
  /** Resolves when there is more to tell, or nothing ever again. */
  #more = Promise.withResolvers<undefined>()

  constructor(run: HandledRun, signal?: AbortSignal) {
    this.#run = run
    this.jobId = run.jobId
    this.settled = run.settled
    this.#outcome = this.#collect()
    this.ended = this.#outcome.then(() => undefined)
    if (signal !== undefined) this.#cancelOn(signal)
  }

  get state(): WholeState {
    return this.#state
  }

  get lane(): Lane {
    return this.#run.lane
  }

  get mode(): number {
    return this.#run.draft.mode
  }

  /** Stops generation and payment within a step; what was delivered stays paid. */
  cancel(): void {
    this.#run.cancel()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<JobEvent, void> {
    for (let next = 0; ; next += 1) {
      while (next >= this.#events.length && !this.#complete) await this.#more.promise
      const event = this.#events[next]
      if (event === undefined) return
      yield event
    }
  }

  /** Waits for the end. Rejects with the job's failure code; then `details.paid` tells what it cost, wei. */
  async result(): Promise<JobResult> {
    const outcome = await this.#outcome
    if (outcome.state !== 'finalized') throw jobFailure(outcome)
    const { agreed, finishReason, ids, paid, segments, states, text, tokensIn } = outcome
    const finalized = segments.find((segment) => segment.state === 'finalized')
    // Every token was delivered and only the last receipt was not.
    const served = finalized ?? segments.findLast((segment) => segment.ids.length > 0)
    const paidTo = segments.filter((segment) => segment.paid > 0n)
    const { mode, numbers: model, replicas } = this.#run.draft
    const numbers = model === undefined ? {} : { numbers: numbersIn(ids, model) }
    return {
      jobId: this.jobId,
      lane: this.lane,
      mode,
      replicas,
      provider: served?.provider ?? '0x',
      providers: [...new Set(paidTo.map(({ provider }) => provider))],
      text,
      ...numbers,
      finishReason,
      usage: { promptTokens: tokensIn, completionTokens: ids.length },
      paid,
      agreed,
      states: [...states],
      segments,
      receipts: segments.flatMap(({ receipts }) => [...receipts]),
      auctions: this.#run.auctions,
    }
  }

  /** The one reader of the run: a queue that two read would give each of them half. */
  async #collect(): Promise<WholeOutcome> {
    for await (const event of this.#run) {
      if (event.type === 'job') this.#state = event.state
      this.#events.push(event)
      this.#wake()
    }
    const outcome = await this.#run.ended
    this.#state = outcome.state
    this.#complete = true
    this.#wake()
    return outcome
  }

  #wake(): void {
    this.#more.resolve(undefined)
    this.#more = Promise.withResolvers()
  }

  #cancelOn(signal: AbortSignal): void {
    const cancel = (): void => {
      this.cancel()
    }
    if (signal.aborted) cancel()
    signal.addEventListener('abort', cancel, { once: true })
    void this.ended.then(() => {
      signal.removeEventListener('abort', cancel)
    })
  }
}

function numbersIn(
  ids: readonly number[],
  { labels, width }: NumberModel,
): NonNullable<JobResult['numbers']> {
  const all = numbersOf(ids)
  const vectors = Array.from({ length: all.length / width }, (_, n) =>
    all.slice(n * width, (n + 1) * width),
  )
  return { vectors, labels }
}
