import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseManifest } from '../model/manifest.ts'
import type { CalibrationVector, ManifestFile, ModelManifest } from '../model/manifest.ts'
import { sha256Hex } from '../model/model-files.ts'
import { OnnxModel } from '../run/onnx-model.ts'
import { ChatTokenizer } from '../text/chat-tokenizer.ts'
import { parseLlamaConfig } from './llama-config.ts'
import { buildGraph, GRAPH_FILE } from './pack-folder.ts'

/** Files of a source folder that travel with the graph, licence included. */
const COPIED = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json']

/** Decimals of a calibration logit. */
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
}

/**
 * Writes the manifest of a new model. This is done once, by whoever publishes the model: calibration
 * vectors are measured here, and other machines differ in the last digits.
 * Throws MODEL_CORRUPT, MODEL_UNSUPPORTED, MODEL_MANIFEST_INVALID.
 */
export async function describeModel(
  sourceFolder: string,
  description: ModelDescription,
): Promise<ModelManifest> {
  const { calibrationPrompts, ...named } = description
  const graph = await buildGraph(sourceFolder)
  const config = parseLlamaConfig(await readJson(sourceFolder, 'config.json'))
  const model = await OnnxModel.load(graph, config)
  const calibration = await calibrate(model, await tokenizerOf(sourceFolder), calibrationPrompts)
  await model.release()
  return parseManifest({
    ...named,
    version: 1,
    task: 'text-generation',
    architecture: 'llama',
    contextLength: config.contextLength,
    determinism: 'f32',
    graph: 'gqa',
    files: [...(await copiedFiles(sourceFolder)), fileEntry(GRAPH_FILE, graph)],
    eosTokenIds: config.eosTokenIds,
    sampler: 1,
    calibration,
  })
}

async function calibrate(
  model: OnnxModel,
  tokenizer: ChatTokenizer,
  prompts: readonly string[],
): Promise<CalibrationVector[]> {
  const vectors: CalibrationVector[] = []
  for (const content of prompts) {
    const ids = tokenizer.encodeChat([{ role: 'user', content }])
    vectors.push({ ids, top: topFour(await model.prefill(model.createCache(), ids)) })
  }
  return vectors
}

function topFour(logits: Float32Array): [number, number][] {
  return [...logits.entries()]
    .sort(([idA, a], [idB, b]) => b - a || idA - idB)
    .slice(0, 4)
    .map(([id, logit]) => [id, Math.round(logit * DECIMALS) / DECIMALS])
}

async function copiedFiles(folder: string): Promise<ManifestFile[]> {
  const names = [...COPIED, 'LICENSE']
  return Promise.all(
    names.map(async (name) => fileEntry(name, await readFile(path.join(folder, name)))),
  )
}

function fileEntry(name: string, bytes: Uint8Array): ManifestFile {
  return { path: name, size: bytes.length, sha256: sha256Hex(bytes) }
}

async function tokenizerOf(folder: string): Promise<ChatTokenizer> {
  return new ChatTokenizer(
    await readJson(folder, 'tokenizer.json'),
    await readJson(folder, 'tokenizer_config.json'),
  )
}

async function readJson(folder: string, name: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(folder, name), 'utf8'))
}
