/** The networks that can be built from weights: Llama, and those that differ from it in details only. */
import { z } from 'zod'
import { EngineError } from '../errors.ts'

/** Shape of a Llama-family network, checked and with defaults filled in. */
export interface LlamaConfig {
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
  readonly hiddenSize: number
  readonly feedForwardSize: number
  readonly vocabSize: number
  readonly contextLength: number
  readonly ropeTheta: number
  readonly normEpsilon: number
  /** The output projection is the embedding table itself. */
  readonly tiedEmbeddings: boolean
  readonly eosTokenIds: readonly number[]
  /** Queries, keys and values have biases (Qwen2). */
  readonly inputBiases?: boolean
  /** Each head's query and key is normed before it is rotated (Qwen3). */
  readonly headNorms?: boolean
}

const count = (max: number): z.ZodNumber => z.number().int().min(1).max(max)
const tokenId = z
  .number()
  .int()
  .min(0)
  .max(2 ** 24)
const ropeTheta = z.number().min(1).max(1e9)
const off = z.union([z.literal(false), z.null()]).optional()

/** Of models that do not say it. */
const DEFAULT_THETA = 10_000

/** config.json of Hugging Face; bounds keep an untrusted file from asking for absurd memory. */
const configSchema = z.looseObject({
  model_type: z.enum(['llama', 'mistral', 'qwen2', 'qwen3']),
  num_hidden_layers: count(256),
  num_attention_heads: count(256),
  num_key_value_heads: count(256).optional(),
  head_dim: count(512).nullish(),
  hidden_size: count(32768),
  intermediate_size: count(131072),
  vocab_size: count(2 ** 20),
  max_position_embeddings: count(2 ** 18),
  rope_theta: ropeTheta.optional(),
  rope_parameters: z
    .strictObject({ rope_theta: ropeTheta.optional(), rope_type: z.literal('default').optional() })
    .nullish(),
  partial_rotary_factor: z.literal(1).optional(),
  rms_norm_eps: z.number().positive().max(0.1),
  hidden_act: z.literal('silu'),
  tie_word_embeddings: z.boolean().default(false),
  eos_token_id: z.union([tokenId.transform((id) => [id]), z.array(tokenId).min(1).max(16)]),
  rope_scaling: z.null().optional(),
  attention_bias: off,
  mlp_bias: off,
  sliding_window: z.number().nullish(),
  use_sliding_window: off,
  layer_types: z.array(z.literal('full_attention')).nullish(),
  quantization_config: z.null().optional(),
})

/**
 * Reads a config.json that nobody vouches for. Throws MODEL_UNSUPPORTED naming the first field that
 * the graph builder cannot honour: a silently ignored field would give wrong answers.
 */
export function parseLlamaConfig(json: unknown): LlamaConfig {
  const parsed = configSchema.safeParse(json)
  if (!parsed.success)
    throw unsupported(parsed.error.issues[0]?.path.join('.') || 'config', parsed.error)
  const raw = parsed.data
  const isQwen = raw.model_type.startsWith('qwen')
  // Qwen names a window also where it uses none.
  if (typeof raw.sliding_window === 'number' && !isQwen) throw unsupported('sliding_window')
  const config: LlamaConfig = {
    layers: raw.num_hidden_layers,
    heads: raw.num_attention_heads,
    kvHeads: raw.num_key_value_heads ?? raw.num_attention_heads,
    headSize: raw.head_dim ?? raw.hidden_size / raw.num_attention_heads,
    hiddenSize: raw.hidden_size,
    feedForwardSize: raw.intermediate_size,
    vocabSize: raw.vocab_size,
    contextLength: raw.max_position_embeddings,
    ropeTheta: raw.rope_parameters?.rope_theta ?? raw.rope_theta ?? DEFAULT_THETA,
    normEpsilon: raw.rms_norm_eps,
    tiedEmbeddings: raw.tie_word_embeddings,
    eosTokenIds: raw.eos_token_id,
    ...(raw.model_type === 'qwen2' ? { inputBiases: true } : {}),
    ...(raw.model_type === 'qwen3' ? { headNorms: true } : {}),
  }
  checkRelations(config)
  return config
}

function checkRelations(config: LlamaConfig): void {
  // The attention kernel of onnxruntime takes head sizes in steps of 16.
  if (config.headSize % 16 !== 0) throw unsupported('head_dim')
  if (config.heads % config.kvHeads !== 0) throw unsupported('num_key_value_heads')
  if (config.eosTokenIds.some((id) => id >= config.vocabSize)) throw unsupported('eos_token_id')
}

function unsupported(field: string, cause?: unknown): EngineError {
  const message =
    `config.json asks for something that cannot be packed: ${field}. ` +
    'Supported: llama, mistral, qwen2 and qwen3 with RMSNorm, plain RoPE, SwiGLU, no quantisation.'
  return new EngineError('MODEL_UNSUPPORTED', message, { field }, cause)
}
