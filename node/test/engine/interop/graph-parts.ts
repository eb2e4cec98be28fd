/** Pieces of decoder graphs, put together from plain operators as exports of Hugging Face are. */
import type { GraphBuilder } from '../../../src/engine/pack/graph-builder.ts'
import { ONNX_TYPE } from '../../../src/engine/pack/onnx-proto.ts'

/** Sizes that all decoders have. */
export interface DecoderShape {
  readonly vocabSize: number
  readonly contextLength: number
  readonly hiddenSize: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
}

/** Values of a weight by its name and shape. */
export type Weights = (name: string, shape: readonly number[]) => Float32Array

/** Fixed numbers, other ones for each name, so large that next tokens differ clearly. */
export const randomWeights: Weights = (name, shape) => {
  let state = [...name].reduce((hash, char) => (Math.imul(hash, 31) + char.charCodeAt(0)) >>> 0, 7)
  const spread = shape.length > 1 ? 2 / Math.sqrt(shape[0] ?? 1) : 0.5
  const centre = /(norm|ln_\w+)\.weight$/.test(name) ? 1 : 0
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return centre + (state / 2 ** 31 - 1) * spread
  })
}

/** Where nodes go and weights come from. */
export interface Parts {
  readonly graph: GraphBuilder
  readonly shape: DecoderShape
  readonly weights: Weights
}

/** A named weight of the graph. */
export function addWeight({ graph, weights }: Parts, name: string, ...dims: number[]): string {
  return graph.floats(name, dims, weights(name, dims))
}

/** The inputs of each layer's cache and their outputs. */
export function addCacheNames({ graph, shape }: Parts): void {
  const { headSize, kvHeads, layers } = shape
  for (let layer = 0; layer < layers; layer++) {
    for (const kind of ['key', 'value']) {
      const dims = (length: string): (string | number)[] => ['batch', kvHeads, length, headSize]
      graph.input(`past_key_values.${layer}.${kind}`, ONNX_TYPE.float, dims('past'))
      graph.output(`present.${layer}.${kind}`, ONNX_TYPE.float, dims('total'))
    }
  }
}

/** Length of the second axis, as an int64 without dimensions. */
export function addLength(graph: GraphBuilder, name: string): string {
  const shape = graph.node('Shape', [name])
  return graph.node('Gather', [shape, graph.scalar(1)], { attributes: { axis: 0 } })
}

/** [B, 1, S, T]: 0 where a token may look, else a number that no score outweighs. */
export function addCausalMask(graph: GraphBuilder): string {
  const [total, fed, one] = [
    addLength(graph, 'attention_mask'),
    addLength(graph, 'input_ids'),
    graph.scalar(1),
  ]
  const rows = graph.node('Range', [graph.node('Sub', [total, fed]), total, one])
  const columns = graph.node('Range', [graph.scalar(0), total, one])
  const causal = graph.node('LessOrEqual', [
    columns,
    graph.node('Unsqueeze', [rows, graph.ints(1)]),
  ])
  const real = graph.node('Cast', ['attention_mask'], { attributes: { to: ONNX_TYPE.bool } })
  const seen = graph.node('And', [causal, graph.node('Unsqueeze', [real, graph.ints(1, 2)])])
  return graph.node('Where', [seen, graph.float(0), graph.float(-3e38)])
}

/** [B, S, count · headSize] to [B, S, count, headSize]. */
export function addHeads({ graph, shape }: Parts, x: string, count: number): string {
  return graph.node('Reshape', [x, graph.ints(0, 0, count, shape.headSize)])
}

/** Swaps the second axis and the third. */
export function addSwap(graph: GraphBuilder, x: string): string {
  return graph.node('Transpose', [x], { attributes: { perm: [0, 2, 1, 3] } })
}

/** What is in the cache with what is new, [B, kvHeads, T, headSize], which is also given out. */
export function addJoined(graph: GraphBuilder, layer: number, kind: string, added: string): string {
  return graph.node('Concat', [`past_key_values.${layer}.${kind}`, added], {
    attributes: { axis: 2 },
    outputs: [`present.${layer}.${kind}`],
  })
}

/** Softmax attention of [B, heads, …] queries, keys and values; gives [B, S, heads · headSize]. */
export function addMixing(
  { graph, shape }: Parts,
  queries: string,
  [keys, values]: readonly [string, string],
  mask: string,
): string {
  const turned = graph.node('Transpose', [keys], { attributes: { perm: [0, 1, 3, 2] } })
  const scale = graph.float(1 / Math.sqrt(shape.headSize))
  const scores = graph.node('Mul', [graph.node('MatMul', [queries, turned]), scale])
  const masked = graph.node('Add', [scores, mask])
  const shares = graph.node('Softmax', [masked], { attributes: { axis: -1 } })
  const mixed = addSwap(graph, graph.node('MatMul', [shares, values]))
  return graph.node('Reshape', [mixed, graph.ints(0, 0, shape.heads * shape.headSize)])
}
