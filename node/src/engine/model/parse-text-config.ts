/** What the engine must know from the config.json of any model. */
import { z } from 'zod'
import { EngineError } from '../errors.ts'

const count = z
  .number()
  .int()
  .min(1)
  .max(2 ** 24)
const tokenId = z
  .number()
  .int()
  .min(0)
  .max(2 ** 24)

const schema = z
  .looseObject({
    model_type: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/),
    architectures: z.array(z.string()).default([]),
    vocab_size: count,
    max_position_embeddings: count.optional(),
    n_positions: count.optional(),
    eos_token_id: z.union([tokenId.transform((id) => [id]), z.array(tokenId).max(16)]).nullish(),
    id2label: z.record(z.string().regex(/^\d{1,4}$/), z.string().min(1).max(128)).optional(),
  })
  .refine((raw) => raw.max_position_embeddings !== undefined || raw.n_positions !== undefined, {
    path: ['max_position_embeddings'],
  })

/** The part of a config.json that does not depend on the architecture. */
export interface TextConfig {
  readonly architecture: string
  /** Class names of Hugging Face, such as BertForSequenceClassification. */
  readonly classes: readonly string[]
  readonly vocabSize: number
  readonly contextLength: number
  readonly eosTokenIds: readonly number[]
  /** Names of the classes, in the order of their logits. */
  readonly labels: readonly string[]
}

/** Reads a config.json that nobody vouches for. Throws MODEL_UNSUPPORTED naming the field. */
export function parseTextConfig(json: unknown): TextConfig {
  const parsed = schema.safeParse(json)
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') || 'config'
    const message = `config.json of the model has no usable ${field}. Take another export of it.`
    throw new EngineError('MODEL_UNSUPPORTED', message, { field }, parsed.error)
  }
  const raw = parsed.data
  const labels = Object.entries(raw.id2label ?? {}).sort(([a], [b]) => Number(a) - Number(b))
  return {
    architecture: raw.model_type,
    classes: raw.architectures,
    vocabSize: raw.vocab_size,
    contextLength: raw.max_position_embeddings ?? raw.n_positions ?? 1,
    eosTokenIds: raw.eos_token_id ?? [],
    labels: labels.map(([, label]) => label),
  }
}
