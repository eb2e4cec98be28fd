/** The client's end of the job protocol to one provider: one long-lived stream, many segments. */
import type { AwardFrame, Hex, JobFrame } from '@duckmesh/proto'
import { DuckMeshError } from '../../errors.ts'
import type { Session } from '../../mesh/interface.ts'
import { MODE_REDUNDANT } from '../check-award.ts'
import type { SegmentFacts } from '../progress.ts'
import { ClientRun } from './client-run.ts'
import type { ClientRunInit } from './client-run.ts'
import type { JobClientComponents } from './components.ts'
import { sendWithin } from './send-within.ts'

/** Below the 120 s after which an idle stream is reset by libp2p. */
const PING_INTERVAL_MS = 45_000

export class JobConnection {
  readonly operator: Hex
  readonly encKey: Hex
  readonly #components: JobClientComponents
  readonly #session: Session<JobFrame>
  readonly #runs = new Map<string, ClientRun>()
  #cancelPing: () => void = () => undefined
  #pings = 0
  #ended = false

  /** Throws BINDING_MISMATCH when the remote is not a provider. */
  constructor(components: JobClientComponents, session: Session<JobFrame>) {
    const { operator, encKey } = session.remote
    if (operator === undefined || encKey === undefined) {
      throw new DuckMeshError('BINDING_MISMATCH', 'The remote peer showed no operator binding.')
    }
    this.operator = operator
    this.encKey = encKey
    this.#components = components
    this.#session = session
    void this.#read()
    this.#ping()
  }

  get closed(): boolean {
    return this.#ended || this.#session.stream.closed
  }

  /** Starts a segment in the mode of its order; its events and end are on the returned run. */
  run(
    facts: SegmentFacts,
    frame: Omit<AwardFrame, 'voucher'>,
    init: Pick<ClientRunInit, 'timeouts'> = {},
  ): ClientRun {
    const redundant = frame.order.order.mode === MODE_REDUNDANT
    const { stream } = this.#session
    const run = new ClientRun(this.#components, stream, this.operator, facts, {
      ...init,
      redundant,
    })
    const key = keyOf(facts)
    this.#runs.set(key, run)
    void run.ended.then(() => this.#runs.delete(key))
    // On a dead stream nothing may be signed.
    if (this.closed) run.streamClosed()
    void run.start(frame)
    return run
  }

  async close(): Promise<void> {
    this.#cancelPing()
    await this.#session.stream.close()
  }

  async #read(): Promise<void> {
    const { stream } = this.#session
    try {
      for await (const frame of stream) {
        this.#onFrame(frame)
      }
    } catch (error) {
      this.#components.logger.debug('job stream broke', { error: String(error) })
    }
    this.#ended = true
    this.#cancelPing()
    for (const run of this.#runs.values()) run.streamClosed()
  }

  /** Late frames of ended segments are dropped. Nothing waits here: one job's payment must not hold up another. */
  #onFrame(frame: JobFrame): void {
    if (frame.kind === 'ping') return
    const ref = refOf(frame)
    if (ref === null) {
      const what = `A provider sent ${frame.kind}.`
      this.#session.stream.abort(new DuckMeshError('UNEXPECTED_FRAME', what))
      return
    }
    void this.#runs.get(keyOf(ref))?.onFrame(frame)
  }

  #ping(): void {
    this.#cancelPing = this.#components.clock.after(PING_INTERVAL_MS, () => {
      const frame = { kind: 'ping' as const, ping: { nonce: this.#pings++, pong: false } }
      sendWithin(this.#session.stream, frame, this.#components.clock).catch(() => undefined)
      this.#ping()
    })
  }
}

function refOf(frame: JobFrame): { jobId: Hex; segment: number } | null {
  switch (frame.kind) {
    case 'accept':
      return frame.accept.accept
    case 'busy':
      return frame.busy
    case 'refuse':
      return frame.refuse
    case 'stopped':
      return frame.stopped
    case 'chunk':
      return frame.chunk
    case 'receipt':
      return frame.receipt.receipt.receipt
    case 'reveal':
      return frame.reveal
    default:
      return null
  }
}

function keyOf(ref: { jobId: Hex; segment: number }): string {
  return `${ref.jobId}:${ref.segment}`
}
