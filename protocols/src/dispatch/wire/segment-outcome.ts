/** How segments and jobs ended, as values. Pure. */
import type { Hex, Receipt } from '@duckmesh/proto'
import type { ClientSegment } from '../client-segment.ts'
import type { JobFailure, JobState } from '../interface.ts'
import type { StateAt } from '../store.ts'
import type { JobOutcome, JobPlan, SegmentOutcome } from './interface.ts'
import type { AwardDraft } from './prepare-award.ts'

/** A segment whose award was signed. */
export function endedOutcome(
  segment: ClientSegment,
  text: string,
  receipts: readonly Receipt[],
): SegmentOutcome {
  const { facts, failure, finishReason, history, progress, salt, state } = segment
  const { due, prepaid } = progress
  return {
    segment: facts.segment,
    provider: facts.provider,
    state,
    ...(failure === undefined ? {} : { failure }),
    // A member's last receipt is paid only at the release.
    paid: due < prepaid ? due : prepaid,
    inDoubt: segment.agreed === false && prepaid > due ? prepaid - due : 0n,
    ids: progress.ids,
    text,
    receipts,
    finishReason: finishReason ?? null,
    fromToken: facts.fromToken,
    tokensIn: progress.tokensIn,
    priceIn: facts.terms.priceIn,
    priceOut: facts.terms.priceOut,
    budget: facts.terms.budget,
    ...(salt === undefined ? {} : { salt }),
    states: history,
  }
}

/** A place that was not reached, or given up before its award was sent: nothing was signed to it. */
export function unawardedOutcome(
  draft: AwardDraft,
  failure: JobFailure,
  nowMs: number,
): SegmentOutcome {
  const { budget, place, prefixIds, segment } = draft
  const state = failure.code === 'CANCELLED' ? 'cancelled' : 'failed'
  return {
    segment,
    provider: place.provider,
    state,
    failure,
    paid: 0n,
    inDoubt: 0n,
    ids: [],
    text: '',
    receipts: [],
    finishReason: null,
    fromToken: prefixIds.length,
    tokensIn: 0,
    priceIn: place.priceIn,
    priceOut: place.priceOut,
    budget,
    states: [{ state, atMs: nowMs }],
  }
}

/** What a segment may have cost at most, wei. */
export function committedOf(outcome: SegmentOutcome): bigint {
  return outcome.paid + outcome.inDoubt
}

/** What a driver decided about the job as a whole. */
export interface Verdict {
  state: JobState
  failure?: JobFailure
  text: string
  ids: readonly number[]
  finishReason: JobOutcome['finishReason']
  agreed: boolean | null
}

export function jobOutcome(
  plan: JobPlan,
  segments: readonly SegmentOutcome[],
  verdict: Verdict,
  states: readonly StateAt[],
): JobOutcome {
  const sum = (of: (segment: SegmentOutcome) => bigint): bigint =>
    segments.reduce((total, segment) => total + of(segment), 0n)
  const counted = segments.find(({ tokensIn }) => tokensIn > 0)
  // A text is tokenised together with the prefix, numbers are not (rule N-7).
  const prefix = plan.numbers === undefined ? (counted?.fromToken ?? 0) : 0
  const jobId: Hex = plan.order.jobId
  return {
    jobId,
    ...verdict,
    segments: [...segments].sort((a, b) => a.segment - b.segment),
    paid: sum(({ paid }) => paid),
    inDoubt: sum(({ inDoubt }) => inDoubt),
    tokensIn: counted === undefined ? 0 : counted.tokensIn - prefix,
    states,
    nextSegment: (plan.firstSegment ?? 0) + plan.ranked.length,
  }
}
