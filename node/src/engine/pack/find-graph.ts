/** Finds the graph of a source folder, or builds it. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { externalFile, GRAPH_FILE, STANDARD_GRAPH_FILE } from '../model/graph-files.ts'
import type { GraphKind } from '../model/manifest.ts'
import type { GraphToOpen } from '../model/open-graph.ts'
import { inspectGraph } from './inspect-graph.ts'
import type { GraphReport } from './inspect-graph.ts'
import type { WeightFormat } from './llama-layer.ts'
import { buildGraph } from './pack-folder.ts'
import type { BuiltKind } from './pack-model.ts'
import { readSource } from './read-source.ts'

/** Where a folder of Hugging Face keeps its graph. */
const OWN_GRAPHS = [STANDARD_GRAPH_FILE, GRAPH_FILE]

/** Which graph is wanted. */
export interface GraphChoice {
  /** One of the folder's own, for instance onnx/model_q4.onnx; left out: onnx/model.onnx, then model.onnx. */
  readonly graph?: string
  /** Of a graph that is built from safetensors. */
  readonly weights?: WeightFormat
  /** Of a graph that is built: in-place cache when left out, or the layout of Hugging Face exports. */
  readonly layout?: BuiltKind
}

/** A graph, where it lies in the folder, and how it is fed. */
export interface FoundGraph extends GraphToOpen {
  readonly report: GraphReport
  readonly file: string
  readonly kind: GraphKind
  readonly isBuilt: boolean
}

/**
 * The folder's own graph as it is, with the weights beside it if it names some, else one that is built from
 * model.safetensors. Throws MODEL_CORRUPT, MODEL_UNSUPPORTED.
 */
export async function findGraph(
  folder: string,
  { graph: chosen, layout: kind = 'gqa', weights }: GraphChoice,
): Promise<FoundGraph> {
  if (chosen !== undefined) return ownGraph(folder, chosen, await readSource(folder, chosen))
  for (const file of OWN_GRAPHS) {
    const bytes = await readFile(path.join(folder, file)).catch(() => null)
    if (bytes !== null) return ownGraph(folder, file, bytes)
  }
  const bytes = await buildGraph(folder, weights, kind)
  const file = kind === 'gqa' ? GRAPH_FILE : STANDARD_GRAPH_FILE
  const report = inspectGraph(bytes)
  return { ...{ bytes, file, kind, report }, external: [], threads: 1, isBuilt: true }
}

async function ownGraph(folder: string, file: string, bytes: Uint8Array): Promise<FoundGraph> {
  const report = inspectGraph(bytes)
  const external = report.externalFiles.map(async (location) => ({
    path: location,
    data: await readSource(folder, externalFile(file, location)),
  }))
  const cached = report.inputs.some((name) => name.startsWith('past_key_values.'))
  const kind = cached ? 'std' : 'encoder'
  const found = { bytes, external: await Promise.all(external), threads: 1 }
  return { ...found, file, kind, report, isBuilt: false }
}
