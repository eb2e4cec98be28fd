import { EngineError } from '../errors.ts'
import type { ModelInfo } from '../interface.ts'
import { parseLlamaConfig } from '../pack/llama-config.ts'
import type { LlamaConfig } from '../pack/llama-config.ts'
import { OnnxModel } from '../run/onnx-model.ts'
import { ChatTokenizer } from '../text/chat-tokenizer.ts'
import { loadManifest } from './manifest.ts'
import type { LoadedManifest } from './manifest.ts'
import { readModelFiles } from './model-files.ts'
import type { ModelFiles } from './model-files.ts'
import { selfTest } from './self-test.ts'

/** A model ready to serve, in the thread that loaded it. */
export interface LoadedModel {
  readonly info: ModelInfo
  readonly model: OnnxModel
  readonly tokenizer: ChatTokenizer
  readonly vocabSize: number
  readonly eosTokenIds: readonly number[]
}

/**
 * Loads a packed folder: manifest, hashes, tokenizer, graph, self-test, in that order; nothing is
 * parsed before its hash is right. Throws MODEL_MANIFEST_INVALID, MODEL_CORRUPT, MODEL_UNSUPPORTED,
 * MODEL_SELF_TEST_FAILED.
 */
export async function loadModel(folder: string): Promise<LoadedModel> {
  const loaded = await loadManifest(folder)
  const { manifest } = loaded
  const files = await readModelFiles(folder, manifest.files)
  const config = parseLlamaConfig(jsonFile(files, 'config.json'))
  checkAgreement(loaded, config)
  const tokenizer = new ChatTokenizer(
    jsonFile(files, 'tokenizer.json'),
    jsonFile(files, 'tokenizer_config.json'),
  )
  const model = await OnnxModel.load(fileOf(files, 'model.onnx'), config)
  await selfTest(model, manifest.calibration)
  const { vocabSize } = config
  return { info: infoOf(loaded), model, tokenizer, vocabSize, eosTokenIds: manifest.eosTokenIds }
}

function infoOf({ manifest, cid, modelId }: LoadedManifest): ModelInfo {
  const { name, contextLength, determinism, task } = manifest
  return { modelId, cid, name, contextLength, determinism, task }
}

function checkAgreement({ manifest }: LoadedManifest, config: LlamaConfig): void {
  const ids = [...manifest.eosTokenIds, ...manifest.calibration.flatMap((vector) => vector.ids)]
  const agrees =
    manifest.contextLength <= config.contextLength && ids.every((id) => id < config.vocabSize)
  if (agrees) return
  const message = 'The manifest and config.json of the model disagree. Take the model again.'
  throw new EngineError('MODEL_MANIFEST_INVALID', message, { reason: 'disagreement' })
}

function jsonFile(files: ModelFiles, name: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(fileOf(files, name)))
  } catch (cause) {
    if (cause instanceof EngineError) throw cause
    const message = `The model file ${name} is not JSON. Take the model from its source again.`
    throw new EngineError('MODEL_CORRUPT', message, { file: name }, cause)
  }
}

function fileOf(files: ModelFiles, name: string): Uint8Array {
  const bytes = files.get(name)
  if (bytes !== undefined) return bytes
  const message = `The manifest lists no ${name}, which this engine needs. Pack the model again.`
  throw new EngineError('MODEL_MANIFEST_INVALID', message, { file: name })
}
