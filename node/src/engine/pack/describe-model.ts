/** Writes the manifest of a model, once, for whoever publishes it. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { CHAT_TEMPLATE_FILE, chatConfig } from '../model/chat-config.ts'
import { externalFile } from '../model/graph-files.ts'
import { MAX_CONTEXT_LENGTH, parseManifest } from '../model/manifest.ts'
import type {
  CalibrationVector,
  ManifestFile,
  ModelManifest,
  ModelTask,
  Pooling,
} from '../model/manifest.ts'
import { sha256Hex } from '../model/model-files.ts'
import { openGraph } from '../model/open-graph.ts'
import { parseEndTokens, parseTextConfig } from '../model/parse-text-config.ts'
import type { TextConfig } from '../model/parse-text-config.ts'
import { EncoderModel } from '../run/encoder-model.ts'
import { ChatTokenizer } from '../text/chat-tokenizer.ts'
import { TextTokenizer } from '../text/text-tokenizer.ts'
import { findGraph } from './find-graph.ts'
import type { FoundGraph, GraphChoice } from './find-graph.ts'
import { demandVerifiable } from './inspect-graph.ts'
import { readJson, readSource } from './read-source.ts'

/** Files of a source folder that travel with the graph, licence included, and which of them may be absent. */
const COPIED = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  CHAT_TEMPLATE_FILE,
  'LICENSE',
]
const OPTIONAL = new Set(['generation_config.json', CHAT_TEMPLATE_FILE, 'LICENSE'])

/** Decimals of a calibration number. */
const DECIMALS = 1e4

/** What the maker of a model decides. */
export interface ModelDescription extends GraphChoice {
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
  /** Takes a graph that cannot be verified, for service without stakes; left out: it is refused. */
  readonly opaque?: boolean
}

/**
 * Describes a source folder: one with a graph as it is, else one with model.safetensors, from which the graph
 * is built. This is done once: calibration vectors are measured here, and other machines differ in the last
 * digits.
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
  // Before anything is computed: the reason why a graph is refused is then told, not what it leads to.
  const determinism = determinismOf(graph, description)
  const task = description.task ?? taskOf(config, graph)
  const calibration = await calibrate(sourceFolder, description, {
    config: configJson,
    graph,
    task,
  })
  return parseManifest({
    ...{ name, license, tolerance, version: 1, task, architecture: config.architecture },
    contextLength: Math.min(config.contextLength, MAX_CONTEXT_LENGTH),
    determinism,
    graph: graph.kind,
    ...(description.weights === 'q4' && graph.isBuilt ? { weights: 'q4' } : {}),
    ...(task === 'embeddings' ? { pooling: description.pooling ?? 'mean' } : {}),
    ...(task === 'classification' ? { labels: config.labels } : {}),
    files: [...(await copiedFiles(sourceFolder)), ...graphEntries(graph)],
    eosTokenIds: task === 'text-generation' ? await endTokens(sourceFolder, config) : [],
    sampler: 1,
    calibration,
  })
}

function graphEntries({ bytes, external, file }: FoundGraph): ManifestFile[] {
  const beside = external.map(({ data, path: location }) =>
    fileEntry(externalFile(file, location), data),
  )
  return [fileEntry(file, bytes), ...beside]
}

function determinismOf({ report }: FoundGraph, { opaque }: ModelDescription): 'f32' | 'opaque' {
  if (opaque === true && report.unfit.length > 0) return 'opaque'
  demandVerifiable(report)
  return 'f32'
}

function taskOf({ classes }: TextConfig, { kind }: FoundGraph): ModelTask {
  if (classes.some((name) => name.endsWith('ForSequenceClassification'))) return 'classification'
  // GPT-2 and its kin are named otherwise than later models.
  const generates = classes.some((name) => /(ForCausalLM|LMHeadModel)$/.test(name))
  return generates || (classes.length === 0 && kind !== 'encoder')
    ? 'text-generation'
    : 'embeddings'
}

/** Chat models often list more ends in generation_config.json than their base model has in config.json. */
async function endTokens(folder: string, config: TextConfig): Promise<readonly number[]> {
  const name = 'generation_config.json'
  const exists = existsSync(path.join(folder, name))
  const own = exists ? parseEndTokens(await readJson(folder, name)) : []
  return own.length > 0 ? own : config.eosTokenIds
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
    const encoder = await EncoderModel.load(graph, { task, pooling })
    const tokenizer = new TextTokenizer(...tokenizers)
    const encode = (text: string): number[] => tokenizer.encode(text)
    return vectors(calibrationPrompts, encode, (ids) => encoder.encode(ids), encoder)
  }
  const [json, tokenizerConfig] = tokenizers
  const template = await readFile(path.join(folder, CHAT_TEMPLATE_FILE), 'utf8').catch(
    () => undefined,
  )
  const tokenizer = new ChatTokenizer(json, chatConfig(tokenizerConfig, template))
  const model = await openGraph(graph.kind, graph, config)
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
