/** Packed models on disk. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineError } from '../errors.ts'
import { graphFileOf } from '../model/graph-files.ts'
import { encodeManifest, loadManifest, MANIFEST_FILE } from '../model/manifest.ts'
import type { LoadedManifest, ModelManifest } from '../model/manifest.ts'
import { readModelFiles, sha256Hex } from '../model/model-files.ts'
import type { WeightFormat } from './llama-layer.ts'
import { packModel } from './pack-model.ts'
import type { BuiltKind } from './pack-model.ts'
import { placeFolder } from './place-folder.ts'

const WEIGHTS_FILE = 'model.safetensors'

/** A packed model: the folder that the engine loads, and the model's names. */
export interface PackedModel extends LoadedManifest {
  readonly folder: string
  /** False when an intact pack was already there. */
  readonly packed: boolean
}

/**
 * Packs a source folder (model.safetensors, config.json, tokenizer, duckmesh.model.json) into
 * `<modelsFolder>/<cid>`, unless an intact pack is there already. A graph that the folder does not bring
 * along is built here and must have the hash that the committed manifest names: so all nodes serve the
 * same model under one id.
 * Throws MODEL_MANIFEST_INVALID, MODEL_CORRUPT, MODEL_UNSUPPORTED, MODEL_PACK_MISMATCH,
 * MODEL_STORE_FAILED.
 */
export async function ensurePackedModel(
  sourceFolder: string,
  modelsFolder: string,
): Promise<PackedModel> {
  const { cid } = await loadManifest(sourceFolder)
  return packModelFolder(sourceFolder, path.join(modelsFolder, cid))
}

/**
 * As ensurePackedModel, into exactly outFolder, which is replaced.
 * @param given the manifest of a source folder that has none
 */
export async function packModelFolder(
  sourceFolder: string,
  outFolder: string,
  given?: LoadedManifest,
): Promise<PackedModel> {
  const wanted = given ?? (await loadManifest(sourceFolder))
  if (await isIntact(outFolder, wanted)) return { ...wanted, folder: outFolder, packed: false }
  const graph = await buildWanted(sourceFolder, wanted)
  const packed = await storeModel(sourceFolder, outFolder, wanted, graph)
  return { ...wanted, folder: outFolder, packed }
}

/** True when a source folder has weights only, from which the graph of this manifest is built. */
export function lacksGraph(sourceFolder: string, manifest: ModelManifest): boolean {
  const has = (file: string): boolean => existsSync(path.join(sourceFolder, file))
  if (manifest.graph === 'encoder' || has(fileOf(manifest))) return false
  return manifest.graph === 'gqa' || has(WEIGHTS_FILE)
}

async function buildWanted(
  sourceFolder: string,
  wanted: LoadedManifest,
): Promise<Uint8Array | null> {
  const { graph: kind, weights } = wanted.manifest
  if (kind === 'encoder' || !lacksGraph(sourceFolder, wanted.manifest)) return null
  const graph = await buildGraph(sourceFolder, weights, kind)
  checkGraph(wanted, graph)
  return graph
}

/** Builds the graph of a source folder in memory: with in-place cache, or in the standard layout. */
export async function buildGraph(
  sourceFolder: string,
  format: WeightFormat = 'f32',
  kind: BuiltKind = 'gqa',
): Promise<Uint8Array> {
  const config = await readSource(sourceFolder, 'config.json')
  const weights = await readSource(sourceFolder, WEIGHTS_FILE)
  return packModel(parseJson(config), weights, format, kind)
}

async function isIntact(folder: string, wanted: LoadedManifest): Promise<boolean> {
  try {
    const found = await loadManifest(folder)
    if (found.cid !== wanted.cid) return false
    await readModelFiles(folder, found.manifest.files)
    return true
  } catch {
    return false
  }
}

function checkGraph({ manifest }: LoadedManifest, graph: Uint8Array): void {
  const name = fileOf(manifest)
  const expected = manifest.files.find((file) => file.path === name)?.sha256 ?? 'none'
  const actual = sha256Hex(graph)
  if (actual === expected) return
  const message =
    `Packing gave ${name} with another hash than the manifest names, so model.safetensors ` +
    'or config.json differ from what was published. Clone the model again.'
  throw new EngineError('MODEL_PACK_MISMATCH', message, { expected, actual })
}

/** Gives false when another process stored the same model first. */
async function storeModel(
  sourceFolder: string,
  outFolder: string,
  wanted: LoadedManifest,
  graph: Uint8Array | null,
): Promise<boolean> {
  const temporary = `${outFolder}.${randomUUID()}.tmp`
  try {
    // A fresh folder that is renamed when it is full: no reader ever sees half a model.
    await mkdir(temporary, { recursive: true })
    await writeModel(sourceFolder, temporary, wanted, graph)
    return await placeFolder(temporary, outFolder, (folder) => isIntact(folder, wanted))
  } catch (cause) {
    if (cause instanceof EngineError) throw cause
    const message = `The packed model cannot be stored in ${outFolder}. Check space and permissions.`
    throw new EngineError('MODEL_STORE_FAILED', message, { folder: outFolder }, cause)
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

async function writeModel(
  sourceFolder: string,
  target: string,
  { manifest }: LoadedManifest,
  graph: Uint8Array | null,
): Promise<void> {
  const copied = manifest.files.filter((file) => graph === null || file.path !== fileOf(manifest))
  const files = new Map(await readModelFiles(sourceFolder, copied))
  if (graph !== null) files.set(fileOf(manifest), graph)
  for (const [name, bytes] of files) {
    await mkdir(path.dirname(path.join(target, name)), { recursive: true })
    await writeFile(path.join(target, name), bytes)
  }
  await writeFile(path.join(target, MANIFEST_FILE), encodeManifest(manifest))
}

function fileOf({ files }: ModelManifest): string {
  return graphFileOf(files.map((file) => file.path))
}

async function readSource(folder: string, file: string): Promise<Uint8Array> {
  try {
    return await readFile(path.join(folder, file))
  } catch (cause) {
    const message = `The model source ${file} in ${folder} cannot be read. Clone the model again.`
    throw new EngineError('MODEL_CORRUPT', message, { file, folder }, cause)
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    const message = 'config.json is not JSON. Clone the model again.'
    throw new EngineError('MODEL_CORRUPT', message, { file: 'config.json' }, cause)
  }
}
