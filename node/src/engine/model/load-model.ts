/** Loads a packed model in the thread that will run it. */
import { EngineError } from '../errors.ts'
import type { ModelInfo } from '../interface.ts'
import { demandVerifiable, inspectGraph } from '../pack/inspect-graph.ts'
import { ChatTokenizer } from '../text/chat-tokenizer.ts'
import { TextTokenizer } from '../text/text-tokenizer.ts'
import { EncoderModel } from '../run/encoder-model.ts'
import { adaptToMachine } from '../run/adapt-to-machine.ts'
import type { PrefixCacheInit } from '../run/prefix-cache.ts'
import { loadManifest } from './manifest.ts'
import type { LoadedManifest, ModelManifest } from './manifest.ts'
import { readModelFiles } from './model-files.ts'
import type { ModelFiles } from './model-files.ts'
import { openGraph } from './open-graph.ts'
import type { GeneratorModel, GraphToOpen } from './open-graph.ts'
import { parseTextConfig } from './parse-text-config.ts'
import type { TextConfig } from './parse-text-config.ts'
import { selfTest } from './self-test.ts'

/** A model ready to generate text, in the thread that loaded it. */
export interface LoadedGenerator {
  readonly info: ModelInfo
  readonly model: GeneratorModel
  readonly tokenizer: ChatTokenizer
  readonly vocabSize: number
  readonly eosTokenIds: readonly number[]
  readonly prefixes: PrefixCacheInit
}

/** A model ready for embeddings or classification. */
export interface LoadedEncoder {
  readonly info: ModelInfo
  readonly encoder: EncoderModel
  readonly tokenizer: TextTokenizer
}

/** Memory of remembered prompts: a share of the weights, in bytes, within these bounds. */
const PREFIX_SHARE = 1 / 4
const PREFIX_BYTES_MIN = 8 * 1024 * 1024
const PREFIX_BYTES_MAX = 256 * 1024 * 1024

/** Where the graph lies: packed by us, or in a folder of Hugging Face. */
const GRAPH_FILES = ['model.onnx', 'onnx/model.onnx']

/**
 * Loads a packed folder: manifest, hashes, tokenizer, graph, self-test, in that order; nothing is
 * parsed before its hash is right. Throws MODEL_MANIFEST_INVALID, MODEL_CORRUPT, MODEL_UNSUPPORTED,
 * MODEL_SELF_TEST_FAILED.
 * @param threads of one run of the graph
 */
export async function loadModel(
  folder: string,
  threads = 1,
): Promise<LoadedGenerator | LoadedEncoder> {
  const loaded = await loadManifest(folder)
  const files = await readModelFiles(folder, loaded.manifest.files)
  const configJson = jsonFile(files, 'config.json')
  const config = parseTextConfig(configJson)
  checkAgreement(loaded, config)
  const graph = { bytes: graphOf(files), threads }
  checkGraph(loaded.manifest, graph.bytes)
  if (loaded.manifest.task !== 'text-generation') return loadEncoder(loaded, files, graph)
  return loadGenerator(loaded, files, graph, { json: configJson, parsed: config })
}

async function loadGenerator(
  loaded: LoadedManifest,
  files: ModelFiles,
  graph: GraphToOpen,
  config: { readonly json: unknown; readonly parsed: TextConfig },
): Promise<LoadedGenerator> {
  const { manifest } = loaded
  const tokenizer = new ChatTokenizer(
    jsonFile(files, 'tokenizer.json'),
    jsonFile(files, 'tokenizer_config.json'),
  )
  const model = await openGraph(manifest.graph, graph, config.json)
  await selfTest((ids) => model.prefill(model.createCache(), ids), manifest.calibration)
  const { vocabSize } = config.parsed
  const { contextLength, eosTokenIds } = manifest
  const { blockTokens } = await adaptToMachine(model, { contextLength, vocabSize })
  const prefixes = { maxBytes: prefixBytes(graph.bytes.length), blockTokens }
  return { info: infoOf(loaded), model, tokenizer, vocabSize, eosTokenIds, prefixes }
}

async function loadEncoder(
  loaded: LoadedManifest,
  files: ModelFiles,
  graph: GraphToOpen,
): Promise<LoadedEncoder> {
  const { calibration, pooling = 'mean', task } = loaded.manifest
  const tokenizer = new TextTokenizer(
    jsonFile(files, 'tokenizer.json'),
    jsonFile(files, 'tokenizer_config.json'),
  )
  const kind = task === 'classification' ? task : 'embeddings'
  const encoder = await EncoderModel.load(graph.bytes, { task: kind, pooling }, graph.threads)
  await selfTest((ids) => encoder.encode(ids), calibration)
  return { info: infoOf(loaded), encoder, tokenizer }
}

function prefixBytes(weightBytes: number): number {
  return Math.min(PREFIX_BYTES_MAX, Math.max(PREFIX_BYTES_MIN, weightBytes * PREFIX_SHARE))
}

function infoOf({ manifest, cid, modelId }: LoadedManifest): ModelInfo {
  const { name, contextLength, determinism, labels, task } = manifest
  const info = { modelId, cid, name, contextLength, determinism, task }
  return labels === undefined ? info : { ...info, labels }
}

function checkAgreement({ manifest }: LoadedManifest, config: TextConfig): void {
  const ids = [...manifest.eosTokenIds, ...manifest.calibration.flatMap((vector) => vector.ids)]
  const agrees =
    manifest.contextLength <= config.contextLength && ids.every((id) => id < config.vocabSize)
  if (agrees) return
  const message = 'The manifest and config.json of the model disagree. Take the model again.'
  throw new EngineError('MODEL_MANIFEST_INVALID', message, { reason: 'disagreement' })
}

/** A graph that claims to be checkable is looked through, whoever wrote its manifest. */
function checkGraph({ determinism }: ModelManifest, graph: Uint8Array): void {
  const report = inspectGraph(graph)
  if (determinism === 'f32') demandVerifiable(report)
  if (!report.external) return
  const message =
    'The weights of the graph lie in other files, which this engine does not read. ' +
    'Export the model into one file.'
  throw new EngineError('MODEL_UNSUPPORTED', message, { reason: 'external data' })
}

function graphOf(files: ModelFiles): Uint8Array {
  const name = GRAPH_FILES.find((file) => files.has(file))
  return fileOf(files, name ?? 'model.onnx')
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
