/** Adds an output to a packed graph that holds only what a decoding step has added to the cache. */
import { GraphBuilder } from '../pack/graph-builder.ts'
import { ONNX_TYPE } from '../pack/onnx-proto.ts'
import type { KvDimensions } from './kv-arrays.ts'
import { withNodes } from './with-nodes.ts'

/** [2 · layers · batch, kvHeads, headSize]: layer by layer keys, then values, of the newest token. */
export const NEW_KV_OUTPUT = 'new_key_values'

/**
 * The binding copies every output it is asked for, whole caches included. With this output a step
 * asks for the logits and one token per row only; the numbers are the same, since nothing but copying
 * is added.
 */
export function withNewKvOutput(graph: Uint8Array, dimensions: KvDimensions): Uint8Array {
  const { layers, kvHeads, headSize } = dimensions
  const builder = new GraphBuilder(`${NEW_KV_OUTPUT}_`)
  const one = builder.ints(1)
  const lengths = builder.node('ReduceSum', ['attention_mask', one], {
    attributes: { keepdims: 0 },
  })
  const last = builder.node('Sub', [lengths, one])
  const column = builder.node('Reshape', [last, builder.ints(-1, 1, 1)])
  const index = builder.node('Expand', [column, builder.ints(1, kvHeads, 1)])
  const added = Array.from({ length: 2 * layers }, (_, i) =>
    builder.node(
      'GatherND',
      [`present.${Math.floor(i / 2)}.${i % 2 === 0 ? 'key' : 'value'}`, index],
      { attributes: { batch_dims: 2 } },
    ),
  )
  builder.node('Concat', added, { attributes: { axis: 0 }, outputs: [NEW_KV_OUTPUT] })
  builder.output(NEW_KV_OUTPUT, ONNX_TYPE.float, ['new_rows', kvHeads, headSize])
  return withNodes(graph, builder)
}
