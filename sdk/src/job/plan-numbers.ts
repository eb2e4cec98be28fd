/** The plan of a job whose answer is numbers (docs/spec/number-models.md). */
import { DuckMeshError } from '@duckmesh/protocols'
import type { JobSpec, ModelOffer, NumberModel } from '@duckmesh/protocols'
import { dispatchConstants } from '@duckmesh/protocols/dispatch'
import { sizeBucket } from '@duckmesh/protocols/market'
import type { JobRequest } from './request.ts'

const { MAX_NUMBERS } = dispatchConstants

/** Tokens around one text; byte-level tokenizers need at most one a byte besides. */
const FRAME_TOKENS = 8

export interface NumberPlan {
  spec: JobSpec
  /** Tokens of all texts at most, a power of two. */
  inBucket: number
  numbers: NumberModel
}

/**
 * The spec with its count of numbers; undefined for a chat. Throws NOT_SUPPORTED when the model has another task,
 * SPEC_INVALID when it gives another width or too many numbers.
 */
export function planNumbers(
  { task, width }: Pick<JobRequest, 'task' | 'width'>,
  asked: JobSpec,
  { contextLength, name, numbers }: ModelOffer,
): NumberPlan | undefined {
  if (numbers?.task !== task) {
    const details = { field: 'model', task: numbers?.task ?? 'chat' }
    const what = `"${name}" is made for another task: ${details.task}.`
    throw new DuckMeshError('NOT_SUPPORTED', what, { details })
  }
  if (numbers === undefined) return undefined
  demand('width', (width ?? numbers.width) === numbers.width, `must be ${numbers.width}`)
  const { texts = [] } = asked
  const maxTokens = texts.length * numbers.width
  const most = Math.floor(MAX_NUMBERS / numbers.width)
  demand('texts', maxTokens <= MAX_NUMBERS, `must be at most ${most} for this model`)
  const encoder = new TextEncoder()
  const bytes = texts.reduce((sum, text) => sum + encoder.encode(text).length + FRAME_TOKENS, 0)
  const inBucket = Math.min(sizeBucket(bytes), sizeBucket(contextLength * texts.length))
  return { spec: { ...asked, maxTokens }, inBucket, numbers }
}

function demand(field: string, holds: boolean, what: string): void {
  if (holds) return
  throw new DuckMeshError('SPEC_INVALID', `${field} ${what}.`, { details: { field } })
}
