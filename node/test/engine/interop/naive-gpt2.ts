/** GPT-2 written out with plain loops in float64, without cache: an independent check of the graph. */
import { GPT2_EPSILON, GPT2_SHAPE } from './gpt2.ts'
import { randomWeights } from './graph-parts.ts'
import type { Weights } from './graph-parts.ts'

const { contextLength, headSize, heads, hiddenSize, layers, vocabSize } = GPT2_SHAPE

const made = new Map<string, Float32Array>()

/** Each is made once. */
const weightsOf: Weights = (name, shape) => {
  const values = made.get(name) ?? randomWeights(name, shape)
  made.set(name, values)
  return values
}

/** Logits behind the last id. */
export function naiveGpt2(ids: readonly number[]): number[] {
  const words = weightsOf('wte', [vocabSize, hiddenSize])
  const positions = weightsOf('wpe', [contextLength, hiddenSize])
  let rows = ids.map((id, position) =>
    add(rowOf(words, id, hiddenSize), rowOf(positions, position, hiddenSize)),
  )
  for (let layer = 0; layer < layers; layer++) rows = block(`h.${layer}.`, rows)
  const last = norm('ln_f', rows.at(-1) ?? [])
  return Array.from({ length: vocabSize }, (_, id) => dot(last, rowOf(words, id, hiddenSize)))
}

function block(name: string, rows: number[][]): number[][] {
  const fused = rows.map((row) =>
    linear(`${name}attn.c_attn`, 3 * hiddenSize, norm(`${name}ln_1`, row)),
  )
  return rows.map((row, position) => {
    const mixed: number[] = []
    for (let head = 0; head < heads; head++) {
      const part = (which: number, at: number): number[] => {
        const start = which * hiddenSize + head * headSize
        return fused[at]?.slice(start, start + headSize) ?? []
      }
      const seen = fused.slice(0, position + 1).map((_, at) => at)
      const scores = seen.map((at) => dot(part(0, position), part(1, at)) / Math.sqrt(headSize))
      const shares = softmax(scores)
      for (let i = 0; i < headSize; i++) {
        mixed.push(seen.reduce((sum, at) => sum + (shares[at] ?? NaN) * (part(2, at)[i] ?? NaN), 0))
      }
    }
    const attended = add(row, linear(`${name}attn.c_proj`, hiddenSize, mixed))
    const inner = linear(`${name}mlp.c_fc`, 4 * hiddenSize, norm(`${name}ln_2`, attended))
    return add(attended, linear(`${name}mlp.c_proj`, hiddenSize, inner.map(gelu)))
  })
}

function linear(name: string, outputs: number, row: readonly number[]): number[] {
  const weight = weightsOf(`${name}.weight`, [row.length, outputs])
  const bias = weightsOf(`${name}.bias`, [outputs])
  return Array.from({ length: outputs }, (_, o) =>
    row.reduce((sum, value, i) => sum + value * (weight[i * outputs + o] ?? NaN), bias[o] ?? NaN),
  )
}

function norm(name: string, row: readonly number[]): number[] {
  const [weight, bias] = ['weight', 'bias'].map((kind) =>
    weightsOf(`${name}.${kind}`, [hiddenSize]),
  )
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length
  const width = Math.sqrt(variance + GPT2_EPSILON)
  return row.map((value, i) => ((value - mean) / width) * (weight?.[i] ?? NaN) + (bias?.[i] ?? NaN))
}

function gelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))
}

function softmax(scores: readonly number[]): number[] {
  const top = Math.max(...scores)
  const raised = scores.map((score) => Math.exp(score - top))
  const sum = raised.reduce((a, b) => a + b, 0)
  return raised.map((value) => value / sum)
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? NaN), 0)
}

function add(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value + (b[i] ?? NaN))
}

function rowOf(table: Float32Array, row: number, width: number): number[] {
  return [...table.subarray(row * width, (row + 1) * width)]
}
