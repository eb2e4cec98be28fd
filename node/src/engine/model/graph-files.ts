/** Which files of a model are its graph and the weights beside it. */
import path from 'node:path'
import { EngineError } from '../errors.ts'

/** A graph that packing makes. */
export const GRAPH_FILE = 'model.onnx'

/** Where exports of Hugging Face keep their graph. */
export const STANDARD_GRAPH_FILE = 'onnx/model.onnx'

/** Names that a location could be taken for a way out of the folder by, or for memory by the runtime. */
const PLAIN_LOCATION = /^[A-Za-z0-9][\w.-]*$/

/** Weights outside the graph's file, as exports of two gigabytes and more have them. */
export interface ExternalWeights {
  /** As the graph names it: relative to its own folder. */
  readonly path: string
  readonly data: Uint8Array
}

/**
 * The graph among a model's files: model.onnx, else onnx/model.onnx, else the first other one, such as
 * onnx/model_q4.onnx. Gives model.onnx when there is none, to be missed by that name.
 */
export function graphFileOf(files: Iterable<string>): string {
  const names = [...files].filter((name) => name.endsWith('.onnx'))
  const usual = [GRAPH_FILE, STANDARD_GRAPH_FILE].find((name) => names.includes(name))
  return usual ?? names[0] ?? GRAPH_FILE
}

/**
 * The file of a model folder that a graph means by a location. Weights lie beside the graph, so only plain
 * names are taken. Throws MODEL_UNSUPPORTED.
 */
export function externalFile(graphFile: string, location: string): string {
  if (PLAIN_LOCATION.test(location)) return path.posix.join(path.posix.dirname(graphFile), location)
  const message =
    'The graph wants weights from outside its folder. Export the model again, its weights beside it.'
  throw new EngineError('MODEL_UNSUPPORTED', message, { reason: 'external data' })
}
