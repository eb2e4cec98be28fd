/** Providers whose segments go as a test wrote down, at the level of one run: what tests of whole jobs need. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock, ErrorCode, Hex, Receipt } from '@duckmesh/protocols'
import { AsyncQueue, startClientSegment } from '@duckmesh/protocols/dispatch'
import type { ClientRunEvent, ClientSegment, JobConnection } from '@duckmesh/protocols/dispatch'
import type { JobState, ProviderConnector, SegmentFacts } from '@duckmesh/protocols/dispatch'
import { bytes32 } from './offers.ts'

/** How one provider serves. */
export type Script =
  /** Says the words, one token each, and is paid a wei for each. */
  | { kind: 'serve'; words: string[] }
  /** Accepts, says the words, then nothing until it is cancelled. */
  | { kind: 'hang'; words: string[] }
  /** Takes the voucher and answers with this code; nothing is paid. */
  | { kind: 'refuse'; code: ErrorCode }
  /** Keeps this offer alone: any other is refused with PRICE_MISMATCH. */
  | { kind: 'restarted'; offer: Hex; words: string[] }
  /** No voucher can be signed: the channel does not cover the first step. */
  | { kind: 'unfunded' }
  /** Accepts, is paid for its receipts, and breaks before its last one. */
  | { kind: 'break'; paid: bigint }
  | { kind: 'unreachable'; code: ErrorCode }

type Frame = Parameters<JobConnection['run']>[1]

export interface TakenAward {
  provider: Hex
  facts: SegmentFacts
  frame: Frame
}

/** What of a run the drivers use. */
class FakeRun {
  readonly ended: Promise<ClientSegment>
  state: ClientSegment
  readonly #clock: Clock
  readonly #events = new AsyncQueue<ClientRunEvent>()
  readonly #end = Promise.withResolvers<ClientSegment>()
  readonly #released = Promise.withResolvers<undefined>()
  readonly #cancelled = Promise.withResolvers<undefined>()
  #paid = 0n

  constructor(clock: Clock, facts: SegmentFacts, script: Script, redundant: boolean) {
    this.#clock = clock
    this.state = startClientSegment(facts, clock.now())
    this.ended = this.#end.promise
    void this.#play(script, redundant)
  }

  [Symbol.asyncIterator](): AsyncIterator<ClientRunEvent, void> {
    return this.#events[Symbol.asyncIterator]()
  }

  release(): void {
    this.#released.resolve(undefined)
  }

  cancel(): void {
    this.#cancelled.resolve(undefined)
  }

  async #play(script: Script, redundant: boolean): Promise<void> {
    await Promise.resolve()
    if (script.kind === 'unfunded') {
      this.#fail('BALANCE_INSUFFICIENT')
      return
    }
    if (!redundant) this.#pay(1_000n)
    this.#enter('awarded')
    if (script.kind === 'refuse') {
      this.#fail(script.code)
      return
    }
    this.#enter('accepted')
    this.#enter('running')
    if (script.kind === 'break') {
      this.#pay(script.paid)
      this.#bill(script.paid, false)
      this.#fail('PROVIDER_LOST')
      return
    }
    if (script.kind === 'unreachable') {
      this.#fail(script.code)
      return
    }
    if (redundant) return this.#commit(script)
    this.#say(script.words)
    if (script.kind === 'hang') return this.#hang()
    this.#bill(BigInt(script.words.length), true)
    this.#finalize()
  }

  async #commit(script: Script & { words: string[] }): Promise<void> {
    if (script.kind === 'hang') return this.#hang()
    this.#bill(BigInt(script.words.length), true)
    this.#enter('completed')
    await Promise.race([this.#released.promise, this.#cancelled.promise])
    this.#pay(BigInt(script.words.length))
    this.#say(script.words)
    this.#finalize()
  }

  async #hang(): Promise<void> {
    await this.#cancelled.promise
    const failure = { code: 'CANCELLED' as const, detail: 'Cancelled.' }
    this.#over({ state: 'cancelled', failure, agreed: true })
  }

  #finalize(): void {
    this.#enter('finalized')
    this.#over({ finishReason: 'stop', agreed: true, salt: bytes32(0x5a) })
  }

  #fail(code: ErrorCode): void {
    const failure = { code, detail: new DuckMeshError(code, 'By its script.').message }
    this.#over({ state: 'failed', failure, agreed: true })
  }

  #over(over: Partial<ClientSegment>): void {
    this.state = { ...this.state, ...over }
    this.#events.end()
    this.#end.resolve(this.state)
  }

  #enter(state: JobState): void {
    this.state = { ...this.state, state }
    this.#events.push({ type: 'state', state, atMs: this.#clock.now() })
  }

  #pay(amount: bigint): void {
    this.#paid += amount
    const { progress } = this.state
    this.state = { ...this.state, progress: { ...progress, prepaid: this.#paid } }
    this.#events.push({ type: 'voucher', amount, cumulative: this.#paid })
  }

  #say(words: readonly string[]): void {
    const { facts, progress } = this.state
    const ids = words.map((_, n) => 1_000 + facts.fromToken + n)
    this.state = { ...this.state, progress: { ...progress, ids: [...progress.ids, ...ids] } }
    for (const [n, text] of words.entries()) {
      this.#events.push({ type: 'text', text, ids: [ids[n] ?? 0] })
    }
  }

  #bill(due: bigint, last: boolean): void {
    const { facts, progress } = this.state
    this.state = { ...this.state, progress: { ...progress, due, tokensIn: 4 } }
    this.#events.push({ type: 'receipt', receipt: receiptOf(facts, due, last) })
  }
}

/** What a provider does that knows one offer only. */
function keeps(script: Script, { award }: Frame): Script {
  if (script.kind !== 'restarted') return script
  if (script.offer !== award.award.bidHash) return { kind: 'refuse', code: 'PRICE_MISMATCH' }
  return { kind: 'serve', words: script.words }
}

function receiptOf(facts: SegmentFacts, amount: bigint, last: boolean): Receipt {
  const { jobId, payer, provider, segment, specHash } = facts
  const roots = { tokensRoot: bytes32(1), traceRoot: bytes32(0) }
  const counts = { item: 0, seq: 0, tokensIn: 4, tokensOut: Number(amount) }
  return { jobId, payer, provider, segment, specHash, ...roots, ...counts, amount, last }
}

export class FakePlaces {
  readonly awards: TakenAward[] = []
  readonly #clock: Clock
  readonly #scripts: ReadonlyMap<Hex, Script>

  constructor(clock: Clock, scripts: Iterable<[Hex, Script]>) {
    this.#clock = clock
    this.#scripts = new Map(scripts)
  }

  readonly connector: ProviderConnector = {
    to: async (provider) => {
      const script = this.#scripts.get(provider) ?? { kind: 'unreachable', code: 'NO_PEERS' }
      if (script.kind === 'unreachable') throw new DuckMeshError(script.code, 'Nobody is there.')
      const run = (facts: SegmentFacts, frame: Frame): FakeRun => {
        this.awards.push({ provider, facts, frame })
        const played = keeps(script, frame)
        return new FakeRun(this.#clock, facts, played, frame.order.order.mode === 0)
      }
      return { encKey: bytes32(9), run } as unknown as JobConnection
    },
  }
}
