import type { WeightSource } from './float-weights.ts'
import type { GraphBuilder } from './graph-builder.ts'
import type { LlamaConfig } from './llama-config.ts'
import { Q4_BLOCK, quantizeMatrix } from './quantize-weights.ts'

/** Where weights come from and nodes go to. */
export interface WeightContext {
  readonly graph: GraphBuilder
  readonly config: LlamaConfig
  readonly weights: WeightSource
  /** How matrices are kept; left out: float32. */
  readonly format?: WeightFormat
}

/** q4: four bits a weight, computed in float32. */
export type WeightFormat = 'f32' | 'q4'

/** What every layer of the graph shares. */
export interface LayerContext extends WeightContext {
  /** Names of: last valid index per row, longest row, rotary tables. */
  readonly lastIndex: string
  readonly totalLength: string
  readonly cosines: string
  readonly sines: string
}

/** One decoder block: x + attention(norm(x)), then x + SwiGLU(norm(x)). Returns the output's name. */
export function addLayer(context: LayerContext, layer: number, x: string): string {
  const { graph } = context
  const prefix = `model.layers.${layer}.`
  const attended = addAttention(
    context,
    layer,
    addNorm(context, `${prefix}input_layernorm.weight`, x),
  )
  const afterAttention = graph.node('Add', [x, attended])
  const normed = addNorm(context, `${prefix}post_attention_layernorm.weight`, afterAttention)
  return graph.node('Add', [afterAttention, addFeedForward(context, prefix, normed)])
}

/** RMSNorm over the last axis, of `size` numbers, under the name that onnxruntime gives it. */
export function addNorm(
  { graph, config, weights }: WeightContext,
  name: string,
  x: string,
  size: number = config.hiddenSize,
): string {
  const scale = graph.floats(name, [size], weights(name, [size]))
  const attributes = { axis: -1, epsilon: { float: config.normEpsilon } }
  return graph.node('SimplifiedLayerNormalization', [x, scale], { attributes })
}

/** x · Wᵀ for a weight stored as [out, in]. */
export function addProjection(
  { format, graph, weights }: WeightContext,
  name: string,
  [rows, columns]: readonly [number, number],
  x: string,
): string {
  if (format === 'q4' && columns % Q4_BLOCK === 0) {
    const { packed, scales } = quantizeMatrix(weights(name, [rows, columns]), rows, columns)
    const codes = graph.bytes(`${name}.q4`, [rows, columns / Q4_BLOCK, Q4_BLOCK / 2], packed)
    const scale = graph.floats(`${name}.scales`, [scales.length], scales)
    // No accuracy_level: any other would compute in 8 bits on processors that can.
    return graph.node('MatMulNBits', [x, codes, scale], {
      domain: 'com.microsoft',
      attributes: { K: columns, N: rows, bits: 4, block_size: Q4_BLOCK },
    })
  }
  const transposed = transpose(weights(name, [rows, columns]), rows, columns)
  return graph.node('MatMul', [x, graph.floats(name, [columns, rows], transposed)])
}

/** Queries, keys or values of all heads: [B, S, count · headSize], with a bias where the network has one. */
export function addHeadInputs(
  context: WeightContext,
  name: string,
  count: number,
  x: string,
): string {
  const { config, graph, weights } = context
  const width = count * config.headSize
  const product = addProjection(context, `${name}.weight`, [width, config.hiddenSize], x)
  if (config.inputBiases !== true) return product
  const bias = graph.floats(`${name}.bias`, [width], weights(`${name}.bias`, [width]))
  return graph.node('Add', [product, bias])
}

/** Norms each head of [B, S, count, headSize] where the network does so. */
export function addHeadNorm(context: WeightContext, name: string, x: string): string {
  const { headNorms, headSize } = context.config
  return headNorms === true ? addNorm(context, `${name}.weight`, x, headSize) : x
}

/** As addHeadNorm, of heads that lie behind each other. */
function addFlatHeadNorm(context: WeightContext, name: string, count: number, x: string): string {
  const { config, graph } = context
  if (config.headNorms !== true) return x
  const apart = graph.node('Reshape', [x, graph.ints(0, 0, count, config.headSize)])
  const normed = addHeadNorm(context, name, apart)
  return graph.node('Reshape', [normed, graph.ints(0, 0, count * config.headSize)])
}

/** Grouped-query attention; it writes keys and values in place when past and present share memory. */
function addAttention(context: LayerContext, layer: number, x: string): string {
  const { graph, config } = context
  const prefix = `model.layers.${layer}.self_attn.`
  const width = config.heads * config.headSize
  const { heads, kvHeads } = config
  const queries = addHeadInputs(context, `${prefix}q_proj`, heads, x)
  const keys = addHeadInputs(context, `${prefix}k_proj`, kvHeads, x)
  const values = addHeadInputs(context, `${prefix}v_proj`, kvHeads, x)
  const inputs = [
    addFlatHeadNorm(context, `${prefix}q_norm`, heads, queries),
    addFlatHeadNorm(context, `${prefix}k_norm`, kvHeads, keys),
    values,
    `past_key_values.${layer}.key`,
    `past_key_values.${layer}.value`,
    context.lastIndex,
    context.totalLength,
    context.cosines,
    context.sines,
  ]
  const attended = graph.node('GroupQueryAttention', inputs, {
    domain: 'com.microsoft',
    outputs: [`attention_${layer}`, `present.${layer}.key`, `present.${layer}.value`],
    attributes: {
      num_heads: config.heads,
      kv_num_heads: config.kvHeads,
      do_rotary: 1,
      rotary_interleaved: 0,
      scale: { float: 1 / Math.sqrt(config.headSize) },
    },
  })
  return addProjection(context, `${prefix}o_proj.weight`, [config.hiddenSize, width], attended)
}

/** SwiGLU. */
export function addFeedForward(context: WeightContext, layerPrefix: string, x: string): string {
  const { graph, config } = context
  const prefix = `${layerPrefix}mlp.`
  const up: [number, number] = [config.feedForwardSize, config.hiddenSize]
  const gate = addProjection(context, `${prefix}gate_proj.weight`, up, x)
  const silu = graph.node('Mul', [gate, graph.node('Sigmoid', [gate])])
  const raised = graph.node('Mul', [silu, addProjection(context, `${prefix}up_proj.weight`, up, x)])
  const down: [number, number] = [config.hiddenSize, config.feedForwardSize]
  return addProjection(context, `${prefix}down_proj.weight`, down, raised)
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length)
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c] ?? 0
  }
  return out
}
