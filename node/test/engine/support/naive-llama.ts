import type { LlamaConfig } from '../../../src/engine/pack/llama-config.ts'
import type { WeightSource } from '../../../src/engine/pack/float-weights.ts'

/**
 * The Llama network written out with plain loops in float64, without cache: an independent check of
 * the packed graph. Returns the logits behind the last id.
 */
export function naiveLlama(config: LlamaConfig, weights: WeightSource, ids: number[]): number[] {
  const { hiddenSize, layers, vocabSize } = config
  const embeddings = weights('model.embed_tokens.weight', [vocabSize, hiddenSize])
  let rows = ids.map((id) => [...embeddings.subarray(id * hiddenSize, (id + 1) * hiddenSize)])
  for (let layer = 0; layer < layers; layer++) rows = applyLayer(config, weights, layer, rows)
  const last = norm(config, weights, 'model.norm.weight', rows.at(-1) ?? [])
  const head = config.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight'
  return project(weights, head, vocabSize, last)
}

function applyLayer(
  config: LlamaConfig,
  weights: WeightSource,
  layer: number,
  rows: number[][],
): number[][] {
  const p = `model.layers.${layer}.`
  const normed = rows.map((row) => norm(config, weights, `${p}input_layernorm.weight`, row))
  const attended = attention(config, weights, `${p}self_attn.`, normed)
  return rows.map((row, i) => {
    const x = add(row, attended[i] ?? [])
    const h = norm(config, weights, `${p}post_attention_layernorm.weight`, x)
    const gate = project(weights, `${p}mlp.gate_proj.weight`, config.feedForwardSize, h)
    const up = project(weights, `${p}mlp.up_proj.weight`, config.feedForwardSize, h)
    const inner = gate.map((g, k) => (g / (1 + Math.exp(-g))) * at(up, k))
    return add(x, project(weights, `${p}mlp.down_proj.weight`, config.hiddenSize, inner))
  })
}

function attention(
  config: LlamaConfig,
  weights: WeightSource,
  prefix: string,
  rows: number[][],
): number[][] {
  const { heads, kvHeads, headSize, hiddenSize } = config
  const per = (name: string, count: number): number[][][] =>
    rows.map((row, position) => {
      const plain = project(weights, `${prefix}${name}_proj.weight`, count * headSize, row)
      const biases =
        config.inputBiases === true ? weights(`${prefix}${name}_proj.bias`, [plain.length]) : null
      const flat = plain.map((value, i) => value + (biases === null ? 0 : at(biases, i)))
      const split = Array.from({ length: count }, (_, h) =>
        flat.slice(h * headSize, (h + 1) * headSize),
      )
      if (name === 'v') return split
      const normed = split.map((head) =>
        normHead(config, weights, `${prefix}${name}_norm.weight`, head),
      )
      return normed.map((head) => rotate(config, head, position))
    })
  const [q, k, v] = [per('q', heads), per('k', kvHeads), per('v', kvHeads)]
  return rows.map((_, position) => {
    const out: number[] = []
    for (let head = 0; head < heads; head++) {
      const kv = Math.floor(head / (heads / kvHeads))
      const query = q[position]?.[head] ?? []
      const scores = k.slice(0, position + 1).map((row) => dot(query, row[kv] ?? []))
      const shares = softmax(scores.map((score) => score / Math.sqrt(headSize)))
      for (let d = 0; d < headSize; d++) {
        out.push(shares.reduce((sum, share, j) => sum + share * at(v[j]?.[kv] ?? [], d), 0))
      }
    }
    return project(weights, `${prefix}o_proj.weight`, hiddenSize, out)
  })
}

function rotate({ headSize, ropeTheta }: LlamaConfig, head: number[], position: number): number[] {
  const half = headSize / 2
  return head.map((value, d) => {
    const angle = position * Math.pow(ropeTheta, (-2 * (d % half)) / headSize)
    const partner = d < half ? -at(head, d + half) : at(head, d - half)
    return value * Math.cos(angle) + partner * Math.sin(angle)
  })
}

function norm(config: LlamaConfig, weights: WeightSource, name: string, row: number[]): number[] {
  const scale = weights(name, [config.hiddenSize])
  const rms = Math.sqrt(dot(row, row) / row.length + config.normEpsilon)
  return row.map((value, i) => (value / rms) * at(scale, i))
}

function normHead(
  config: LlamaConfig,
  weights: WeightSource,
  name: string,
  head: number[],
): number[] {
  if (config.headNorms !== true) return head
  return norm({ ...config, hiddenSize: config.headSize }, weights, name, head)
}

function project(weights: WeightSource, name: string, outputs: number, row: number[]): number[] {
  const w = weights(name, [outputs, row.length])
  return Array.from({ length: outputs }, (_, o) =>
    row.reduce((sum, value, i) => sum + value * at(w, o * row.length + i), 0),
  )
}

function softmax(scores: number[]): number[] {
  const max = Math.max(...scores)
  const raised = scores.map((score) => Math.exp(score - max))
  const sum = raised.reduce((a, b) => a + b, 0)
  return raised.map((value) => value / sum)
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += at(a, i) * at(b, i)
  return sum
}

function add(a: number[], b: number[]): number[] {
  return a.map((value, i) => value + at(b, i))
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? NaN
}
