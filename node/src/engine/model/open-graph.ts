/** Opens the graph of a text generator, whichever layout it has. */
import type { SessionPlace } from '../device/device.ts'
import { EngineError } from '../errors.ts'
import { parseLlamaConfig } from '../pack/llama-config.ts'
import type { AdaptableModel } from '../run/adapt-to-machine.ts'
import type { SequenceCache } from '../run/interface.ts'
import { OnnxModel } from '../run/onnx-model.ts'
import { StandardModel } from '../run/standard-model.ts'
import type { ExternalWeights } from './graph-files.ts'
import type { GraphKind } from './manifest.ts'
import { parseTextConfig } from './parse-text-config.ts'

/** A language model whose kind of cache only it knows. */
export interface GeneratorModel extends AdaptableModel<SequenceCache> {
  release(): Promise<void>
}

/** A graph's bytes, the weights beside it, and where it is to run. */
export interface GraphToOpen extends SessionPlace {
  readonly bytes: Uint8Array
  readonly external: readonly ExternalWeights[]
}

/**
 * @param config parsed config.json; in-place graphs are built from Llama-family models
 * @throws MODEL_UNSUPPORTED
 */
export async function openGraph(
  kind: GraphKind,
  { bytes, external, ...place }: GraphToOpen,
  config: unknown,
): Promise<GeneratorModel> {
  // Each model is only ever given caches that it made itself.
  if (kind === 'gqa' && external.length === 0)
    return OnnxModel.load(bytes, parseLlamaConfig(config), place)
  if (kind === 'std') {
    const { contextLength } = parseTextConfig(config)
    return StandardModel.load(bytes, { contextLength, external, place })
  }
  const message =
    kind === 'gqa'
      ? 'An in-place graph has its weights in one file. Pack the model again.'
      : 'A graph without a cache cannot generate text. Choose its task when packing it.'
  throw new EngineError('MODEL_UNSUPPORTED', message, { field: 'graph' })
}
