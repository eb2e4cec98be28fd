/** What an offer says of a model whose answer is numbers (docs/spec/number-models.md). */
import { limits } from '@duckmesh/protocols'
import type { NumberModel, NumberTask } from '@duckmesh/protocols'
import type { EncoderTask, ModelInfo } from '../engine/index.ts'

/** The mesh's names of what the engine does. */
export const ENCODER_TASKS: Readonly<Record<NumberTask, EncoderTask>> = {
  embed: 'embeddings',
  classify: 'classification',
}

/** UTF-8 bytes of all labels of one model: an offer holds many models in 4 KiB. */
const MAX_LABELS_BYTES = 1024

/** Undefined for a model that chats. Labels that are too many or too long for an offer are left out. */
export function numberModel(
  info: Pick<ModelInfo, 'labels' | 'task' | 'width'>,
): NumberModel | undefined {
  const { labels = [], task, width = 0 } = info
  if (task === ENCODER_TASKS.embed) return { task: 'embed', width, labels: [] }
  if (task !== ENCODER_TASKS.classify) return undefined
  return { task: 'classify', width, labels: fits(labels, width) ? [...labels] : [] }
}

/** Whether an offer can tell the model: the wire bounds the numbers of a text (rule N-2). */
export function isOfferable(info: Pick<ModelInfo, 'labels' | 'task' | 'width'>): boolean {
  const numbers = numberModel(info)
  if (numbers === undefined) return true
  return numbers.width >= 1 && numbers.width <= limits.MAX_NUMBERS_WIDTH
}

function fits(labels: readonly string[], width: number): boolean {
  const bytes = labels.map((label) => (label.isWellFormed() ? Buffer.byteLength(label) : 0))
  const total = bytes.reduce((sum, size) => sum + size, 0)
  if (labels.length !== width || labels.length > limits.MAX_LABELS) return false
  return (
    total <= MAX_LABELS_BYTES && bytes.every((size) => size > 0 && size <= limits.MAX_LABEL_BYTES)
  )
}
