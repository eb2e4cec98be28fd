/** Writes the manifest of a model, once, for whoever publishes it. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineError } from '../errors.ts'
import { parseManifest } from '../model/manifest.ts'
import type {
  CalibrationVector,
  GraphKind,
  ManifestFile,
  ModelManifest,
  ModelTask,
  Pooling,
} from '../model/manifest.ts'
import { sha256Hex } from '../model/model-files.ts'
import { openGraph } from '../model/open-graph.ts'
import { parseTextConfig } from '../model/parse-text-config.ts'
import type { TextConfig } from '../model/parse-text-config.ts'
import { EncoderModel } from '../run/encoder-model.ts'
import { ChatTokenizer } from '../text/chat-tokenizer.ts'
import { TextTokenizer } from '../text/text-tokenizer.ts'
import { demandVerifiable, inspectGraph } from './inspect-graph.ts'
import type { WeightFormat } from './llama-layer.ts'
import { buildGraph, GRAPH_FILE } from './pack-folder.ts'

/** Files of a source folder that travel with the graph, licence included, and which of them may be absent. */
const COPIED = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'LICENSE',
]
const OPTIONAL = new Set(['generation_config.json', 'LICENSE'])

/** Where a folder of Hugging Face keeps its graph. */
const OWN_GRAPHS = ['onnx/model.onnx', GRAPH_FILE]

/** Decimals of a calibration number. */
const DECIMALS = 1e4

/** What the maker of a model decides. */
export interface ModelDescription {
  readonly name: string
  /** SPDX identifier; the text is the folder's LICENSE. */
  readonly license: string
  /** Largest honest difference of a raw logit between machines (τ of DESIGN §9). */
  readonly tolerance: number
  /** Prompts whose next logits are written down as calibration vectors. */
  readonly calibrationPrompts: readonly string[]
  /** Left out: what the architecture in config.json says. */
  readonly task?: ModelTask
  /** Of embeddings. */
  readonly pooling?: Pooling
  /** Of a graph that is built from safetensors. */
  readonly weights?: WeightFormat
  /** Takes a graph that cannot be verified, for service without stakes; left out: it is refused. */
  readonly opaque?: boolean
}

/** A graph, where it lies in the folder, and how it is fed. */
interface FoundGraph {
  readonly bytes: Uint8Array
  readonly file: string
  readonly kind: GraphKind
}

/**
 * Describes a source folder: one with onnx/model.onnx (or model.onnx) as it is, else one with
 * model.safetensors, from which the graph is built. This is done once: calibration vectors are measured
 * here, and other machines differ in the last digits.
 * Throws MODEL_CORRUPT, MODEL_UNSUPPORTED, MODEL_MANIFEST_INVALID.
 */
export async function describeModel(
  sourceFolder: string,
  description: ModelDescription,
): Promise<ModelManifest> {
  const { license, name, tolerance } = description
  const configJson = await readJson(sourceFolder, 'config.json')
  const config = parseTextConfig(configJson)
  const graph = await findGraph(sourceFolder, description)
  const task = description.task ?? taskOf(config)
  const calibration = await calibrate(sourceFolder, description, {
    config: configJson,
    graph,
    task,
  })
  return parseManifest({
    ...{ name, license, tolerance, version: 1, task, architecture: config.architecture },
    contextLength: config.contextLength,
    determinism: determinismOf(graph, description),
    graph: graph.kind,
    ...(description.weights === 'q4' && graph.kind === 'gqa' ? { weights: 'q4' } : {}),
    ...(task === 'embeddings' ? { pooling: description.pooling ?? 'mean' } : {}),
    ...(task === 'classification' ? { labels: config.labels } : {}),
    files: [...(await copiedFiles(sourceFolder)), fileEntry(graph.file, graph.bytes)],
    eosTokenIds: task === 'text-generation' ? config.eosTokenIds : [],
    sampler: 1,
    calibration,
  })
}

async function findGraph(folder: string, { weights }: ModelDescription): Promise<FoundGraph> {
  for (const file of OWN_GRAPHS) {
    const bytes = await readFile(path.join(folder, file)).catch(() => null)
    if (bytes === null) continue
    const { inputs } = inspectGraph(bytes)
    const cached = inputs.some((name) => name.startsWith('past_key_values.'))
    return { bytes, file, kind: cached ? 'std' : 'encoder' }
  }
  return { bytes: await buildGraph(folder, weights), file: GRAPH_FILE, kind: 'gqa' }
}

function determinismOf({ bytes }: FoundGraph, { opaque }: ModelDescription): 'f32' | 'opaque' {
  const report = inspectGraph(bytes)
  if (opaque === true && report.unfit.length > 0) return 'opaque'
  demandVerifiable(report)
  return 'f32'
}

function taskOf({ classes }: TextConfig): ModelTask {
  if (classes.some((name) => name.endsWith('ForSequenceClassification'))) return 'classification'
  return classes.some((name) => name.endsWith('ForCausalLM')) ? 'text-generation' : 'embeddings'
}

interface Calibrated {
  readonly config: unknown
  readonly graph: FoundGraph
  readonly task: ModelTask
}

async function calibrate(
  folder: string,
  { calibrationPrompts, pooling = 'mean' }: ModelDescription,
  { config, graph, task }: Calibrated,
): Promise<CalibrationVector[]> {
  const tokenizers = [
    await readJson(folder, 'tokenizer.json'),
    await readJson(folder, 'tokenizer_config.json'),
  ] as const
  if (task !== 'text-generation') {
    const encoder = await EncoderModel.load(graph.bytes, { task, pooling })
    const tokenizer = new TextTokenizer(...tokenizers)
    const encode = (text: string): number[] => tokenizer.encode(text)
    return vectors(calibrationPrompts, encode, (ids) => encoder.encode(ids), encoder)
  }
  const model = await openGraph(graph.kind, { bytes: graph.bytes, threads: 1 }, config)
  const tokenizer = new ChatTokenizer(...tokenizers)
  const encode = (content: string): number[] => tokenizer.encodeChat([{ role: 'user', content }])
  const compute = (ids: readonly number[]): Promise<Float32Array> =>
    model.prefill(model.createCache(), ids)
  return vectors(calibrationPrompts, encode, compute, model)
}

async function vectors(
  prompts: readonly string[],
  encode: (text: string) => number[],
  compute: (ids: readonly number[]) => Promise<Float32Array>,
  model: { release(): Promise<void> },
): Promise<CalibrationVector[]> {
  const measured: CalibrationVector[] = []
  try {
    for (const prompt of prompts) {
      const ids = encode(prompt)
      measured.push({ ids, top: topFour(await compute(ids)) })
    }
  } finally {
    await model.release()
  }
  return measured
}

function topFour(numbers: Float32Array): [number, number][] {
  return [...numbers.entries()]
    .sort(([idA, a], [idB, b]) => b - a || idA - idB)
    .slice(0, 4)
    .map(([id, value]) => [id, Math.round(value * DECIMALS) / DECIMALS])
}

async function copiedFiles(folder: string): Promise<ManifestFile[]> {
  const entries = COPIED.map(async (name) => {
    if (!OPTIONAL.has(name)) return [fileEntry(name, await readSource(folder, name))]
    const bytes = await readFile(path.join(folder, name)).catch(() => null)
    return bytes === null ? [] : [fileEntry(name, bytes)]
  })
  return (await Promise.all(entries)).flat()
}

function fileEntry(name: string, bytes: Uint8Array): ManifestFile {
  return { path: name, size: bytes.length, sha256: sha256Hex(bytes) }
}

async function readJson(folder: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await readSource(folder, name)))
  } catch (cause) {
    if (cause instanceof EngineError) throw cause
    const message = `The model file ${name} is not JSON. Take the model from its source again.`
    throw new EngineError('MODEL_CORRUPT', message, { file: name }, cause)
  }
}

async function readSource(folder: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(path.join(folder, name))
  } catch (cause) {
    const message = `The model file ${name} in ${folder} cannot be read. Take the model again.`
    throw new EngineError('MODEL_CORRUPT', message, { file: name, folder }, cause)
  }
}
