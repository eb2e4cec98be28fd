/** A run that tells what a test wrote down. */
import type { Receipt } from '@duckmesh/protocols'
import { AsyncQueue } from '@duckmesh/protocols/dispatch'
import type { SegmentOutcome } from '@duckmesh/protocols/dispatch'
import type { JobEvent, WholeOutcome, WholeState } from '../../src/job/interface.ts'
import type { HandledRun } from '../../src/job/job-handle.ts'
import type { Lane } from '../../src/job/request.ts'
import type { JobTranscript, TranscriptAuction } from '../../src/store/transcripts.ts'
import { address, bytes32 } from './offers.ts'

export const JOB = bytes32(0x10b)
const PROVIDER = address(2)

export function receipt(seq: number, amount: bigint): Receipt {
  return {
    jobId: JOB,
    segment: 0,
    item: 0,
    seq,
    payer: address(1),
    provider: PROVIDER,
    tokensIn: 4,
    tokensOut: 2,
    tokensRoot: bytes32(1),
    traceRoot: bytes32(0),
    amount,
    specHash: bytes32(3),
    last: true,
  }
}

/** One segment that finished, unless `over` says otherwise. */
export function segmentOutcome(over: Partial<SegmentOutcome> = {}): SegmentOutcome {
  return {
    segment: 0,
    provider: PROVIDER,
    state: 'finalized',
    paid: 0n,
    inDoubt: 0n,
    ids: [],
    text: '',
    receipts: [],
    finishReason: 'stop',
    fromToken: 0,
    tokensIn: 4,
    priceIn: 250n,
    priceOut: 1_000n,
    budget: 10n ** 18n,
    states: [],
    ...over,
  }
}

/** What a test says about the end: the rest follows from what the run told. */
export type ScriptedEnd = Partial<WholeOutcome> & Pick<WholeOutcome, 'state'>

export class ScriptedRun implements HandledRun {
  readonly jobId = JOB
  readonly lane: Lane
  readonly draft: { mode: 0 | 1; replicas: number }
  readonly auctions: TranscriptAuction[] = []
  readonly ended: Promise<WholeOutcome>
  readonly settled: Promise<JobTranscript>
  cancels = 0
  readonly #events = new AsyncQueue<JobEvent>()
  readonly #end = Promise.withResolvers<WholeOutcome>()
  readonly #settle = Promise.withResolvers<JobTranscript>()
  readonly #states: { state: WholeState; atMs: number }[] = [{ state: 'posted', atMs: 1_000 }]
  readonly #ids: number[] = []
  readonly #receipts: Receipt[] = []
  #text = ''

  constructor(lane: Lane = 'auction', draft: HandledRun['draft'] = { mode: 1, replicas: 1 }) {
    this.lane = lane
    this.draft = draft
    this.ended = this.#end.promise
    this.settled = this.#settle.promise
  }

  [Symbol.asyncIterator](): AsyncIterator<JobEvent, void> {
    return this.#events[Symbol.asyncIterator]()
  }

  cancel(): void {
    this.cancels += 1
  }

  tell(...events: JobEvent[]): void {
    for (const event of events) {
      if (event.type === 'receipt') this.#receipts.push(event.receipt)
      this.#events.push(event)
    }
  }

  enter(state: WholeState, atMs = 2_000): void {
    this.#states.push({ state, atMs })
    this.tell({ type: 'job', state, atMs })
  }

  say(text: string, ...ids: number[]): void {
    this.#text += text
    this.#ids.push(...ids)
    this.tell({ type: 'text', text, ids, segment: 0, provider: PROVIDER })
  }

  /** Ends the run in a state; `paid` is what it cost, wei. */
  finish(over: ScriptedEnd, paid = 0n): void {
    const [text, ids, receipts] = [this.#text, this.#ids, this.#receipts]
    const { finishReason = null, state } = over
    const delivered = { text, ids, finishReason, paid }
    const segments = [segmentOutcome({ ...delivered, state, receipts })]
    const sums = { inDoubt: 0n, agreed: null, tokensIn: 4, nextSegment: 1, states: this.#states }
    const outcome = { jobId: JOB, ...delivered, segments, ...sums, ...over }
    this.#events.end()
    this.#end.resolve(outcome)
    this.#settle.resolve(transcriptOf(this, outcome))
  }
}

function transcriptOf(
  { auctions, draft, lane }: ScriptedRun,
  outcome: WholeOutcome,
): JobTranscript {
  return {
    jobId: JOB,
    payer: address(1),
    modelId: bytes32(0x3a),
    lane,
    ...draft,
    maxPrice: '1',
    createdMs: 1_000,
    endedMs: 3_000,
    auctions,
    segments: [],
    state: outcome.state,
    paid: `${outcome.paid}`,
    agreed: outcome.agreed,
  }
}
