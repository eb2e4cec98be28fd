/** Signs and seals what gives one segment to one provider (rules D-2, D-4). */
import { isTextModel, jobSpecCodec, limits } from '@duckmesh/proto'
import type { AwardFrame, Hex } from '@duckmesh/proto'
import { sizeBucket } from '../../market/index.ts'
import type { Terms } from '../interface.ts'
import { signAward } from '../order.ts'
import { stepTerms } from '../price.ts'
import type { SegmentFacts } from '../progress.ts'
import { sealSpec } from '../spec.ts'
import { textPromptTokens } from '../text-terms.ts'
import type { JobComponents, JobPlan, Place } from './interface.ts'

/** One award to be: whose turn it is, and from where it goes on. */
export interface AwardDraft {
  place: Place
  segment: number
  /** Ids that earlier segments delivered. */
  prefixIds: readonly number[]
  /** Wei for this segment. */
  budget: bigint
}

export interface PreparedAward {
  facts: SegmentFacts
  frame: Omit<AwardFrame, 'voucher'>
}

/** Terms of a segment: a resumed one has the delivered ids in its prompt and fewer tokens to go (rule D-25). */
export function segmentTerms(
  plan: Pick<JobPlan, 'inBucket' | 'maxTokens' | 'numbers'>,
  { place, prefixIds, budget }: Omit<AwardDraft, 'segment'>,
): Terms {
  const { priceIn, priceOut } = place
  const fromToken = prefixIds.length
  const inBucket = fromToken === 0 ? plan.inBucket : sizeBucket(plan.inBucket + fromToken)
  const maxTokens = plan.maxTokens - fromToken
  return { priceIn, priceOut, inBucket, maxTokens, ...stepTerms(plan.numbers?.task), budget }
}

/** Rejects when the signer or the sealing does. */
export async function prepareAward(
  { clock, crypto, network, signer }: Omit<JobComponents, 'connector' | 'logger'>,
  plan: JobPlan,
  draft: AwardDraft,
  encKey: Hex,
): Promise<PreparedAward> {
  const { matchHash, numbers, order: signedOrder, proof } = plan
  const { order, signature, jobId } = signedOrder
  const { place, prefixIds, segment, budget } = draft
  const { bidHash, priceIn, priceOut, provider } = place
  const terms = segmentTerms(plan, draft)
  const fromToken = prefixIds.length
  const issuedAt = Math.floor(clock.now() / 1000)
  const ids = { jobId, segment, provider, bidHash, matchHash, fromToken, prefixIds }
  const award = await signAward(signer, network, { ...ids, budget, issuedAt })
  const spec = await sealSpec(crypto, encKey, jobId, provider, plan.spec)
  const facts: SegmentFacts = {
    jobId,
    segment,
    payer: order.payer,
    provider,
    specHash: plan.spec.specHash,
    terms,
    deadlineMs: order.deadline * 1000,
    fromToken,
    prefixHash: award.award.prefixHash,
    ...textFacts(plan, fromToken),
    ...(numbers === undefined ? {} : { numbers }),
  }
  const { inBucket, maxTokens } = terms
  const quoted = { inBucket, maxTokens, priceIn, priceOut }
  const auction = proof === undefined ? {} : { auction: proof }
  const task = numbers === undefined ? {} : { task: numbers.task }
  const signed = { order: { order, signature }, award }
  return {
    facts,
    frame: { ...signed, spec, ...quoted, ...auction, ...task, prefixIds: [...prefixIds] },
  }
}

/** Rule T-4: of a text model the client counts the prompt itself. */
function textFacts(
  { order, spec }: JobPlan,
  fromToken: number,
): Pick<SegmentFacts, 'textPromptTokens'> {
  if (!isTextModel(order.order.modelId)) return {}
  const { messages } = jobSpecCodec.decode(spec.bytes.subarray(limits.SALT_BYTES))
  return { textPromptTokens: textPromptTokens(messages, fromToken) }
}
