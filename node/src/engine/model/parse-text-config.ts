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

const endTokens = z.union([tokenId.transform((id) => [id]), z.array(tokenId).max(16)]).nullish()
const generationSchema = z.looseObject({ eos_token_id: endTokens })

const schema = z
  .looseObject({
    model_type: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/),
    architectures: z.array(z.string()).default([]),
    vocab_size: count,
    max_position_embeddings: count.optional(),
    n_positions: count.optional(),
    n_ctx: count.optional(),
    max_seq_len: count.optional(),
    seq_length: count.optional(),
    eos_token_id: endTokens,
    id2label: z.record(z.string().regex(/^\d{1,4}$/), z.string().min(1).max(128)).optional(),
  })
  .refine((raw) => contextLengthOf(raw) !== undefined, { path: ['max_position_embeddings'] })

interface ContextNames {
  readonly max_position_embeddings?: number | undefined
  readonly n_positions?: number | undefined
  readonly n_ctx?: number | undefined
  readonly max_seq_len?: number | undefined
  readonly seq_length?: number | undefined
}

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
  if (!parsed.success) throw unusable('config.json', parsed.error)
  const raw = parsed.data
  const labels = Object.entries(raw.id2label ?? {}).sort(([a], [b]) => Number(a) - Number(b))
  return {
    architecture: raw.model_type,
    classes: raw.architectures,
    vocabSize: raw.vocab_size,
    contextLength: contextLengthOf(raw) ?? 1,
    eosTokenIds: raw.eos_token_id ?? [],
    labels: labels.map(([, label]) => label),
  }
}

/** What ends an answer by generation_config.json; empty when it does not say. Throws as parseTextConfig. */
export function parseEndTokens(json: unknown): readonly number[] {
  const parsed = generationSchema.safeParse(json)
  if (!parsed.success) throw unusable('generation_config.json', parsed.error)
  return parsed.data.eos_token_id ?? []
}

function unusable(file: string, error: z.ZodError): EngineError {
  const field = error.issues[0]?.path.join('.') || 'config'
  const message = `${file} of the model has no usable ${field}. Take another export of it.`
  return new EngineError('MODEL_UNSUPPORTED', message, { field }, error)
}

/** Each family of models has its own name for it. */
function contextLengthOf(raw: ContextNames): number | undefined {
  const { max_position_embeddings: llama, n_ctx, n_positions: gpt2 } = raw
  return llama ?? gpt2 ?? n_ctx ?? raw.max_seq_len ?? raw.seq_length
}
