/** Runs one accepted segment on the provider: performs the machine's effects on engine, store and stream. */
import { signedReceiptCodec } from '@duckmesh/proto'
import type { JobFrame, VoucherFrame } from '@duckmesh/proto'
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import type { ErrorCode } from '../../error-codes.ts'
import type { FrameStream } from '../../mesh/interface.ts'
import { signStruct } from '../../signed-struct.ts'
import { END_GRACE_MS, TICK_MS } from '../constants.ts'
import type { JobState, OpenGeneration } from '../interface.ts'
import { isTerminal } from '../lifecycle.ts'
import { stepMemberProvider } from '../member-provider-machine.ts'
import type { MemberProvider } from '../member-provider-machine.ts'
import { stepProvider } from '../provider-machine.ts'
import type { ProviderEffect, ProviderEvent, ProviderSegment } from '../provider-segment.ts'
import type { SegmentKey } from '../store.ts'
import type { JobServerComponents } from './components.ts'
import { gatherTokens } from './gather-tokens.ts'
import { MachineCell } from './machine-cell.ts'
import type { Cell } from './machine-cell.ts'
import { SegmentWriter } from './segment-writer.ts'
import { sendWithin } from './send-within.ts'
import { wireDetail } from './wire-detail.ts'

type ReceiptEffect = Extract<ProviderEffect, { type: 'issueReceipt' | 'issueCommitment' }>

export interface ProviderRunInit {
  onState: (state: JobState) => void
  /** A step ended after this time, ms. */
  onStep: (ms: number) => void
  /** See `JobServerInit`. */
  gatherMs: number
}

export class ProviderRun {
  readonly key: SegmentKey
  /** Resolves when the segment is terminal and its accounts are closed. */
  readonly ended: Promise<void>
  readonly #components: JobServerComponents
  readonly #stream: FrameStream<JobFrame>
  readonly #cell: Cell<ProviderSegment, ProviderEvent>
  readonly #init: ProviderRunInit
  readonly #writer: SegmentWriter
  #generation: OpenGeneration | null = null
  #step = new AbortController()
  #cancelTick: () => void = () => undefined
  #resolveEnded: () => void = () => undefined

  constructor(
    components: JobServerComponents,
    stream: FrameStream<JobFrame>,
    initial: ProviderSegment | MemberProvider,
    init: ProviderRunInit,
  ) {
    this.#components = components
    this.#stream = stream
    this.#init = init
    this.key = { jobId: initial.facts.jobId, segment: initial.facts.segment }
    this.#writer = new SegmentWriter(components.jobLog, this.key)
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
    const now = (): number => components.clock.now()
    const perform = (effect: ProviderEffect): Promise<void> => this.#perform(effect)
    this.#cell =
      'salt' in initial
        ? new MachineCell(initial, stepMemberProvider, perform, now)
        : new MachineCell(initial, stepProvider, perform, now)
  }

  get state(): ProviderSegment {
    return this.#cell.state
  }

  /** Starts serving: the generation is open, the award stored and `prepaid` booked. */
  start(generation: OpenGeneration, prepaid: bigint): void {
    this.#generation = generation
    this.#tick()
    void this.#send({ type: 'admitted', tokensIn: generation.tokensIn, prepaid })
  }

  /**
   * A voucher frame for this segment came in; a bad one is answered by waiting on for a good one. Resolves
   * when it is checked, so that a flood of vouchers is not read faster than that.
   */
  async pay(frame: VoucherFrame): Promise<void> {
    const { payments, logger } = this.#components
    // What comes after the end stays unbooked: the payer's next voucher covers it again.
    if (isTerminal(this.state.state)) return
    try {
      if (frame.voucher.voucher.payer !== this.state.facts.payer) {
        throw new DuckMeshError('VOUCHER_INVALID', 'The voucher is by another payer.')
      }
      const prepaid = await payments.accept(frame)
      void this.#send({ type: 'paid', prepaid })
    } catch (error) {
      logger.warn('voucher refused', { code: toDuckMeshError(error).code, jobId: this.key.jobId })
    }
  }

  cancel(): void {
    void this.#send({ type: 'cancel' })
    // At once, not behind frames that a slow client has not taken yet.
    this.#step.abort()
  }

  streamClosed(): void {
    void this.#send({ type: 'closed' })
  }

  /** Ends the segment from this side, for example because the node stops. */
  fail(code: ErrorCode, detail: string): Promise<void> {
    return this.#send({ type: 'engineFailed', code, detail })
  }

  async #send(event: ProviderEvent): Promise<void> {
    const wasTerminal = isTerminal(this.state.state)
    const before = this.state.history.length
    const done = this.#cell.send(event)
    for (const { state } of this.state.history.slice(before)) this.#init.onState(state)
    if (!wasTerminal && isTerminal(this.state.state)) this.#onTerminal()
    await done
  }

  /** A client that takes no more frames must not hold the slot: the stream is reset after a grace. */
  #onTerminal(): void {
    this.#cancelTick()
    if (this.state.state === 'failed') this.#step.abort()
    const cancelReset = this.#components.clock.after(END_GRACE_MS, () => {
      this.#stream.abort(new DuckMeshError('TIMED_OUT', 'The last frames were not taken.'))
    })
    void this.ended.then(cancelReset)
  }

  #transmit(frame: JobFrame): Promise<void> {
    return sendWithin(this.#stream, frame, this.#components.clock)
  }

  #tick(): void {
    this.#cancelTick = this.#components.clock.after(TICK_MS, () => {
      void this.#send({ type: 'tick' })
      if (!isTerminal(this.state.state)) this.#tick()
    })
  }

  async #perform(effect: ProviderEffect): Promise<void> {
    try {
      await this.#performOne(effect)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** A stream that broke ends nothing that is paid; a store or signer that fails ends the segment. */
  #failed(error: unknown): void {
    const { code, message } = toDuckMeshError(error)
    this.#components.logger.warn('segment effect failed', { jobId: this.key.jobId, code })
    if (code === 'STREAM_CLOSED') this.streamClosed()
    else void this.fail(code, message)
  }

  async #performOne(effect: ProviderEffect): Promise<void> {
    const { jobId, segment } = this.key
    switch (effect.type) {
      case 'sendAccept':
        return this.#sendAccept()
      case 'runStep':
        void this.#runStep(effect.maxTokens)
        return
      case 'stopStep':
        this.#step.abort()
        return
      case 'sendChunk': {
        const { n, ids, text: textDelta, h } = effect
        const chunk = { jobId, segment, n, ids: [...ids], textDelta, h }
        return this.#transmit({ kind: 'chunk', chunk })
      }
      case 'issueReceipt':
      case 'issueCommitment':
        return this.#issueReceipt(effect)
      case 'bookPaid':
        return this.#book(effect.amount)
      case 'sendReveal': {
        const { salt, text } = effect
        const reveal = { jobId, segment, salt, ids: [...effect.ids], text }
        return this.#transmit({ kind: 'reveal', reveal })
      }
      case 'freeEngine':
        this.#freeEngine()
        return
      case 'sendStopped': {
        const { code } = effect
        const detail = wireDetail(effect.detail)
        return this.#transmit({ kind: 'stopped', stopped: { jobId, segment, code, detail } })
      }
      case 'end':
        return this.#end()
    }
  }

  async #sendAccept(): Promise<void> {
    const { network, provider, signer } = this.#components
    const { jobId, segment, fromToken, prefixHash } = this.state.facts
    // No bond and no estimate before verification and the auction use them.
    const accept = { jobId, segment, provider, fromToken, prefixHash, bond: 0n, etaMs: 0 }
    const signature = await signStruct(signer, network, 'Accept', accept)
    await this.#transmit({ kind: 'accept', accept: { accept, signature } })
  }

  async #runStep(maxTokens: number): Promise<void> {
    const generation = this.#generation
    if (generation === null) return
    this.#step = new AbortController()
    const { clock } = this.#components
    const startMs = clock.now()
    try {
      const step = generation.step(maxTokens, this.#step.signal)
      const groups = gatherTokens(step, clock, this.#init.gatherMs)
      for (;;) {
        const next = await groups.next()
        if (next.done === true) {
          this.#init.onStep(clock.now() - startMs)
          await this.#send({ type: 'stepEnd', finishReason: next.value.finishReason })
          return
        }
        // Waiting here is the backpressure: the engine makes no token that the stream cannot take.
        await this.#send({ type: 'tokens', ...next.value })
      }
    } catch (error) {
      if (this.#step.signal.aborted) return this.#send({ type: 'stepEnd', finishReason: null })
      const { code, message } = toDuckMeshError(error, 'ENGINE_FAILED')
      await this.fail(code, message)
    }
  }

  /** Final receipts are on disk before the frame leaves, step receipts within a group commit (DESIGN §5). */
  async #issueReceipt({ receipt, finishReason, type }: ReceiptEffect): Promise<void> {
    const { network, signer } = this.#components
    const signature = await signStruct(signer, network, 'Receipt', receipt)
    if (type === 'issueReceipt') await this.#book(receipt.amount)
    const signed = { receipt, signature }
    const level = receipt.last ? 'durable' : 'grouped'
    const stored = this.#writer.write(this.state, level, signedReceiptCodec.encode(signed))
    if (receipt.last) await stored
    else stored.catch((error: unknown) => this.#failed(error))
    if (this.state.clientGone) return
    await this.#transmit({ kind: 'receipt', receipt: { receipt: signed, finishReason } })
  }

  #book(amount: bigint): Promise<void> {
    const { jobId, segment } = this.key
    return this.#components.payments.receipted(this.state.facts.payer, jobId, segment, amount)
  }

  #freeEngine(): void {
    this.#generation?.close()
    this.#generation = null
  }

  async #end(): Promise<void> {
    this.#freeEngine()
    this.#step.abort()
    try {
      await this.#writer.write(this.state, 'durable')
    } finally {
      const { jobId, segment } = this.key
      const { payer } = this.state.facts
      await this.#components.payments
        .close(payer, jobId, segment)
        .catch((error: unknown) => this.#failed(error))
      this.#resolveEnded()
    }
  }
}
