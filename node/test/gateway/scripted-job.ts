/** A running job that tells what a test wrote down, and a client that hands out such jobs. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { ErrorCode, Hex } from '@duckmesh/protocols'
import type { BookEntry } from '@duckmesh/protocols/market'
import type { JobEvent, JobOptions, JobRequest, JobResult } from '@duckmesh/sdk'
import type { GatewayClient, GatewayJob } from '../../src/gateway/interface.ts'

export const JOB: Hex = `0x${'0b'.repeat(32)}`
export const PROVIDER: Hex = `0x${'02'.repeat(20)}`

export class ScriptedJob implements GatewayJob {
  readonly jobId: Hex = JOB
  cancels = 0
  /** How many loops read its events. */
  readers = 0
  readonly #events: JobEvent[] = []
  readonly #end = Promise.withResolvers<JobResult>()
  #text = ''
  #isOver = false
  #more = Promise.withResolvers<undefined>()

  constructor() {
    this.#end.promise.catch(() => undefined)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<JobEvent, void> {
    this.readers += 1
    for (let next = 0; ; next += 1) {
      while (next >= this.#events.length && !this.#isOver) await this.#more.promise
      const event = this.#events[next]
      if (event === undefined) return
      yield event
    }
  }

  result(): Promise<JobResult> {
    return this.#end.promise
  }

  /** As a run does: what was delivered stays paid. */
  cancel(): void {
    this.cancels += 1
    this.fail('CANCELLED', 3n)
  }

  say(text: string): this {
    this.#text += text
    return this.tell({ type: 'text', text, ids: [7], segment: 0, provider: PROVIDER })
  }

  tell(event: JobEvent): this {
    this.#events.push(event)
    this.#wake()
    return this
  }

  finish(over: Partial<JobResult> = {}): this {
    this.#end.resolve({ ...resultOf(this.#text), ...over })
    return this.#over()
  }

  fail(code: ErrorCode, paid: bigint, what: string = 'It failed.'): this {
    this.#end.reject(new DuckMeshError(code, what, { jobId: JOB, details: { paid, tokens: 1 } }))
    return this.#over()
  }

  #over(): this {
    this.#isOver = true
    this.#wake()
    return this
  }

  #wake(): void {
    this.#more.resolve(undefined)
    this.#more = Promise.withResolvers()
  }
}

function resultOf(text: string): JobResult {
  return {
    jobId: JOB,
    lane: 'auction',
    mode: 1,
    replicas: 1,
    provider: PROVIDER,
    providers: [PROVIDER],
    text,
    finishReason: 'stop',
    usage: { promptTokens: 5, completionTokens: 2 },
    paid: 42n,
    agreed: null,
    states: [],
    segments: [],
    receipts: [],
    auctions: [],
  }
}

/** A client whose submits a test answers. */
export class ScriptedClient implements GatewayClient {
  readonly asked: { request: JobRequest; signal: AbortSignal }[] = []
  book: BookEntry[] = []
  /** What the next submits do, in order; the last one goes on. */
  answers: (() => Promise<GatewayJob>)[] = []
  #waiting: (() => void)[] = []

  offers(): Promise<BookEntry[]> {
    return Promise.resolve(this.book)
  }

  async submit(request: JobRequest, { signal }: JobOptions): Promise<GatewayJob> {
    this.asked.push({ request, signal: signal ?? new AbortController().signal })
    for (const tell of this.#waiting.splice(0)) tell()
    const [answer] = this.answers
    if (answer === undefined) throw new DuckMeshError('NO_BIDS', 'Nobody bid.')
    if (this.answers.length > 1) this.answers.shift()
    const job = await answer()
    signal?.addEventListener('abort', () => {
      job.cancel()
    })
    return job
  }

  /** The next submits get these jobs. */
  give(...jobs: GatewayJob[]): void {
    this.answers = jobs.map((job) => () => Promise.resolve(job))
  }

  /** All submits fail. */
  refuse(code: ErrorCode, details: DuckMeshError['details'] = {}): void {
    this.answers = [() => Promise.reject(new DuckMeshError(code, 'It is so.', { details }))]
  }

  /** Resolves when so many requests came to the client. */
  async askedFor(count: number): Promise<void> {
    while (this.asked.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }
}
