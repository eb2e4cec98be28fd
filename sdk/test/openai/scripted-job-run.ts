/** A run of a job, over all its attempts, that tells what a test wrote down. */
import type { Hex } from '@duckmesh/protocols'
import { AsyncQueue } from '@duckmesh/protocols/dispatch'
import type { JobOutcome, SegmentOutcome } from '@duckmesh/protocols/dispatch'
import type { HandledRun } from '../../src/job/job-handle.ts'
import type { JobEvent } from '../../src/job/interface.ts'
import type { JobTranscript } from '../../src/store/transcripts.ts'
import { address, bytes32 } from '../support/offers.ts'

export const JOB: Hex = bytes32(0x10b)
export const FIRST: Hex = address(2)
export const BACKUP: Hex = address(3)

export class ScriptedJobRun implements HandledRun {
  readonly jobId: Hex = JOB
  readonly lane = 'auction'
  readonly draft: HandledRun['draft'] = { mode: 1, replicas: 1 }
  readonly auctions: HandledRun['auctions'] = []
  readonly ended: Promise<JobOutcome>
  /** Nothing here reads it. */
  readonly settled: Promise<JobTranscript> = new Promise(() => undefined)
  cancels = 0
  readonly #events = new AsyncQueue<JobEvent>()
  readonly #end = Promise.withResolvers<JobOutcome>()
  readonly #ids: number[] = []
  #text = ''

  constructor() {
    this.ended = this.#end.promise
  }

  [Symbol.asyncIterator](): AsyncIterator<JobEvent, void> {
    return this.#events[Symbol.asyncIterator]()
  }

  cancel(): void {
    this.cancels += 1
  }

  say(text: string, ...ids: number[]): void {
    this.#text += text
    this.#ids.push(...ids)
    this.#events.push({ type: 'text', text, ids, segment: 0, provider: FIRST })
  }

  /** Ends the run; each of these providers served and was paid 21 wei. */
  finish(over: Partial<JobOutcome>, ...providers: Hex[]): void {
    const segments = providers.map((provider, n) => segmentOf(provider, n, providers.length))
    this.#events.end()
    this.#end.resolve({
      jobId: JOB,
      state: 'finalized',
      segments,
      text: this.#text,
      ids: this.#ids,
      finishReason: 'stop',
      paid: 21n * BigInt(providers.length),
      inDoubt: 0n,
      agreed: null,
      tokensIn: 4,
      states: [],
      nextSegment: segments.length,
      ...over,
    })
  }
}

/** All but the last one failed in the middle. */
function segmentOf(provider: Hex, segment: number, count: number): SegmentOutcome {
  return {
    segment,
    provider,
    state: segment === count - 1 ? 'finalized' : 'failed',
    paid: 21n,
    inDoubt: 0n,
    ids: [],
    text: '',
    receipts: [],
    finishReason: null,
    fromToken: 0,
    tokensIn: 4,
    priceIn: 1n,
    priceOut: 1n,
    budget: 100n,
    states: [],
  }
}
