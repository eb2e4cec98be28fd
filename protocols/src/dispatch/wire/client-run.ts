/** Runs one segment on the client: performs the machine's effects on payments, store and stream. */
import { signedReceiptCodec } from '@duckmesh/proto'
import type {
  AwardFrame,
  Hex,
  JobFrame,
  Receipt,
  SignedReceipt,
  VoucherFrame,
} from '@duckmesh/proto'
import { isErrorCode } from '../../error-codes.ts'
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import type { ErrorCode } from '../../error-codes.ts'
import type { FrameStream } from '../../mesh/interface.ts'
import { recoverStruct } from '../../signed-struct.ts'
import { stepClient } from '../client-machine.ts'
import { startClientSegment } from '../client-segment.ts'
import type { ClientEffect, ClientEvent, ClientSegment } from '../client-segment.ts'
import { TICK_MS } from '../constants.ts'
import { encodeTerms } from '../encode-terms.ts'
import type { ClientTimeouts, FinishReason, JobState } from '../interface.ts'
import { isTerminal } from '../lifecycle.ts'
import { startMemberClient, stepMemberClient } from '../member-client-machine.ts'
import { firstStepPrice } from '../price.ts'
import type { SegmentFacts } from '../progress.ts'
import { ReceiptWitness } from '../receipt-witness.ts'
import type { Contradiction } from '../receipt-witness.ts'
import type { SegmentKey } from '../store.ts'
import { AsyncQueue } from './async-queue.ts'
import type { JobClientComponents } from './components.ts'
import { MachineCell } from './machine-cell.ts'
import type { Cell } from './machine-cell.ts'
import { SegmentWriter } from './segment-writer.ts'
import { sendWithin } from './send-within.ts'

/** What a running job tells its caller, in order. */
export type ClientRunEvent =
  | { type: 'state'; state: JobState; atMs: number }
  | { type: 'text'; text: string; ids: readonly number[] }
  | { type: 'voucher'; amount: bigint; cumulative: bigint }
  | { type: 'receipt'; receipt: Receipt }
  /** The provider signed both: whoever has them can have it slashed. They are kept with the segment. */
  | { type: 'contradiction'; receipts: Contradiction }

export interface ClientRunInit {
  /** Instead of the defaults. */
  timeouts?: Partial<ClientTimeouts>
  /** A member of a redundant job: commits, is paid, reveals (docs/spec/mode-redundant.md). */
  redundant?: boolean
}

export class ClientRun implements AsyncIterable<ClientRunEvent> {
  readonly key: SegmentKey
  /** The terminal segment, after its accounts are closed. Never rejects. */
  readonly ended: Promise<ClientSegment>
  readonly #components: JobClientComponents
  readonly #stream: FrameStream<JobFrame>
  /** Operator key that accepts and receipts must carry. */
  readonly #operator: Hex
  readonly #cell: Cell<ClientSegment, ClientEvent>
  readonly #redundant: boolean
  readonly #events = new AsyncQueue<ClientRunEvent>()
  readonly #writer: SegmentWriter
  #cancelTick: () => void = () => undefined
  #resolveEnded: (segment: ClientSegment) => void = () => undefined
  readonly #receipts = new Map<number, Uint8Array>()
  readonly #witness = new ReceiptWitness()
  #told = 0
  #stored = false

  constructor(
    components: JobClientComponents,
    stream: FrameStream<JobFrame>,
    operator: Hex,
    facts: SegmentFacts,
    init: ClientRunInit = {},
  ) {
    this.#components = components
    this.#redundant = init.redundant === true
    this.#stream = stream
    this.#operator = operator
    this.key = { jobId: facts.jobId, segment: facts.segment }
    this.#writer = new SegmentWriter(components.jobLog, this.key)
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
    this.#cell = this.#newCell(facts, init.timeouts)
    this.#tellStates()
  }

  #newCell(
    facts: SegmentFacts,
    timeouts: ClientRunInit['timeouts'],
  ): Cell<ClientSegment, ClientEvent> {
    const now = (): number => this.#components.clock.now()
    const perform = (effect: ClientEffect): Promise<void> => this.#perform(effect)
    if (!this.#redundant) {
      return new MachineCell(startClientSegment(facts, now(), timeouts), stepClient, perform, now)
    }
    const initial = startMemberClient(facts, now(), timeouts)
    return new MachineCell(initial, stepMemberClient, perform, now)
  }

  get state(): ClientSegment {
    return this.#cell.state
  }

  [Symbol.asyncIterator](): AsyncIterator<ClientRunEvent, void> {
    return this.#events[Symbol.asyncIterator]()
  }

  /** Stores the award, pays the first step and sends both in one frame (fsync before send). */
  start(frame: Omit<AwardFrame, 'voucher'>): Promise<void> {
    this.#tick()
    // In line with the effects: a cancel meanwhile closes the accounts after this, not before.
    return this.#cell.queue(async () => {
      try {
        await this.#award(frame)
      } catch (error) {
        this.#failed(error)
      }
    })
  }

  /** Redundant mode: every member committed; pays the last receipt, so that this one reveals. */
  release(): void {
    void this.#send({ type: 'release' })
  }

  cancel(): void {
    void this.#send({ type: 'cancel' })
  }

  streamClosed(): void {
    void this.#send({ type: 'closed' })
  }

  /** A frame for this segment; resolves when its effects are done. */
  onFrame(frame: JobFrame): Promise<void> {
    switch (frame.kind) {
      case 'accept':
        return this.#send({ type: 'accept', valid: this.#validAccept(frame.accept) })
      case 'busy':
        return this.#send({
          type: 'refused',
          code: 'PROVIDER_BUSY',
          detail: 'All slots are taken.',
        })
      case 'refuse':
        return this.#send({ type: 'refused', ...remoteFailure(frame.refuse) })
      case 'stopped':
        return this.#send({ type: 'refused', ...remoteFailure(frame.stopped) })
      case 'chunk':
        return this.#send({ type: 'chunk', chunk: frame.chunk })
      case 'receipt':
        return this.#onReceipt(frame.receipt.receipt, frame.receipt.finishReason)
      case 'reveal':
        return this.#send({ type: 'reveal', reveal: frame.reveal })
      default:
        return Promise.resolve()
    }
  }

  #isOver(): boolean {
    return isTerminal(this.state.state)
  }

  async #award(frame: Omit<AwardFrame, 'voucher'>): Promise<void> {
    const { clock, jobLog, payments } = this.#components
    const { jobId, segment, payer, provider, terms } = this.state.facts
    const price = firstStepPrice(terms)
    if (price > terms.budget) {
      throw new DuckMeshError('BUDGET', `The first step would cost ${price} wei.`, { jobId })
    }
    const row = { jobId, segment, payer, provider, terms: encodeTerms(this.state.facts, frame) }
    await jobLog.insertSegment({ ...row, state: 'posted', atMs: clock.now() }, 'durable')
    this.#stored = true
    if (this.#isOver()) return
    if (this.#redundant) {
      void this.#send({ type: 'award', prepaid: 0n })
      return this.#transmit({ kind: 'award', award: frame })
    }
    const voucher = await payments.pay(jobId, segment, price)
    if (this.#isOver()) {
      this.#tellVoucher(voucher)
      return
    }
    void this.#send({ type: 'award', prepaid: voucher.amount })
    this.#tellVoucher(voucher)
    await this.#transmit({ kind: 'award', award: { ...frame, voucher } })
  }

  #validAccept({ accept, signature }: Extract<JobFrame, { kind: 'accept' }>['accept']): boolean {
    const { crypto, network } = this.#components
    const { fromToken, prefixHash, provider } = this.state.facts
    const same = accept.fromToken === fromToken && accept.prefixHash === prefixHash
    if (!same || accept.provider !== provider) return false
    return recoverStruct(crypto, network, 'Accept', accept, signature) === this.#operator
  }

  #onReceipt(signedReceipt: SignedReceipt, finishReason: FinishReason | ''): Promise<void> {
    const { crypto, network } = this.#components
    const { receipt, signature } = signedReceipt
    const signed = recoverStruct(crypto, network, 'Receipt', receipt, signature) === this.#operator
    const isOwn = signed && receipt.provider === this.state.facts.provider
    const proof = isOwn ? this.#witness.see(signedReceipt) : undefined
    // A later one never takes the place of one that waits to be written.
    const isNew = isOwn && !this.#receipts.has(receipt.seq)
    if (proof !== undefined) this.#keepProof(proof)
    else if (isNew) this.#receipts.set(receipt.seq, signedReceiptCodec.encode(signedReceipt))
    return this.#send({ type: 'receipt', receipt, signed, finishReason })
  }

  async #send(event: ClientEvent): Promise<void> {
    const done = this.#cell.send(event)
    this.#tellStates()
    if (this.#isOver()) this.#cancelTick()
    await done
  }

  #transmit(frame: JobFrame): Promise<void> {
    return sendWithin(this.#stream, frame, this.#components.clock)
  }

  #tellStates(): void {
    for (const { state, atMs } of this.state.history.slice(this.#told)) {
      this.#events.push({ type: 'state', state, atMs })
    }
    this.#told = this.state.history.length
  }

  /**
   * Once it is signed, whether or not it is still sent. One that is not, because the segment ended meanwhile, stays credit
   * of the channel, and the next hello shows it to the provider.
   */
  #tellVoucher(frame: VoucherFrame): void {
    const { cumulative } = frame.voucher.voucher
    this.#events.push({ type: 'voucher', amount: frame.amount, cumulative })
  }

  #tick(): void {
    this.#cancelTick = this.#components.clock.after(TICK_MS, () => {
      void this.#send({ type: 'tick' })
      if (!this.#isOver()) this.#tick()
    })
  }

  async #perform(effect: ClientEffect): Promise<void> {
    try {
      await this.#performOne(effect)
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    const { code, message: detail } = toDuckMeshError(error)
    this.#components.logger.warn('segment effect failed', { jobId: this.key.jobId, code })
    if (code === 'STREAM_CLOSED') this.streamClosed()
    else void this.#send({ type: 'payFailed', code, detail })
  }

  async #performOne(effect: ClientEffect): Promise<void> {
    const { jobId, segment } = this.key
    switch (effect.type) {
      case 'deliver':
        this.#events.push({ type: 'text', text: effect.text, ids: effect.ids })
        return
      case 'bookReceipt':
        return this.#bookReceipt(effect.receipt)
      case 'pay':
        return this.#pay(effect.amount)
      case 'keepReceipt':
        this.#keepReceipt(effect.receipt)
        return
      case 'settle':
        return this.#settle(effect.amount)
      case 'sendCancel':
        return this.#transmit({ kind: 'cancel', cancel: { jobId, segment, reason: effect.reason } })
      case 'end':
        return this.#end(effect.agreed)
    }
  }

  async #pay(amount: bigint): Promise<void> {
    // The job may have ended while this effect waited: no voucher after that.
    if (this.#isOver()) return
    const frame = await this.#components.payments.pay(this.key.jobId, this.key.segment, amount)
    this.#tellVoucher(frame)
    if (this.#isOver()) return
    void this.#send({ type: 'paid', amount })
    await this.#transmit({ kind: 'voucher', voucher: frame })
  }

  /** What was committed is paid after the fact: reserved, used and sent in one go (rule R-5). */
  async #settle(amount: bigint): Promise<void> {
    // On a closed stream nothing is signed: a member that is gone before the reveal loses its last step.
    if (this.#isOver() || this.#stream.closed) return
    const { jobId, segment } = this.key
    const { payments } = this.#components
    const frame = await payments.pay(jobId, segment, amount)
    this.#tellVoucher(frame)
    if (this.#isOver()) return
    void this.#send({ type: 'paid', amount })
    await payments.receipted(jobId, segment, amount)
    await this.#transmit({ kind: 'voucher', voucher: frame })
  }

  async #bookReceipt(receipt: Receipt): Promise<void> {
    const { jobId, segment, amount } = receipt
    await this.#components.payments.receipted(jobId, segment, amount)
    this.#keepReceipt(receipt)
  }

  #keepReceipt(receipt: Receipt): void {
    this.#events.push({ type: 'receipt', receipt })
    const encoded = this.#receipts.get(receipt.seq)
    this.#receipts.delete(receipt.seq)
    // Not waited for: the receipt counts in the channel already, the row is for `jobs` and disputes.
    this.#writer
      .write(this.state, 'grouped', encoded)
      .catch((error: unknown) => this.#failed(error))
  }

  /** The first of the two is kept as every receipt is. */
  #keepProof(receipts: Contradiction): void {
    this.#events.push({ type: 'contradiction', receipts })
    this.#writer
      .write(this.state, 'grouped', signedReceiptCodec.encode(receipts[1]))
      .catch((error: unknown) => this.#failed(error))
  }

  async #end(agreed: boolean): Promise<void> {
    const { payments } = this.#components
    const { jobId, segment } = this.key
    try {
      await (agreed ? payments.close(jobId, segment) : payments.leave(jobId, segment))
    } finally {
      await this.#writeEnd().catch((error: unknown) => this.#failed(error))
      this.#events.end()
      this.#resolveEnded(this.state)
    }
  }

  async #writeEnd(): Promise<void> {
    // A job that ended before its award has no row.
    if (this.#stored) await this.#writer.write(this.state, 'grouped')
  }
}

function remoteFailure(frame: { code: string; detail: string }): {
  code: ErrorCode
  detail: string
} {
  return { code: isErrorCode(frame.code) ? frame.code : 'AWARD_INVALID', detail: frame.detail }
}
