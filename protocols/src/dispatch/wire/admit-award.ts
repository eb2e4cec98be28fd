/** What a provider does with an award that passed `checkAward` (rule D-7): open, store, book, in this order. */
import { bytesToHex } from '@duckmesh/proto'
import type { AwardFrame, VoucherFrame } from '@duckmesh/proto'
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { MODE_REDUNDANT } from '../check-award.ts'
import { OPEN_TIMEOUT_MS } from '../constants.ts'
import { encodeTerms } from '../encode-terms.ts'
import type { OpenGeneration } from '../interface.ts'
import { startMemberProvider } from '../member-provider-machine.ts'
import type { MemberProvider } from '../member-provider-machine.ts'
import { firstStepPrice } from '../price.ts'
import type { SegmentFacts } from '../progress.ts'
import { startProviderSegment } from '../provider-segment.ts'
import type { ProviderSegment } from '../provider-segment.ts'
import { openSpec } from '../spec.ts'
import type { JobServerComponents } from './components.ts'

/** Bytes of the salt that hides a member's answer (rule R-4). */
const SALT_BYTES = 32

export interface Admitted {
  initial: ProviderSegment | MemberProvider
  generation: OpenGeneration
  /** Wei of the channel that belong to the segment; 0 for a member of a redundant job. */
  prepaid: bigint
}

/**
 * Checks the auction, opens the spec and the engine, stores the award and books its voucher. Rejects with the code of the
 * refusal, or with the reason of `signal`; then nothing is held any more, except that the segment is used.
 */
export async function admitAward(
  components: JobServerComponents,
  frame: AwardFrame,
  facts: SegmentFacts,
  signal: AbortSignal,
): Promise<Admitted> {
  const isMember = frame.order.order.mode === MODE_REDUNDANT
  const voucher = isMember ? null : firstVoucher(frame, facts)
  const generation = await checkAndOpen(components, frame, facts, signal)
  try {
    signal.throwIfAborted()
    const { clock, rng } = components
    const initial = isMember
      ? startMemberProvider(facts, bytesToHex(rng.bytes(SALT_BYTES)), clock.now())
      : startProviderSegment(facts, clock.now())
    await store(components, frame, initial)
    const prepaid = await book(components, facts, voucher, signal)
    return { initial, generation, prepaid }
  } catch (error) {
    generation.close()
    throw error
  }
}

/** What takes time before anything is stored; OPEN_TIMEOUT_MS in all, then TIMED_OUT. */
async function checkAndOpen(
  components: JobServerComponents,
  frame: AwardFrame,
  facts: SegmentFacts,
  signal: AbortSignal,
): Promise<OpenGeneration> {
  const limit = new AbortController()
  const cancelLimit = components.clock.after(OPEN_TIMEOUT_MS, () => {
    limit.abort(new DuckMeshError('TIMED_OUT', 'The award was not checked and opened in time.'))
  })
  const either = AbortSignal.any([signal, limit.signal])
  try {
    await orAborted(checkAuction(components, frame), either)
    return await openGeneration(components, frame, facts, either)
  } finally {
    cancelLimit()
  }
}

/** Rule D-23: the award follows from the bids, and its prices are those of this provider's own bid. */
async function checkAuction({ auction }: JobServerComponents, frame: AwardFrame): Promise<void> {
  if (frame.auction === undefined || auction === undefined) return
  const own = await auction.check(frame)
  if (own.priceIn === frame.priceIn && own.priceOut === frame.priceOut) return
  throw new DuckMeshError('PRICE_MISMATCH', 'The award names another price than the bid.', {
    details: { priceIn: own.priceIn, priceOut: own.priceOut },
  })
}

function firstVoucher(frame: AwardFrame, facts: SegmentFacts): VoucherFrame {
  const { voucher } = frame
  if (voucher?.jobId !== facts.jobId || voucher.segment !== facts.segment) {
    throw new DuckMeshError('PAYMENT_MISSING', 'The award carries no voucher for the first step.')
  }
  if (voucher.voucher.voucher.payer !== facts.payer) {
    // Or one payer could spend what another left over.
    throw new DuckMeshError('VOUCHER_INVALID', 'The voucher is by another payer.')
  }
  if (voucher.amount < firstStepPrice(facts.terms)) {
    throw new DuckMeshError('PAYMENT_MISSING', 'The voucher does not cover the first step.')
  }
  return voucher
}

async function openGeneration(
  components: JobServerComponents,
  frame: AwardFrame,
  facts: SegmentFacts,
  signal: AbortSignal,
): Promise<OpenGeneration> {
  const { engine, provider, unsealer } = components
  const { inBucket, maxTokens } = facts.terms
  const spec = await openSpec(unsealer, facts.jobId, provider, facts.specHash, frame.spec)
  if (spec.maxTokens !== facts.fromToken + maxTokens) {
    throw new DuckMeshError('SPEC_INVALID', 'maxTokens differs between spec and award.')
  }
  if (spec.task !== frame.task) {
    throw new DuckMeshError('SPEC_INVALID', 'The task differs between spec and award.')
  }
  signal.throwIfAborted()
  const { modelId, payer } = frame.order.order
  const opening = engine.open(modelId, spec, frame.prefixIds, signal, payer)
  const generation = await orAborted(opening, signal, (late) => {
    late.close()
  })
  const { tokensIn } = generation
  if (tokensIn <= inBucket) return generation
  generation.close()
  throw new DuckMeshError('SPEC_INVALID', 'The prompt is longer than its bucket.', {
    details: { tokensIn, inBucket },
  })
}

/** Stops waiting at an abort, also for work that does not look at the signal; `drop` gets what comes too late. */
function orAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  drop: (late: T) => void = () => undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(toDuckMeshError(signal.reason))
    }
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then((value) => {
      if (signal.aborted) drop(value)
      else resolve(value)
    }, reject)
  })
}

async function store(
  { clock, jobLog }: JobServerComponents,
  frame: AwardFrame,
  { facts, history, state }: ProviderSegment,
): Promise<void> {
  const { jobId, segment, payer, provider } = facts
  const row = { jobId, segment, payer, provider, terms: encodeTerms(facts, frame) }
  const atMs = history[0]?.atMs ?? clock.now()
  await jobLog.insertSegment({ ...row, state, atMs }, 'durable')
}

/** Books the voucher of the first step; a member of a redundant job is paid later. */
async function book(
  { clock, jobLog, payments }: JobServerComponents,
  { jobId, segment }: SegmentFacts,
  voucher: VoucherFrame | null,
  signal: AbortSignal,
): Promise<bigint> {
  try {
    signal.throwIfAborted()
    return voucher === null ? 0n : await payments.accept(voucher)
  } catch (error) {
    const { code, message: detail } = toDuckMeshError(error)
    const enter = { state: 'failed' as const, atMs: clock.now() }
    await jobLog.updateSegment({ jobId, segment }, { enter, failure: { code, detail } }, 'grouped')
    throw error
  }
}
