/** A small GPT-2: learned positions, LayerNorm with bias, fused QKV, GELU, as many key heads as query heads. */
import { GraphBuilder } from '../../../src/engine/pack/graph-builder.ts'
import { ONNX_TYPE } from '../../../src/engine/pack/onnx-proto.ts'
import type { OnnxGraph } from '../../../src/engine/pack/onnx-proto.ts'
import {
  addCacheNames,
  addCausalMask,
  addHeads,
  addJoined,
  addMixing,
  addSwap,
  addWeight,
  randomWeights,
} from './graph-parts.ts'
import type { DecoderShape, Parts } from './graph-parts.ts'

export const GPT2_SHAPE: DecoderShape = {
  vocabSize: 1024,
  contextLength: 128,
  hiddenSize: 48,
  layers: 2,
  heads: 4,
  kvHeads: 4,
  headSize: 12,
}
export const GPT2_EPSILON = 1e-5

/** config.json under GPT-2's own names, which are not those of later models. */
export const GPT2_CONFIG = {
  model_type: 'gpt2',
  architectures: ['GPT2LMHeadModel'],
  activation_function: 'gelu_new',
  vocab_size: GPT2_SHAPE.vocabSize,
  n_ctx: GPT2_SHAPE.contextLength,
  n_positions: GPT2_SHAPE.contextLength,
  n_embd: GPT2_SHAPE.hiddenSize,
  n_layer: GPT2_SHAPE.layers,
  n_head: GPT2_SHAPE.heads,
  layer_norm_epsilon: GPT2_EPSILON,
  bos_token_id: 1,
  eos_token_id: 1,
} as const

/** Inputs: input_ids, attention_mask, position_ids and the cache. */
export function gpt2Graph(): OnnxGraph {
  const graph = new GraphBuilder()
  const parts: Parts = { graph, shape: GPT2_SHAPE, weights: randomWeights }
  const { contextLength, hiddenSize, layers, vocabSize } = GPT2_SHAPE
  for (const [name, length] of [
    ['input_ids', 'sequence'],
    ['attention_mask', 'total'],
    ['position_ids', 'sequence'],
  ] as const) {
    graph.input(name, ONNX_TYPE.int64, ['batch', length])
  }
  const words = addWeight(parts, 'wte', vocabSize, hiddenSize)
  const positions = addWeight(parts, 'wpe', contextLength, hiddenSize)
  let x = graph.node('Add', [
    graph.node('Gather', [words, 'input_ids']),
    graph.node('Gather', [positions, 'position_ids']),
  ])
  const mask = addCausalMask(graph)
  for (let layer = 0; layer < layers; layer++) x = addBlock(parts, layer, x, mask)
  const turned = graph.node('Transpose', [words], { attributes: { perm: [1, 0] } })
  graph.node('MatMul', [addNorm(parts, 'ln_f', x), turned], { outputs: ['logits'] })
  graph.output('logits', ONNX_TYPE.float, ['batch', 'sequence', vocabSize])
  addCacheNames(parts)
  return graph.build('gpt2')
}

function addBlock(parts: Parts, layer: number, x: string, mask: string): string {
  const { graph, shape } = parts
  const { heads, hiddenSize } = shape
  const name = `h.${layer}.`
  const fused = addLinear(
    parts,
    `${name}attn.c_attn`,
    3 * hiddenSize,
    addNorm(parts, `${name}ln_1`, x),
  )
  const outputs = ['q', 'k', 'v'].map((part) => `${name}${part}`)
  const sizes = graph.ints(hiddenSize, hiddenSize, hiddenSize)
  graph.node('Split', [fused, sizes], { attributes: { axis: -1 }, outputs })
  const [queries = '', keys = '', values = ''] = outputs.map((part) =>
    addSwap(graph, addHeads(parts, part, heads)),
  )
  const cached = [addJoined(graph, layer, 'key', keys), addJoined(graph, layer, 'value', values)]
  const mixed = addMixing(parts, queries, [cached[0] ?? '', cached[1] ?? ''], mask)
  const attended = graph.node('Add', [x, addLinear(parts, `${name}attn.c_proj`, hiddenSize, mixed)])
  const inner = addLinear(
    parts,
    `${name}mlp.c_fc`,
    4 * hiddenSize,
    addNorm(parts, `${name}ln_2`, attended),
  )
  const shrunk = addLinear(
    parts,
    `${name}mlp.c_proj`,
    hiddenSize,
    addGelu(parts, inner),
    4 * hiddenSize,
  )
  return graph.node('Add', [attended, shrunk])
}

/** x · W + b; GPT-2 keeps W as [in, out]. */
function addLinear(
  parts: Parts,
  name: string,
  outputs: number,
  x: string,
  inputs: number = parts.shape.hiddenSize,
): string {
  const weight = addWeight(parts, `${name}.weight`, inputs, outputs)
  const product = parts.graph.node('MatMul', [x, weight])
  return parts.graph.node('Add', [product, addWeight(parts, `${name}.bias`, outputs)])
}

function addNorm(parts: Parts, name: string, x: string): string {
  const { hiddenSize } = parts.shape
  const inputs = [
    x,
    addWeight(parts, `${name}.weight`, hiddenSize),
    addWeight(parts, `${name}.bias`, hiddenSize),
  ]
  const attributes = { axis: -1, epsilon: { float: GPT2_EPSILON } }
  return parts.graph.node('LayerNormalization', inputs, { attributes })
}

/** The approximation by tanh. */
function addGelu({ graph }: Parts, x: string): string {
  const cube = graph.node('Mul', [graph.node('Mul', [x, x]), x])
  const sum = graph.node('Add', [x, graph.node('Mul', [cube, graph.float(0.044715)])])
  const scaled = graph.node('Mul', [sum, graph.float(Math.sqrt(2 / Math.PI))])
  const raised = graph.node('Add', [graph.node('Tanh', [scaled]), graph.float(1)])
  return graph.node('Mul', [graph.node('Mul', [x, graph.float(0.5)]), raised])
}
