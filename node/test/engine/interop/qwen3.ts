/** A small Qwen3: norms of queries and keys, RoPE, grouped heads, SwiGLU, positions taken from the mask. */
import { GraphBuilder } from '../../../src/engine/pack/graph-builder.ts'
import { ONNX_TYPE } from '../../../src/engine/pack/onnx-proto.ts'
import type { OnnxGraph } from '../../../src/engine/pack/onnx-proto.ts'
import { rotaryTables } from '../../../src/engine/pack/rotary-tables.ts'
import {
  addCacheNames,
  addCausalMask,
  addHeads,
  addJoined,
  addLength,
  addMixing,
  addSwap,
  addWeight,
  randomWeights,
} from './graph-parts.ts'
import type { DecoderShape, Parts } from './graph-parts.ts'

const SHAPE: DecoderShape = {
  vocabSize: 1024,
  contextLength: 160,
  hiddenSize: 48,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
}
const INNER = 80
const THETA = 1e6
const EPSILON = 1e-6

/** config.json; the ends of chat answers are in generation_config.json, as with the published ones. */
export const QWEN3_CONFIG = {
  model_type: 'qwen3',
  architectures: ['Qwen3ForCausalLM'],
  vocab_size: SHAPE.vocabSize,
  max_position_embeddings: SHAPE.contextLength,
  hidden_size: SHAPE.hiddenSize,
  intermediate_size: INNER,
  num_hidden_layers: SHAPE.layers,
  num_attention_heads: SHAPE.heads,
  num_key_value_heads: SHAPE.kvHeads,
  head_dim: SHAPE.headSize,
  rope_theta: THETA,
  rms_norm_eps: EPSILON,
  hidden_act: 'silu',
  tie_word_embeddings: true,
  eos_token_id: 0,
} as const

interface Rotating extends Parts {
  readonly cosines: string
  readonly sines: string
  readonly mask: string
}

/** Inputs: input_ids, attention_mask, num_logits_to_keep (0: all of them) and the cache; no position_ids. */
export function qwen3Graph(): OnnxGraph {
  const graph = new GraphBuilder()
  const base: Parts = { graph, shape: SHAPE, weights: randomWeights }
  graph.input('input_ids', ONNX_TYPE.int64, ['batch', 'sequence'])
  graph.input('attention_mask', ONNX_TYPE.int64, ['batch', 'total'])
  graph.input('num_logits_to_keep', ONNX_TYPE.int64, [])
  const parts = { ...base, ...addRotary(base), mask: addCausalMask(graph) }
  const words = addWeight(parts, 'embed_tokens', SHAPE.vocabSize, SHAPE.hiddenSize)
  let x = graph.node('Gather', [words, 'input_ids'])
  for (let layer = 0; layer < SHAPE.layers; layer++) x = addBlock(parts, layer, x)
  const start = graph.node('Unsqueeze', [graph.node('Neg', ['num_logits_to_keep']), graph.ints(0)])
  const kept = graph.node('Slice', [x, start, graph.ints(Number.MAX_SAFE_INTEGER), graph.ints(1)])
  const turned = graph.node('Transpose', [words], { attributes: { perm: [1, 0] } })
  const normed = addNorm(parts, 'norm', kept, SHAPE.hiddenSize)
  graph.node('MatMul', [normed, turned], { outputs: ['logits'] })
  graph.output('logits', ONNX_TYPE.float, ['batch', 'kept', SHAPE.vocabSize])
  addCacheNames(parts)
  return graph.build('qwen3')
}

/** Factors of the positions of what is fed: how many tokens the mask has up to each, less one. */
function addRotary({ graph }: Parts): Pick<Rotating, 'cosines' | 'sines'> {
  const counts = graph.node('CumSum', ['attention_mask', graph.scalar(1)])
  const places = graph.node('Sub', [counts, graph.scalar(1)])
  const floor = graph.node('Max', [places, graph.scalar(0)])
  const start = graph.node('Unsqueeze', [
    graph.node('Neg', [addLength(graph, 'input_ids')]),
    graph.ints(0),
  ])
  const end = graph.ints(Number.MAX_SAFE_INTEGER)
  const positions = graph.node('Slice', [floor, start, end, graph.ints(1)])
  const tables = rotaryTables(SHAPE.contextLength, SHAPE.headSize, THETA)
  const at = (name: string, values: Float32Array): string => {
    const table = graph.floats(name, [SHAPE.contextLength, SHAPE.headSize / 2], values)
    return graph.node('Unsqueeze', [graph.node('Gather', [table, positions]), graph.ints(1)])
  }
  return { cosines: at('cosines', tables.cosines), sines: at('sines', tables.sines) }
}

function addBlock(parts: Rotating, layer: number, x: string): string {
  const { graph } = parts
  const name = `layers.${layer}.`
  const width = SHAPE.heads * SHAPE.headSize
  const normed = addNorm(parts, `${name}input_norm`, x, SHAPE.hiddenSize)
  const part = (kind: string, count: number): string =>
    addHeads(
      parts,
      addLinear(parts, `${name}${kind}_proj`, [SHAPE.hiddenSize, count * SHAPE.headSize], normed),
      count,
    )
  const turned = (kind: string, count: number): string =>
    addRotation(
      parts,
      addSwap(graph, addNorm(parts, `${name}${kind}_norm`, part(kind, count), SHAPE.headSize)),
    )
  const keys = addJoined(graph, layer, 'key', turned('k', SHAPE.kvHeads))
  const values = addJoined(graph, layer, 'value', addSwap(graph, part('v', SHAPE.kvHeads)))
  const repeated = [addRepeated(graph, keys), addRepeated(graph, values)] as const
  const mixed = addMixing(parts, turned('q', SHAPE.heads), repeated, parts.mask)
  const attended = graph.node('Add', [
    x,
    addLinear(parts, `${name}o_proj`, [width, SHAPE.hiddenSize], mixed),
  ])
  const inner = addNorm(parts, `${name}post_norm`, attended, SHAPE.hiddenSize)
  const gate = addLinear(parts, `${name}gate_proj`, [SHAPE.hiddenSize, INNER], inner)
  const silu = graph.node('Mul', [gate, graph.node('Sigmoid', [gate])])
  const up = addLinear(parts, `${name}up_proj`, [SHAPE.hiddenSize, INNER], inner)
  const raised = graph.node('Mul', [silu, up])
  return graph.node('Add', [
    attended,
    addLinear(parts, `${name}down_proj`, [INNER, SHAPE.hiddenSize], raised),
  ])
}

function addLinear(
  parts: Parts,
  name: string,
  [inputs, outputs]: readonly [number, number],
  x: string,
): string {
  return parts.graph.node('MatMul', [x, addWeight(parts, `${name}.weight`, inputs, outputs)])
}

/** RMSNorm in the operators that PyTorch exports. */
function addNorm(parts: Parts, name: string, x: string, width: number): string {
  const { graph } = parts
  const squares = graph.node('Pow', [x, graph.float(2)])
  const mean = graph.node('ReduceMean', [squares], { attributes: { axes: [-1], keepdims: 1 } })
  const root = graph.node('Sqrt', [graph.node('Add', [mean, graph.float(EPSILON)])])
  const scaled = graph.node('Mul', [x, graph.node('Reciprocal', [root])])
  return graph.node('Mul', [scaled, addWeight(parts, `${name}.weight`, width)])
}

/** Each key head serves several query heads. */
function addRepeated(graph: GraphBuilder, x: string): string {
  const times = SHAPE.heads / SHAPE.kvHeads
  const apart = graph.node('Unsqueeze', [x, graph.ints(2)])
  const spread = graph.node('Expand', [apart, graph.ints(1, 1, times, 1, 1)])
  return graph.node('Reshape', [spread, graph.ints(0, SHAPE.heads, -1, SHAPE.headSize)])
}

function addRotation({ cosines, graph, sines }: Rotating, x: string): string {
  const [half, whole] = [SHAPE.headSize / 2, SHAPE.headSize]
  const part = (from: number, to: number): string =>
    graph.node('Slice', [x, graph.ints(from), graph.ints(to), graph.ints(3)])
  const [a, b] = [part(0, half), part(half, whole)]
  const times = (u: string, v: string): string => graph.node('Mul', [u, v])
  const first = graph.node('Sub', [times(a, cosines), times(b, sines)])
  const second = graph.node('Add', [times(b, cosines), times(a, sines)])
  return graph.node('Concat', [first, second], { attributes: { axis: -1 } })
}
