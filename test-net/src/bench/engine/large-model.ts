/** A model of more than 100 MB with random weights: what batching gains when weights come from memory. */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ensurePackedModel } from '@duckmesh/node'

/** Llama shape with Duckling's tokenizer: 3 layers of width 1024, 35 million parameters. */
const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 1024,
  intermediate_size: 2816,
  num_hidden_layers: 3,
  num_attention_heads: 16,
  num_key_value_heads: 4,
  head_dim: 64,
  vocab_size: 1024,
  max_position_embeddings: 512,
  rope_theta: 10000,
  rms_norm_eps: 1e-5,
  hidden_act: 'silu',
  tie_word_embeddings: true,
  eos_token_id: 1,
}

/** Files that any model with this tokenizer needs. */
const TOKENIZER_FILES = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'LICENSE',
]

const NODE_SOURCE = import.meta.resolve('@duckmesh/node')
const DUCKLING = fileURLToPath(new URL('../models/duckling', NODE_SOURCE))
const DESCRIBE = fileURLToPath(new URL('./engine/pack/describe-cli.ts', NODE_SOURCE))

/** Writes the model into a folder and packs it. Gives the folders of both. */
export async function packLargeModel(folder: string): Promise<{ packed: string; source: string }> {
  const source = join(folder, 'source')
  await mkdir(source, { recursive: true })
  for (const name of TOKENIZER_FILES) await copyFile(join(DUCKLING, name), join(source, name))
  await writeFile(join(source, 'config.json'), JSON.stringify(CONFIG))
  await writeWeights(join(source, 'model.safetensors'))
  const flags = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']
  const about = [source, 'bench-large', 'MIT', '0.0001', 'Hello']
  await promisify(execFile)(process.execPath, [...flags, DESCRIBE, ...about])
  const packed = await ensurePackedModel(source, join(folder, 'packed'))
  return { packed: packed.folder, source }
}

/** Bytes of the graph of a packed folder. */
export async function graphBytes(folder: string): Promise<number> {
  return (await readFile(join(folder, 'model.onnx'))).length
}

/** Names and shapes as Hugging Face writes them. */
function tensors(): [string, number[]][] {
  const { hidden_size: width, intermediate_size: inner, vocab_size: vocabulary } = CONFIG
  const kv = CONFIG.num_key_value_heads * CONFIG.head_dim
  const layers = Array.from({ length: CONFIG.num_hidden_layers }, (_, layer) =>
    Object.entries({
      'input_layernorm.weight': [width],
      'self_attn.q_proj.weight': [width, width],
      'self_attn.k_proj.weight': [kv, width],
      'self_attn.v_proj.weight': [kv, width],
      'self_attn.o_proj.weight': [width, width],
      'post_attention_layernorm.weight': [width],
      'mlp.gate_proj.weight': [inner, width],
      'mlp.up_proj.weight': [inner, width],
      'mlp.down_proj.weight': [width, inner],
    }).map(([name, shape]): [string, number[]] => [`model.layers.${layer}.${name}`, shape]),
  )
  return [
    ['model.embed_tokens.weight', [vocabulary, width]],
    ...layers.flat(),
    ['model.norm.weight', [width]],
  ]
}

async function writeWeights(file: string): Promise<void> {
  const header: Record<string, unknown> = {}
  let offset = 0
  for (const [name, shape] of tensors()) {
    const end = offset + 4 * shape.reduce((product, size) => product * size, 1)
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] }
    offset = end
  }
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  const handle = await open(file, 'w')
  try {
    await handle.writev([length, json])
    for (const [index, [, shape]] of tensors().entries()) {
      await handle.write(new Uint8Array(randomWeights(shape, index).buffer))
    }
  } finally {
    await handle.close()
  }
}

/** Norms are 1; matrices are spread so that activations keep their size. */
function randomWeights(shape: readonly number[], seed: number): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1)
  if (shape.length === 1) return values
  const spread = Math.sqrt(3 / (shape[1] ?? 1))
  let state = (seed * 2654435761 + 12345) >>> 0
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    values[i] = (state / 2 ** 31 - 1) * spread
  }
  return values
}
