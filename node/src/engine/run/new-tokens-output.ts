/** Adds an output to a graph of the standard layout that holds only what a run has added to the cache. */
import { GraphBuilder } from '../pack/graph-builder.ts'
import { inspectGraph } from '../pack/inspect-graph.ts'
import type { GraphReport } from '../pack/inspect-graph.ts'
import { ONNX_TYPE } from '../pack/onnx-proto.ts'
import { withNodes } from './with-nodes.ts'

/** [2 · layers · batch, kvHeads, tokens, headSize]: layer by layer keys, then values, of the tokens fed. */
export const NEW_TOKENS_OUTPUT = 'new_tokens'

/**
 * The cache comes out whole, and the binding copies every output it is asked for. With this output a run asks for the logits
 * and what is new. A graph whose cache is not as expected is left as it is; its session says what is wrong.
 */
export function withNewTokensOutput(graph: Uint8Array): Uint8Array {
  const report = reportOf(graph)
  const layers =
    (report?.inputs.filter((name) => name.startsWith('past_key_values.')).length ?? 0) / 2
  const present = Array.from({ length: 2 * layers }, (_, i) => presentName(i))
  if (layers === 0 || !present.every((name) => report?.outputs.includes(name))) return graph
  const builder = new GraphBuilder(`${NEW_TOKENS_OUTPUT}_`)
  const shape = builder.node('Shape', ['past_key_values.0.key'])
  const start = builder.node('Slice', [shape, builder.ints(2), builder.ints(3)])
  const end = builder.ints(Number.MAX_SAFE_INTEGER)
  const added = present.map((name) => builder.node('Slice', [name, start, end, builder.ints(2)]))
  builder.node('Concat', added, { attributes: { axis: 0 }, outputs: [NEW_TOKENS_OUTPUT] })
  builder.output(NEW_TOKENS_OUTPUT, ONNX_TYPE.float, ['new_rows', 'heads', 'new_length', 'size'])
  return withNodes(graph, builder)
}

function presentName(i: number): string {
  return `present.${Math.floor(i / 2)}.${i % 2 === 0 ? 'key' : 'value'}`
}

function reportOf(graph: Uint8Array): GraphReport | null {
  try {
    return inspectGraph(graph)
  } catch {
    return null
  }
}
