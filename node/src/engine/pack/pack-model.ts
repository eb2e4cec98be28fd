/** From weights to a graph. */
import { EngineError } from '../errors.ts'
import type { GraphKind } from '../model/manifest.ts'
import { floatWeights } from './float-weights.ts'
import { parseLlamaConfig } from './llama-config.ts'
import { buildLlamaGraph } from './llama-graph.ts'
import type { WeightFormat } from './llama-layer.ts'
import { encodeOnnxModel } from './onnx-proto.ts'
import { parseSafetensors } from './safetensors.ts'
import { buildStandardGraph } from './standard-graph.ts'

/** A protobuf message ends at 2 GiB; room is left for widening and the tables. */
const MAX_WEIGHTS_BYTES = 768 * 1024 * 1024

/** A layout that graphs can be built in. */
export type BuiltKind = Exclude<GraphKind, 'encoder'>

/**
 * Turns the bytes of model.safetensors and the parsed config.json of a Llama-family model into the
 * bytes of an ONNX graph that computes in float32, with in-place key-value cache or in the layout of
 * Hugging Face exports. The same input gives the same bytes on every machine. Throws MODEL_CORRUPT, MODEL_UNSUPPORTED.
 */
export function packModel(
  config: unknown,
  safetensors: Uint8Array,
  format: WeightFormat = 'f32',
  kind: BuiltKind = 'gqa',
): Uint8Array {
  if (safetensors.length > MAX_WEIGHTS_BYTES) {
    const message = `Models above ${MAX_WEIGHTS_BYTES} bytes of weights cannot be packed into one file.`
    throw new EngineError('MODEL_UNSUPPORTED', message, { bytes: safetensors.length })
  }
  const parsed = parseLlamaConfig(config)
  const weights = floatWeights(parseSafetensors(safetensors))
  const build = kind === 'gqa' ? buildLlamaGraph : buildStandardGraph
  return encodeOnnxModel(build(parsed, weights, format))
}
