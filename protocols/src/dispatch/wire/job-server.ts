/** Serves the job protocol: one instance a node, one `serve` call a session. */
import type { AwardFrame, Hex, JobFrame, SegmentRef } from '@duckmesh/proto'
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import type { FrameStream, Session } from '../../mesh/interface.ts'
import { checkAward } from '../check-award.ts'
import { GATHER_MS, MAX_SEGMENTS_PER_PAYER } from '../constants.ts'
import type { JobState } from '../interface.ts'
import type { SegmentFacts } from '../progress.ts'
import { admitAward } from './admit-award.ts'
import type { Admitted } from './admit-award.ts'
import type { JobServerComponents, JobServerInit } from './components.ts'
import { ProviderRun } from './provider-run.ts'
import { sendWithin } from './send-within.ts'
import { wireDetail } from './wire-detail.ts'

const OPEN_STATES: readonly JobState[] = ['posted', 'awarded', 'accepted', 'running', 'completed']

/** Weight of the newest step in the moving average of step times. */
const STEP_WEIGHT = 0.2

/** Retry hint in a Busy frame: about one step of a small model. */
const BUSY_RETRY_MS = 1_000

/** One session: its stream, whom it speaks for and what runs on it. */
interface Client {
  stream: FrameStream<JobFrame>
  payer: Hex
  runs: Map<string, ProviderRun>
}

/** An award between arrival and start; it holds a slot. */
interface Pending {
  client: Client
  abort: AbortController
  done: Promise<void>
}

export class JobServer {
  readonly #components: JobServerComponents
  readonly #init: JobServerInit
  readonly #runs = new Map<string, ProviderRun>()
  readonly #pending = new Map<string, Pending>()
  #stopping = false
  #stepMs = 0

  constructor(components: JobServerComponents, init: JobServerInit) {
    this.#components = components
    this.#init = init
  }

  /** Segments that compute or are being admitted now. A member that waits for its last voucher holds no slot. */
  get inFlight(): number {
    const waiting = [...this.#runs.values()].filter(({ state }) => state.state === 'completed')
    return this.#runs.size - waiting.length + this.#pending.size
  }

  /** Recent time per step, ms, whole; 0 before the first one. */
  get stepMs(): number {
    return Math.round(this.#stepMs)
  }

  /** After a restart: segments that ran are failed; what they receipted stays earned. Call before `serve`. */
  async recover(): Promise<void> {
    const { clock, jobLog } = this.#components
    for (const { jobId, segment } of await jobLog.listSegments({ states: OPEN_STATES })) {
      const enter = { state: 'failed' as const, atMs: clock.now() }
      const failure = {
        code: 'PROVIDER_LOST' as const,
        detail: 'The provider stopped while it ran.',
      }
      await jobLog.updateSegment({ jobId, segment }, { enter, failure }, 'grouped')
    }
  }

  /** Handles one session until its stream ends; rejects only with what broke the stream. */
  async serve(session: Session<JobFrame>): Promise<void> {
    const { stream, remote } = session
    if (remote.payer === undefined) {
      throw new DuckMeshError('BINDING_MISMATCH', 'The job protocol needs a client binding.')
    }
    const client: Client = { stream, payer: remote.payer, runs: new Map() }
    try {
      for await (const frame of stream) await this.#onFrame(client, frame)
    } finally {
      for (const pending of this.#pending.values()) {
        if (pending.client === client) pending.abort.abort(clientLost())
      }
      for (const run of client.runs.values()) run.streamClosed()
    }
  }

  /** Takes no more awards and ends what runs; resolves when every account is closed. */
  async stop(): Promise<void> {
    this.#stopping = true
    const pending = [...this.#pending.values()]
    for (const { abort } of pending) abort.abort(shuttingDown())
    for (const run of this.#runs.values()) void failRun(run, shuttingDown())
    await Promise.all(pending.map(({ done }) => done))
    await Promise.all([...this.#runs.values()].map((run) => run.ended))
  }

  /** Waits only for what a client could otherwise pile up: answers it does not read, vouchers it sends. */
  async #onFrame(client: Client, frame: JobFrame): Promise<void> {
    switch (frame.kind) {
      case 'award':
        return this.#onAward(client, frame.award)
      case 'voucher':
        return client.runs.get(keyOf(frame.voucher))?.pay(frame.voucher)
      case 'cancel':
        this.#onCancel(client, frame.cancel)
        return
      case 'ping':
        if (!frame.ping.pong) await this.#reply(client, pongTo(frame.ping.nonce))
        return
      default: {
        const error = new DuckMeshError('UNEXPECTED_FRAME', `A client sent ${frame.kind}.`)
        client.stream.abort(error)
      }
    }
  }

  #onCancel(client: Client, ref: SegmentRef): void {
    const key = keyOf(ref)
    client.runs.get(key)?.cancel()
    const pending = this.#pending.get(key)
    if (pending?.client === client) pending.abort.abort(cancelled())
  }

  async #onAward(client: Client, frame: AwardFrame): Promise<void> {
    const { jobId, segment } = frame.award.award
    const ref = { jobId, segment }
    if (!this.#stopping && this.inFlight >= this.#init.slots) {
      return this.#reply(client, { kind: 'busy', busy: { ...ref, retryAfterMs: BUSY_RETRY_MS } })
    }
    try {
      const facts = this.#check(client, frame)
      const abort = new AbortController()
      // Not waited for: a cancel must be read meanwhile. Bounded by the slots.
      const done = this.#admit(client, frame, facts, abort.signal)
      this.#pending.set(keyOf(ref), { client, abort, done })
    } catch (error) {
      return this.#refuse(client, ref, error)
    }
  }

  /** Rule D-6: cheap checks first, then signatures. */
  #check(client: Client, frame: AwardFrame): SegmentFacts {
    const { payer } = client
    if (this.#stopping) throw shuttingDown()
    if (this.#openOf(payer) >= MAX_SEGMENTS_PER_PAYER) {
      throw new DuckMeshError('RATE_LIMITED', 'Too many open segments.')
    }
    const nowMs = this.#components.clock.now()
    const facts = checkAward(frame, { ...this.#components, payer, nowMs })
    const key = keyOf(facts)
    if (this.#runs.has(key) || this.#pending.has(key)) {
      throw new DuckMeshError('SEGMENT_USED', 'The segment runs already.')
    }
    return facts
  }

  /** Open segments of a payer, over all its sessions. */
  #openOf(payer: Hex): number {
    const pending = [...this.#pending.values()].filter(({ client }) => client.payer === payer)
    const runs = [...this.#runs.values()].filter((run) => run.state.facts.payer === payer)
    return pending.length + runs.length
  }

  async #admit(
    client: Client,
    frame: AwardFrame,
    facts: SegmentFacts,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const admitted = await admitAward(this.#components, frame, facts, signal)
      this.#pending.delete(keyOf(facts))
      this.#startRun(client, admitted, signal)
    } catch (error) {
      // Before the answer: a client that does not read it must not hold the slot.
      this.#pending.delete(keyOf(facts))
      await this.#refuse(client, { jobId: facts.jobId, segment: facts.segment }, error)
    }
  }

  #startRun(client: Client, { initial, generation, prepaid }: Admitted, signal: AbortSignal): void {
    const { jobId, segment, payer } = initial.facts
    const { gatherMs = GATHER_MS, onState } = this.#init
    const run = new ProviderRun(this.#components, client.stream, initial, {
      gatherMs,
      onState: (state) => onState?.({ jobId, segment, payer, state }),
      onStep: (ms) => {
        this.#stepMs = this.#stepMs === 0 ? ms : this.#stepMs + STEP_WEIGHT * (ms - this.#stepMs)
      },
    })
    const key = keyOf(run.key)
    client.runs.set(key, run)
    this.#runs.set(key, run)
    void run.ended.then(() => {
      client.runs.delete(key)
      this.#runs.delete(key)
    })
    this.#init.onState?.({ jobId, segment, payer, state: initial.state })
    run.start(generation, prepaid)
    // What was asked for while the voucher was booked.
    if (signal.aborted) abortRun(run, toDuckMeshError(signal.reason))
    else if (client.stream.closed) run.streamClosed()
  }

  async #refuse(client: Client, ref: SegmentRef, error: unknown): Promise<void> {
    const { code, message } = toDuckMeshError(error)
    this.#components.logger.info('award refused', { code, jobId: ref.jobId })
    const { jobId, segment } = ref
    const refuse = { jobId, segment, code, detail: wireDetail(message) }
    await this.#reply(client, { kind: 'refuse', refuse })
  }

  /** A stream that breaks meanwhile is told by its iterator. */
  async #reply(client: Client, frame: JobFrame): Promise<void> {
    const { clock, logger } = this.#components
    await sendWithin(client.stream, frame, clock).catch((error: unknown) => {
      logger.debug('answer not sent', { code: toDuckMeshError(error).code })
    })
  }
}

function keyOf(ref: SegmentRef): string {
  return `${ref.jobId}:${ref.segment}`
}

function pongTo(nonce: number): JobFrame {
  return { kind: 'ping', ping: { nonce, pong: true } }
}

function shuttingDown(): DuckMeshError {
  return new DuckMeshError('SHUTTING_DOWN', 'The provider stops.')
}

function cancelled(): DuckMeshError {
  return new DuckMeshError('CANCELLED', 'Cancelled before the start.')
}

function clientLost(): DuckMeshError {
  return new DuckMeshError('CLIENT_LOST', 'The stream closed before the start.')
}

function failRun(run: ProviderRun, error: DuckMeshError): Promise<void> {
  return run.fail(error.code, error.message)
}

function abortRun(run: ProviderRun, reason: DuckMeshError): void {
  if (reason.code === 'CANCELLED') run.cancel()
  else if (reason.code === 'CLIENT_LOST') run.streamClosed()
  else void failRun(run, reason)
}
