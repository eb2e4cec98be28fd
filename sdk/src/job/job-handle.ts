/** A running or finished job as the caller sees it. */
import { DuckMeshError, ERROR_CODES } from '@duckmesh/protocols'
import type { ErrorCode, Hex, Receipt } from '@duckmesh/protocols'
import type { ClientRun, ClientRunEvent, ClientSegment } from '@duckmesh/protocols/dispatch'
import type { FinishReason, JobState } from '@duckmesh/protocols/dispatch'

/** What a job tells while it runs, in order. */
export type JobEvent = ClientRunEvent

/** What a handle uses of a run. */
export type JobRun = Pick<ClientRun, 'cancel' | 'ended' | 'state' | typeof Symbol.asyncIterator>

export interface JobResult {
  jobId: Hex
  provider: Hex
  text: string
  finishReason: FinishReason | null
  usage: { promptTokens: number; completionTokens: number }
  /** Sum of receipt amounts, wei. */
  paid: bigint
  /** Times are milliseconds since 1970. */
  states: { state: JobState; atMs: number }[]
  receipts: Receipt[]
}

/** Events of one job as an async iterable, and its result. Each iteration tells every event once, from the first. */
export class JobHandle implements AsyncIterable<JobEvent> {
  readonly jobId: Hex
  readonly provider: Hex
  /** Wei per 1 000 tokens that were agreed. */
  readonly price: { in: bigint; out: bigint }
  /** Resolves when the job is over, however it ended; never rejects. */
  readonly ended: Promise<void>
  readonly #run: JobRun
  readonly #segment: Promise<ClientSegment>
  readonly #events: JobEvent[] = []
  #complete = false
  /** Resolves when there is more to tell, or nothing ever again. */
  #more = Promise.withResolvers<undefined>()

  constructor(run: JobRun, signal?: AbortSignal) {
    const { facts } = run.state
    this.#run = run
    this.jobId = facts.jobId
    this.provider = facts.provider
    this.price = { in: facts.terms.priceIn, out: facts.terms.priceOut }
    this.#segment = this.#collect()
    this.ended = this.#segment.then(() => undefined)
    if (signal !== undefined) this.#cancelOn(signal)
  }

  get state(): JobState {
    return this.#run.state.state
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
    const segment = await this.#segment
    if (segment.state !== 'finalized') throw failureOf(segment)
    const { progress } = segment
    return {
      jobId: this.jobId,
      provider: this.provider,
      text: this.#events.map((event) => (event.type === 'text' ? event.text : '')).join(''),
      finishReason: segment.finishReason ?? null,
      usage: { promptTokens: progress.tokensIn, completionTokens: progress.ids.length },
      paid: progress.due,
      states: [...segment.history],
      receipts: this.#events.flatMap((event) => (event.type === 'receipt' ? [event.receipt] : [])),
    }
  }

  /** The one reader of the run: a queue that two read would give each of them half. */
  async #collect(): Promise<ClientSegment> {
    for await (const event of this.#run) {
      this.#events.push(event)
      this.#wake()
    }
    const segment = await this.#run.ended
    this.#complete = true
    this.#wake()
    return segment
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

function failureOf(segment: ClientSegment): DuckMeshError {
  const { failure, facts, progress } = segment
  const code = failure?.code ?? 'INTERNAL'
  return new DuckMeshError(code, withoutTodo(code, failure?.detail ?? 'The job failed.'), {
    jobId: facts.jobId,
    details: { paid: progress.due, tokens: progress.ids.length },
  })
}

/** The detail of a failure may be a whole message; the error adds what to do by itself. */
function withoutTodo(code: ErrorCode, detail: string): string {
  const { todo } = ERROR_CODES[code]
  return detail.endsWith(todo) ? detail.slice(0, -todo.length).trimEnd() : detail
}
