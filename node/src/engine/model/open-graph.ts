/** Opens the graph of a text generator, whichever layout it has. */
import { EngineError } from '../errors.ts'
import { parseLlamaConfig } from '../pack/llama-config.ts'
import type { AdaptableModel } from '../run/adapt-to-machine.ts'
import type { SequenceCache } from '../run/interface.ts'
import { OnnxModel } from '../run/onnx-model.ts'
import { StandardModel } from '../run/standard-model.ts'
import type { GraphKind } from './manifest.ts'

/** A language model whose kind of cache only it knows. */
export interface GeneratorModel extends AdaptableModel<SequenceCache> {
  release(): Promise<void>
}

/** A graph's bytes, and the threads of one run of it. */
export interface GraphToOpen {
  readonly bytes: Uint8Array
  readonly threads: number
}

/**
 * @param config parsed config.json; in-place graphs are built from Llama-family models
 * @throws MODEL_UNSUPPORTED
 */
export async function openGraph(
  kind: GraphKind,
  { bytes, threads }: GraphToOpen,
  config: unknown,
): Promise<GeneratorModel> {
  // Each model is only ever given caches that it made itself.
  if (kind === 'gqa') return OnnxModel.load(bytes, parseLlamaConfig(config), threads)
  if (kind === 'std') return StandardModel.load(bytes, threads)
  const message = 'A graph without a cache cannot generate text. Choose its task when packing it.'
  throw new EngineError('MODEL_UNSUPPORTED', message, { field: 'graph' })
}
