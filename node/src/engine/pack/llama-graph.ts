import type { WeightSource } from './float-weights.ts'
import { GraphBuilder } from './graph-builder.ts'
import type { LlamaConfig } from './llama-config.ts'
import { addLayer, addNorm, addProjection } from './llama-layer.ts'
import type { LayerContext, WeightFormat } from './llama-layer.ts'
import { ONNX_TYPE } from './onnx-proto.ts'
import type { OnnxGraph } from './onnx-proto.ts'
import { rotaryTables } from './rotary-tables.ts'

/**
 * The whole network, computed in float32. Inputs: input_ids [B, S] and attention_mask [B, T] (int64), per layer
 * past_key_values.N.key|value [B, kvHeads, capacity, headSize], num_logits_to_keep (int64 scalar ≥ 1).
 * Outputs: logits [B, kept, vocab], last_hidden_state [B, S, hidden], present.N.key|value.
 */
export function buildLlamaGraph(
  config: LlamaConfig,
  weights: WeightSource,
  format: WeightFormat = 'f32',
): OnnxGraph {
  const graph = new GraphBuilder()
  addInputs(graph, config)
  const embeddings = graph.floats(
    'model.embed_tokens.weight',
    [config.vocabSize, config.hiddenSize],
    weights('model.embed_tokens.weight', [config.vocabSize, config.hiddenSize]),
  )
  const context = { graph, config, weights, format, ...addPositions(graph, config) }
  let x = graph.node('Gather', [embeddings, 'input_ids'])
  for (let layer = 0; layer < config.layers; layer++) x = addLayer(context, layer, x)
  const normed = addNorm(context, 'model.norm.weight', x)
  const hidden = graph.node('Identity', [normed], { outputs: ['last_hidden_state'] })
  addLogits(context, embeddings, hidden)
  addOutputs(graph, config)
  return graph.build('llama')
}

function addInputs(graph: GraphBuilder, config: LlamaConfig): void {
  graph.input('input_ids', ONNX_TYPE.int64, ['batch_size', 'sequence_length'])
  graph.input('attention_mask', ONNX_TYPE.int64, ['batch_size', 'total_sequence_length'])
  graph.input('num_logits_to_keep', ONNX_TYPE.int64, [])
  const cache = ['batch_size', config.kvHeads, 'past_sequence_length', config.headSize]
  for (const name of cacheNames('past_key_values', config))
    graph.input(name, ONNX_TYPE.float, cache)
}

/** From the mask: index of each row's last token and the longest row, as GroupQueryAttention wants. */
function addPositions(
  graph: GraphBuilder,
  config: LlamaConfig,
): Pick<LayerContext, 'lastIndex' | 'totalLength' | 'cosines' | 'sines'> {
  const toInt32 = { attributes: { to: ONNX_TYPE.int32 } }
  const lengths = graph.node('ReduceSum', ['attention_mask', graph.ints(1)], {
    attributes: { keepdims: 0 },
  })
  const shape = graph.node('Shape', ['attention_mask'])
  const longest = graph.node('Slice', [shape, graph.ints(1), graph.ints(2)])
  const tables = rotaryTables(config.contextLength, config.headSize, config.ropeTheta)
  const dims = [config.contextLength, config.headSize / 2]
  return {
    lastIndex: graph.node('Cast', [graph.node('Sub', [lengths, graph.ints(1)])], toInt32),
    totalLength: graph.node('Cast', [graph.node('Squeeze', [longest])], toInt32),
    cosines: graph.floats('rotary_cosines', dims, tables.cosines),
    sines: graph.floats('rotary_sines', dims, tables.sines),
  }
}

/** Logits of the last num_logits_to_keep positions only: the rest would be computed for nothing. */
function addLogits(context: LayerContext, embeddings: string, hidden: string): void {
  const { graph, config } = context
  const keep = graph.node('Unsqueeze', ['num_logits_to_keep', graph.ints(0)])
  const end = graph.ints(Number.MAX_SAFE_INTEGER)
  const kept = graph.node('Slice', [hidden, graph.node('Neg', [keep]), end, graph.ints(1)])
  if (config.tiedEmbeddings) {
    const projection = graph.node('Transpose', [embeddings], { attributes: { perm: [1, 0] } })
    graph.node('MatMul', [kept, projection], { outputs: ['logits'] })
    return
  }
  const logits = addProjection(
    context,
    'lm_head.weight',
    [config.vocabSize, config.hiddenSize],
    kept,
  )
  graph.node('Identity', [logits], { outputs: ['logits'] })
}

function addOutputs(graph: GraphBuilder, config: LlamaConfig): void {
  graph.output('logits', ONNX_TYPE.float, ['batch_size', 'kept_length', config.vocabSize])
  const hidden = ['batch_size', 'sequence_length', config.hiddenSize]
  graph.output('last_hidden_state', ONNX_TYPE.float, hidden)
  const cache = ['batch_size', config.kvHeads, 'present_sequence_length', config.headSize]
  for (const name of cacheNames('present', config)) graph.output(name, ONNX_TYPE.float, cache)
}

function cacheNames(prefix: string, config: LlamaConfig): string[] {
  const layers = Array.from({ length: config.layers }, (_, layer) => layer)
  return layers.flatMap((layer) => [`${prefix}.${layer}.key`, `${prefix}.${layer}.value`])
}
