/** Embeddings in OpenAI's shapes, classifications in those of vLLM. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { NumberTask } from '@duckmesh/protocols'
import type { JobResult } from '../job/job-handle.ts'
import type { JobRequest } from '../job/request.ts'
import { extrasOf } from './completion.ts'
import type { CompletionHead } from './completion.ts'
import { meshPart } from './job-request.ts'
import type { Classification, ClassificationRequest } from './types.ts'
import type { EmbeddingRequest, EmbeddingResponse, NumberUsage } from './types.ts'

/** Throws SPEC_INVALID for what is neither a text nor texts, or an unknown encoding. */
export function toEmbeddingJob(request: EmbeddingRequest): JobRequest {
  const { dimensions } = request
  const format: string = request.encoding_format ?? 'float'
  if (format !== 'float' && format !== 'base64') {
    throw invalid('encoding_format', 'must be "float" or "base64"')
  }
  const width = dimensions === undefined ? {} : { width: dimensions }
  return { ...numberJob('embed', request), ...width }
}

/** Throws SPEC_INVALID for what is neither a text nor texts. */
export function toClassificationJob(request: ClassificationRequest): JobRequest {
  return numberJob('classify', request)
}

/** The whole answer of a finished job. */
export function embeddingsOf(
  { model }: Pick<CompletionHead, 'model'>,
  result: JobResult,
  format: EmbeddingRequest['encoding_format'] = 'float',
): EmbeddingResponse {
  const vectors = result.numbers?.vectors ?? []
  const data = vectors.map((vector, index) => {
    const embedding = format === 'base64' ? base64(vector) : [...vector]
    return { object: 'embedding' as const, index, embedding }
  })
  return { object: 'list', data, model, usage: usageOf(result), duckmesh: extrasOf(result) }
}

/** The whole answer of a finished job. Classes that the model does not name are called LABEL_0, LABEL_1 and so on. */
export function classificationOf(head: CompletionHead, result: JobResult): Classification {
  const { labels = [], vectors = [] } = result.numbers ?? {}
  const data = vectors.map((logits, index) => {
    const best = logits.indexOf(Math.max(...logits))
    const label = labels[best] ?? `LABEL_${best}`
    return { index, label, probs: probabilities(logits), num_classes: logits.length }
  })
  return { ...head, object: 'list', data, usage: usageOf(result), duckmesh: extrasOf(result) }
}

function numberJob(
  task: NumberTask,
  { duckmesh, input, model }: ClassificationRequest,
): JobRequest {
  const texts: readonly unknown[] = typeof input === 'string' ? [input] : input
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) {
    throw invalid('input', 'must be a text or a list of texts; token ids are not supported')
  }
  return { model, messages: [], task, texts, ...meshPart(duckmesh) }
}

/** Softmax, for reading: what is signed and paid are the logits. */
function probabilities(logits: Float32Array): number[] {
  const most = Math.max(...logits)
  const raised = [...logits].map((logit) => Math.exp(logit - most))
  const sum = raised.reduce((total, value) => total + value, 0)
  return raised.map((value) => value / sum)
}

/** Little-endian float32, as OpenAI's clients read it. */
function base64(vector: Float32Array): string {
  const view = new DataView(new ArrayBuffer(vector.length * 4))
  vector.forEach((value, n) => {
    view.setFloat32(n * 4, value, true)
  })
  return btoa(Array.from(new Uint8Array(view.buffer), (b) => String.fromCharCode(b)).join(''))
}

function usageOf({ usage }: JobResult): NumberUsage {
  return { prompt_tokens: usage.promptTokens, total_tokens: usage.promptTokens }
}

function invalid(field: string, what: string): DuckMeshError {
  return new DuckMeshError('SPEC_INVALID', `${field} ${what}.`, { details: { field } })
}
