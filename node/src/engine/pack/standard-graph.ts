/** The standard layout of Hugging Face exports, for programs that know nothing of in-place caches. */
import type { WeightSource } from './float-weights.ts'
import { GraphBuilder } from './graph-builder.ts'
import type { LlamaConfig } from './llama-config.ts'
import {
  addFeedForward,
  addHeadInputs,
  addHeadNorm,
  addNorm,
  addProjection,
} from './llama-layer.ts'
import type { WeightContext, WeightFormat } from './llama-layer.ts'
import { ONNX_TYPE } from './onnx-proto.ts'
import type { OnnxGraph } from './onnx-proto.ts'
import { rotaryTables } from './rotary-tables.ts'

/** What is added to the score of a token that must not be seen. */
const UNSEEN = -3e38

interface StandardContext extends WeightContext {
  /** Rotary factors of each row's positions [B, 1, S, headSize / 2], and the mask [B, 1, 1, S, T]. */
  readonly cosines: string
  readonly sines: string
  readonly mask: string
}

/**
 * The whole network, computed in float32. Inputs: input_ids and position_ids [B, S], attention_mask [B, P + S]
 * (int64), per layer past_key_values.N.key|value [B, kvHeads, P, headSize]. Outputs: logits [B, S, vocab],
 * last_hidden_state [B, S, hidden], present.N.key|value [B, kvHeads, P + S, headSize].
 */
export function buildStandardGraph(
  config: LlamaConfig,
  weights: WeightSource,
  format: WeightFormat = 'f32',
): OnnxGraph {
  const graph = new GraphBuilder()
  for (const [name, length] of [
    ['input_ids', 'sequence_length'],
    ['attention_mask', 'total_sequence_length'],
    ['position_ids', 'sequence_length'],
  ] as const) {
    graph.input(name, ONNX_TYPE.int64, ['batch_size', length])
  }
  const names = Array.from({ length: config.layers }, (_, layer) => [
    `${layer}.key`,
    `${layer}.value`,
  ])
  const cache = (length: string): (string | number)[] => [
    'batch_size',
    config.kvHeads,
    length,
    config.headSize,
  ]
  for (const name of names.flat()) {
    graph.input(`past_key_values.${name}`, ONNX_TYPE.float, cache('past_sequence_length'))
  }
  const table = [config.vocabSize, config.hiddenSize]
  const embeddings = graph.floats(
    'model.embed_tokens.weight',
    table,
    weights('model.embed_tokens.weight', table),
  )
  const base = { graph, config, weights, format }
  const context = { ...base, ...addRotary(base), mask: addMask(graph) }
  let x = graph.node('Gather', [embeddings, 'input_ids'])
  for (let layer = 0; layer < config.layers; layer++) x = addStandardLayer(context, layer, x)
  addHead(context, embeddings, x)
  graph.output('logits', ONNX_TYPE.float, ['batch_size', 'sequence_length', config.vocabSize])
  const hidden = ['batch_size', 'sequence_length', config.hiddenSize]
  graph.output('last_hidden_state', ONNX_TYPE.float, hidden)
  for (const name of names.flat()) {
    graph.output(`present.${name}`, ONNX_TYPE.float, cache('total_sequence_length'))
  }
  return graph.build('llama')
}

function addRotary({ graph, config }: WeightContext): Pick<StandardContext, 'cosines' | 'sines'> {
  const tables = rotaryTables(config.contextLength, config.headSize, config.ropeTheta)
  const dims = [config.contextLength, config.headSize / 2]
  const at = (name: string, values: Float32Array): string => {
    const rows = graph.node('Gather', [graph.floats(name, dims, values), 'position_ids'])
    return graph.node('Unsqueeze', [rows, graph.ints(1)])
  }
  return {
    cosines: at('rotary_cosines', tables.cosines),
    sines: at('rotary_sines', tables.sines),
  }
}

/** A token sees itself and what is before it, as far as attention_mask is 1. */
function addMask(graph: GraphBuilder): string {
  const length = (name: string): string => {
    const shape = graph.node('Shape', [name])
    const last = graph.node('Slice', [shape, graph.ints(1), graph.ints(2)])
    return graph.node('Squeeze', [last, graph.ints(0)])
  }
  const [total, fed, one] = [length('attention_mask'), length('input_ids'), graph.scalar(1)]
  const first = graph.node('Sub', [total, fed])
  const rows = graph.node('Unsqueeze', [graph.node('Range', [first, total, one]), graph.ints(1)])
  const all = graph.node('Range', [graph.scalar(0), total, one])
  const columns = graph.node('Unsqueeze', [all, graph.ints(0)])
  const causal = graph.node('LessOrEqual', [columns, rows])
  const real = graph.node('Cast', ['attention_mask'], { attributes: { to: ONNX_TYPE.bool } })
  const seen = graph.node('And', [causal, graph.node('Unsqueeze', [real, graph.ints(1)])])
  const added = graph.node('Where', [seen, graph.float(0), graph.float(UNSEEN)])
  return graph.node('Unsqueeze', [added, graph.ints(1, 2)])
}

function addStandardLayer(context: StandardContext, layer: number, x: string): string {
  const { graph } = context
  const prefix = `model.layers.${layer}.`
  const normed = addNorm(context, `${prefix}input_layernorm.weight`, x)
  const attended = graph.node('Add', [x, addStandardAttention(context, layer, normed)])
  const inner = addNorm(context, `${prefix}post_attention_layernorm.weight`, attended)
  return graph.node('Add', [attended, addFeedForward(context, prefix, inner)])
}

function addStandardAttention(context: StandardContext, layer: number, x: string): string {
  const { graph, config } = context
  const { headSize, heads, kvHeads, hiddenSize } = config
  const prefix = `model.layers.${layer}.self_attn.`
  const apart = (kind: string, count: number): string => {
    const flat = addHeadInputs(context, `${prefix}${kind}_proj`, count, x)
    return graph.node('Reshape', [flat, graph.ints(0, 0, count, headSize)])
  }
  const turned = (rows: string): string =>
    graph.node('Transpose', [rows], { attributes: { perm: [0, 2, 1, 3] } })
  const rotated = (kind: string, count: number): string => {
    const normed = addHeadNorm(context, `${prefix}${kind}_norm`, apart(kind, count))
    return addRotation(context, turned(normed))
  }
  const joined = (kind: string, added: string): string =>
    graph.node('Concat', [`past_key_values.${layer}.${kind}`, added], {
      attributes: { axis: 2 },
      outputs: [`present.${layer}.${kind}`],
    })
  const keys = joined('key', rotated('k', kvHeads))
  const values = joined('value', turned(apart('v', kvHeads)))
  const queries = graph.node('Reshape', [
    rotated('q', heads),
    graph.ints(0, kvHeads, heads / kvHeads, -1, headSize),
  ])
  const columns = graph.node('Transpose', [keys], { attributes: { perm: [0, 1, 3, 2] } })
  const scores = graph.node('MatMul', [queries, graph.node('Unsqueeze', [columns, graph.ints(2)])])
  const scaled = graph.node('Mul', [scores, graph.float(1 / Math.sqrt(headSize))])
  const masked = graph.node('Add', [scaled, context.mask])
  const shares = graph.node('Softmax', [masked], { attributes: { axis: -1 } })
  const mixed = graph.node('MatMul', [shares, graph.node('Unsqueeze', [values, graph.ints(2)])])
  const byHead = graph.node('Reshape', [mixed, graph.ints(0, heads, -1, headSize)])
  const byToken = graph.node('Transpose', [byHead], { attributes: { perm: [0, 2, 1, 3] } })
  const width = heads * headSize
  const flat = graph.node('Reshape', [byToken, graph.ints(0, 0, width)])
  return addProjection(context, `${prefix}o_proj.weight`, [hiddenSize, width], flat)
}

/** Rotates the two halves of each head by the angles of its position. */
function addRotation({ graph, config, cosines, sines }: StandardContext, x: string): string {
  const [half, whole] = [config.headSize / 2, config.headSize]
  const part = (from: number, to: number): string =>
    graph.node('Slice', [x, graph.ints(from), graph.ints(to), graph.ints(3)])
  const [a, b] = [part(0, half), part(half, whole)]
  const times = (u: string, v: string): string => graph.node('Mul', [u, v])
  const first = graph.node('Sub', [times(a, cosines), times(b, sines)])
  const second = graph.node('Add', [times(b, cosines), times(a, sines)])
  return graph.node('Concat', [first, second], { attributes: { axis: -1 } })
}

function addHead(context: StandardContext, embeddings: string, x: string): void {
  const { graph, config } = context
  const normed = addNorm(context, 'model.norm.weight', x)
  const hidden = graph.node('Identity', [normed], { outputs: ['last_hidden_state'] })
  if (config.tiedEmbeddings) {
    const projection = graph.node('Transpose', [embeddings], { attributes: { perm: [1, 0] } })
    graph.node('MatMul', [hidden, projection], { outputs: ['logits'] })
    return
  }
  const shape: [number, number] = [config.vocabSize, config.hiddenSize]
  const logits = addProjection(context, 'lm_head.weight', shape, hidden)
  graph.node('Identity', [logits], { outputs: ['logits'] })
}
