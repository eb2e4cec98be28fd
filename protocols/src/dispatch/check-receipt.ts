/** Client: does a receipt say exactly what was delivered and agreed (rule D-12)? Pure. */
import type { Receipt } from '@duckmesh/proto'
import { buildReceipt, receiptOf, stepLimit, unreceipted } from './progress.ts'
import type { Progress, SegmentFacts } from './progress.ts'
import type { FinishReason } from './interface.ts'

/**
 * Returns null when the receipt is right, else the sentence that says what is wrong.
 * The client recomputes the receipt from its own counters and compares every field.
 */
export function checkReceipt(
  facts: SegmentFacts,
  progress: Progress,
  receipt: Receipt,
): string | null {
  const limit = stepLimit(facts.terms, progress)
  if (unreceipted(progress) > limit) return `more than ${limit} tokens in one step`
  if (!receipt.last && unreceipted(progress) < limit) return 'a step before the last is not full'
  if (!receipt.last && progress.ids.length >= facts.terms.maxTokens)
    return 'no token may follow, yet it is not the last'
  if (receipt.tokensIn > facts.terms.inBucket) return 'more prompt tokens than the bucket'
  // Every model counts its own tokens, only those of a text can be counted by anybody (rule T-4).
  const { textPromptTokens = receipt.tokensIn } = facts
  if (progress.seq === 0 && receipt.tokensIn !== textPromptTokens)
    return `tokensIn is ${receipt.tokensIn}, not ${textPromptTokens}`
  const expected = {
    ...buildReceipt(facts, progress, receipt.tokensIn, receipt.last),
    traceRoot: receipt.traceRoot,
  }
  const wrong = difference(expected, receipt)
  if (wrong !== null) return wrong
  if (progress.due + receipt.amount > progress.prepaid)
    return 'the amount is above what was prepaid'
  return null
}

/**
 * The same for a member of a redundant job (rule R-4), whose tokens the client has not seen: their number and
 * root are its word, which the reveal must open. Payment follows, so nothing is prepaid.
 */
export function checkMemberReceipt(
  facts: SegmentFacts,
  progress: Progress,
  receipt: Receipt,
): string | null {
  const { tokensIn, tokensOut, tokensRoot, last } = receipt
  const limit = stepLimit(facts.terms, progress)
  if (tokensOut > limit) return `more than ${limit} tokens in one step`
  if (!last && tokensOut < limit) return 'a step before the last is not full'
  if (!last && progress.receiptedOut + tokensOut >= facts.terms.maxTokens)
    return 'no token may follow, yet it is not the last'
  if (tokensIn > facts.terms.inBucket) return 'more prompt tokens than the bucket'
  const billed = { tokensIn, tokensOut, tokensRoot, last }
  return difference(
    { ...receiptOf(facts, progress, billed), traceRoot: receipt.traceRoot },
    receipt,
  )
}

function difference(expected: Receipt, receipt: Receipt): string | null {
  for (const key of Object.keys(expected) as (keyof Receipt)[]) {
    if (expected[key] !== receipt[key]) return `${key} is ${receipt[key]}, not ${expected[key]}`
  }
  return null
}

/** An answer of numbers has all of them: only a text may end before its bound (rule N-6). */
export function checkComplete(
  { numbers, terms }: SegmentFacts,
  { ids }: Progress,
  finishReason: FinishReason | '',
): string | null {
  const mayBeShort = finishReason === '' || finishReason === 'cancelled'
  if (numbers === undefined || mayBeShort || ids.length >= terms.maxTokens) return null
  return `the last comes after ${ids.length} of ${terms.maxTokens} numbers`
}

/** The finish reason beside a receipt is not signed; it must at least not contradict it. Null when it is right. */
export function checkFinish(
  receipt: Receipt,
  finishReason: FinishReason | '',
  cancelled: boolean,
): string | null {
  if (receipt.last === (finishReason === ''))
    return 'exactly the last receipt names a finish reason'
  if (finishReason === 'cancelled' && !cancelled) return 'nobody cancelled'
  return null
}
