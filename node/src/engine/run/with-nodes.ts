/** Appends nodes to the bytes of a graph. */
import type { GraphBuilder } from '../pack/graph-builder.ts'
import { encodeOnnxFragment } from '../pack/onnx-proto.ts'

/**
 * A protobuf message followed by another one of its kind is read as both merged, so the checked bytes of the graph
 * stay as they are and nothing is decoded.
 */
export function withNodes(graph: Uint8Array, nodes: GraphBuilder): Uint8Array {
  const fragment = encodeOnnxFragment(nodes.build(''))
  const merged = new Uint8Array(graph.length + fragment.length)
  merged.set(graph)
  merged.set(fragment, graph.length)
  return merged
}
