/** A run that tells what a test wrote down. */
import { tokenHash } from '@duckmesh/protocols'
import type { Receipt } from '@duckmesh/protocols'
import { AsyncQueue, startClientSegment } from '@duckmesh/protocols/dispatch'
import type { ClientRunEvent, ClientSegment, SegmentFacts } from '@duckmesh/protocols/dispatch'
import type { JobRun } from '../../src/job/job-handle.ts'
import { address, bytes32 } from './offers.ts'

export const JOB = bytes32(0x10b)

const facts: SegmentFacts = {
  jobId: JOB,
  segment: 0,
  payer: address(1),
  provider: address(2),
  specHash: bytes32(3),
  terms: { priceIn: 250n, priceOut: 1_000n, inBucket: 16, maxTokens: 64, budget: 10n ** 18n },
  deadlineMs: 60_000,
  fromToken: 0,
  prefixHash: tokenHash([]),
}

export function receipt(seq: number, amount: bigint): Receipt {
  return {
    jobId: JOB,
    segment: 0,
    item: 0,
    seq,
    payer: facts.payer,
    provider: facts.provider,
    tokensIn: 4,
    tokensOut: 2,
    tokensRoot: bytes32(1),
    traceRoot: bytes32(0),
    amount,
    specHash: facts.specHash,
    last: true,
  }
}

export class ScriptedRun implements JobRun {
  state: ClientSegment = startClientSegment(facts, 1_000)
  cancels = 0
  readonly ended: Promise<ClientSegment>
  readonly #events = new AsyncQueue<ClientRunEvent>()
  #end: (segment: ClientSegment) => void = () => undefined

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  [Symbol.asyncIterator](): AsyncIterator<ClientRunEvent, void> {
    return this.#events[Symbol.asyncIterator]()
  }

  cancel(): void {
    this.cancels += 1
  }

  tell(...events: ClientRunEvent[]): void {
    for (const event of events) this.#events.push(event)
  }

  say(text: string, ...ids: number[]): void {
    const { progress } = this.state
    this.state = { ...this.state, progress: { ...progress, ids: [...progress.ids, ...ids] } }
    this.tell({ type: 'text', text, ids })
  }

  /** Ends the run in a state; `due` is what it cost, wei. */
  finish(over: Partial<ClientSegment>, due = 0n): void {
    const progress = { ...this.state.progress, tokensIn: 4, due }
    this.state = { ...this.state, progress, ...over }
    this.#events.end()
    this.#end(this.state)
  }
}
