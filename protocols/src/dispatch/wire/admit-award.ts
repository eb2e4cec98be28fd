/** What a provider does with an award that passed `checkAward` (rule D-7): open, store, book, in this order. */
import type { AwardFrame, VoucherFrame } from '@duckmesh/proto'
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { OPEN_TIMEOUT_MS } from '../constants.ts'
import { encodeTerms } from '../encode-terms.ts'
import type { OpenGeneration } from '../interface.ts'
import { firstStepPrice } from '../price.ts'
import type { SegmentFacts } from '../progress.ts'
import { startProviderSegment } from '../provider-machine.ts'
import type { ProviderSegment } from '../provider-machine.ts'
import { openSpec } from '../spec.ts'
import type { JobServerComponents } from './components.ts'

export interface Admitted {
  initial: ProviderSegment
  generation: OpenGeneration
  /** Wei of the channel that belong to the segment. */
  prepaid: bigint
}

/**
 * Opens the spec and the engine, stores the award and books its voucher. Rejects with the code of the
 * refusal, or with the reason of `signal`; then nothing is held any more, except that the segment is used.
 */
export async function admitAward(
  components: JobServerComponents,
  frame: AwardFrame,
  facts: SegmentFacts,
  signal: AbortSignal,
): Promise<Admitted> {
  const voucher = firstVoucher(frame, facts)
  const generation = await openGeneration(components, frame, facts, signal)
  try {
    signal.throwIfAborted()
    const initial = startProviderSegment(facts, components.clock.now())
    const prepaid = await storeAndBook(components, initial, voucher, signal)
    return { initial, generation, prepaid }
  } catch (error) {
    generation.close()
    throw error
  }
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
  const { clock, engine, provider, unsealer } = components
  const { inBucket, maxTokens } = facts.terms
  const spec = await openSpec(unsealer, facts.jobId, provider, facts.specHash, frame.spec)
  if (spec.maxTokens !== maxTokens) {
    throw new DuckMeshError('SPEC_INVALID', 'maxTokens differs between spec and award.')
  }
  signal.throwIfAborted()
  const limit = new AbortController()
  const cancelLimit = clock.after(OPEN_TIMEOUT_MS, () => {
    limit.abort(new DuckMeshError('TIMED_OUT', 'The engine did not take the prompt in time.'))
  })
  const either = AbortSignal.any([signal, limit.signal])
  const opening = engine.open(frame.order.order.modelId, spec, frame.prefixIds, either)
  const generation = await orAborted(opening, either).finally(cancelLimit)
  const { tokensIn } = generation
  if (tokensIn <= inBucket) return generation
  generation.close()
  throw new DuckMeshError('SPEC_INVALID', 'The prompt is longer than its bucket.', {
    details: { tokensIn, inBucket },
  })
}

/** Stops waiting at an abort, also for an engine that does not look at its signal. */
function orAborted(opening: Promise<OpenGeneration>, signal: AbortSignal): Promise<OpenGeneration> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(toDuckMeshError(signal.reason)), { once: true })
    opening.then((generation) => {
      if (signal.aborted) generation.close()
      else resolve(generation)
    }, reject)
  })
}

async function storeAndBook(
  components: JobServerComponents,
  initial: ProviderSegment,
  voucher: VoucherFrame,
  signal: AbortSignal,
): Promise<bigint> {
  const { clock, jobLog, payments } = components
  const { jobId, segment, payer, provider, terms } = initial.facts
  const row = { jobId, segment, payer, provider, terms: encodeTerms(terms) }
  const { state, history } = initial
  const atMs = history[0]?.atMs ?? clock.now()
  await jobLog.insertSegment({ ...row, state, atMs }, 'durable')
  try {
    signal.throwIfAborted()
    return await payments.accept(voucher)
  } catch (error) {
    const { code, message: detail } = toDuckMeshError(error)
    const enter = { state: 'failed' as const, atMs: clock.now() }
    await jobLog.updateSegment({ jobId, segment }, { enter, failure: { code, detail } }, 'grouped')
    throw error
  }
}
