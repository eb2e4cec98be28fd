/** Loads a packed model in the thread that will run it. */
import { chooseThreads } from '../device/choose-threads.ts'
import type { Threads } from '../device/choose-threads.ts'
import type { SessionPlace } from '../device/device.ts'
import { openTested } from '../device/open-tested.ts'
import { EngineError } from '../errors.ts'
import type { ModelInfo } from '../interface.ts'
import { demandVerifiable, inspectGraph } from '../pack/inspect-graph.ts'
import { ChatTokenizer } from '../text/chat-tokenizer.ts'
import { TextTokenizer } from '../text/text-tokenizer.ts'
import type { RequestLimits } from '../run/check-request.ts'
import type { EncoderModel } from '../run/encoder-model.ts'
import type { PrefixCacheInit } from '../run/prefix-cache.ts'
import { CHAT_TEMPLATE_FILE, chatConfig } from './chat-config.ts'
import { externalFile, graphFileOf } from './graph-files.ts'
import { loadManifest } from './manifest.ts'
import type { LoadedManifest, ModelManifest } from './manifest.ts'
import { readModelFiles } from './model-files.ts'
import type { ModelFiles } from './model-files.ts'
import { modelInfo } from './model-info.ts'
import type { GeneratorModel } from './open-graph.ts'
import { parseTextConfig } from './parse-text-config.ts'
import type { TextConfig } from './parse-text-config.ts'
import { encoderKind, generatorKind } from './testable-kinds.ts'
import type { Graph } from './testable-kinds.ts'

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

/**
 * Loads a packed folder: manifest, hashes, tokenizer, graph, self-test, in that order; nothing is
 * parsed before its hash is right. Throws MODEL_MANIFEST_INVALID, MODEL_CORRUPT, MODEL_UNSUPPORTED,
 * MODEL_SELF_TEST_FAILED, and DEVICE_UNAVAILABLE when it is to run on a device that cannot be used.
 */
export async function loadModel(
  folder: string,
  { threads, ...where }: WantedPlace = { threads: 1 },
): Promise<LoadedGenerator | LoadedEncoder> {
  const loaded = await loadManifest(folder)
  const files = await readModelFiles(folder, loaded.manifest.files)
  const configJson = jsonFile(files, 'config.json')
  const config = parseTextConfig(configJson)
  checkAgreement(loaded, config)
  const { contextLength, task } = loaded.manifest
  const limits = { contextLength, vocabSize: config.vocabSize }
  const graph = graphOf(loaded.manifest, files)
  const place = { ...where, threads: chooseThreads(threads, weightBytes(graph)) }
  const packed = { loaded, files, graph, limits, place }
  return task === 'text-generation' ? loadGenerator(packed, configJson) : loadEncoder(packed)
}

/** Where a model is to run, its number of threads perhaps not chosen yet. */
export interface WantedPlace extends Omit<SessionPlace, 'threads'> {
  readonly threads: Threads
}

/** A folder whose files are all right, and where its graph is to run. */
interface PackedFiles {
  readonly loaded: LoadedManifest
  readonly files: ModelFiles
  readonly graph: Graph
  readonly limits: RequestLimits
  readonly place: SessionPlace
}

async function loadGenerator(
  { files, graph, limits, loaded, place }: PackedFiles,
  config: unknown,
): Promise<LoadedGenerator> {
  const { manifest } = loaded
  const template = files.get(CHAT_TEMPLATE_FILE)
  const tokenizer = new ChatTokenizer(
    jsonFile(files, 'tokenizer.json'),
    chatConfig(
      jsonFile(files, 'tokenizer_config.json'),
      template === undefined ? undefined : new TextDecoder().decode(template),
    ),
  )
  const kind = generatorKind(graph, manifest, limits, config)
  const { model, report, traits } = await openTested(kind, place, manifest)
  const prefixes = { maxBytes: prefixBytes(weightBytes(graph)), blockTokens: traits.blockTokens }
  const { eosTokenIds } = manifest
  const info = { ...modelInfo(loaded, report), threads: place.threads }
  return { info, model, tokenizer, vocabSize: limits.vocabSize, eosTokenIds, prefixes }
}

async function loadEncoder({
  files,
  graph,
  limits,
  loaded,
  place,
}: PackedFiles): Promise<LoadedEncoder> {
  const { manifest } = loaded
  const tokenizer = new TextTokenizer(
    jsonFile(files, 'tokenizer.json'),
    jsonFile(files, 'tokenizer_config.json'),
  )
  const kind = encoderKind(graph, manifest, limits)
  const { model: encoder, report, traits: width } = await openTested(kind, place, manifest)
  const info = { ...modelInfo(loaded, report), threads: place.threads, width }
  return { info, encoder, tokenizer }
}

function prefixBytes(weightBytes: number): number {
  return Math.min(PREFIX_BYTES_MAX, Math.max(PREFIX_BYTES_MIN, weightBytes * PREFIX_SHARE))
}

function checkAgreement({ manifest }: LoadedManifest, config: TextConfig): void {
  const ids = [...manifest.eosTokenIds, ...manifest.calibration.flatMap((vector) => vector.ids)]
  const agrees =
    manifest.contextLength <= config.contextLength && ids.every((id) => id < config.vocabSize)
  if (agrees) return
  const message = 'The manifest and config.json of the model disagree. Take the model again.'
  throw new EngineError('MODEL_MANIFEST_INVALID', message, { reason: 'disagreement' })
}

/**
 * A graph that claims to be checkable is looked through, whoever wrote its manifest. Weights that lie
 * beside it are handed to the runtime as the checked bytes; it reads nothing from the disk itself.
 */
function graphOf({ determinism }: ModelManifest, files: ModelFiles): Graph {
  const name = graphFileOf(files.keys())
  const bytes = fileOf(files, name)
  const report = inspectGraph(bytes)
  if (determinism === 'f32') demandVerifiable(report)
  const external = report.externalFiles.map((location) => ({
    path: location,
    data: fileOf(files, externalFile(name, location)),
  }))
  return { bytes, external }
}

function weightBytes({ bytes, external }: Graph): number {
  return external.reduce((sum, { data }) => sum + data.length, bytes.length)
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
