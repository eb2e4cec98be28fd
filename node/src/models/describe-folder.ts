/** The manifest of a folder: its own, or one that is measured on this machine. */
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import type { LoadedManifest } from '../engine/index.ts'
import { identifyManifest, loadManifest, MANIFEST_FILE } from '../engine/model/manifest.ts'
import type { ModelTask, Pooling } from '../engine/model/manifest.ts'
import type { ModelDescription } from '../engine/pack/describe-model.ts'
import type { BuiltKind } from '../engine/pack/pack-model.ts'
import { storeFailure } from './engine-failure.ts'

/** Largest honest difference of a raw logit: ten times what float32 kernels were measured to differ by. */
const DEFAULT_TOLERANCE = 1e-4

/** Prompts of the calibration vectors: short ones and one with digits, which tokenizers treat apart. */
const DEFAULT_PROMPTS: readonly string[] = [
  'Hello!',
  'What is the capital of Norway?',
  'What is 6 times 7?',
]

/** SPDX's way to name a licence that is not on its list. */
const UNKNOWN_LICENSE = 'LicenseRef-unknown'

/** What the maker of a manifest may decide; the folder's own manifest, else its files, decide the rest. */
export interface DescribeOptions {
  name?: string | undefined
  /** SPDX identifier. */
  license?: string | undefined
  task?: ModelTask | undefined
  pooling?: Pooling | undefined
  tolerance?: number | undefined
  prompts?: readonly string[] | undefined
  /** Four-bit weights, of a folder with model.safetensors. */
  q4?: boolean | undefined
  /** Of a folder with model.safetensors: in-place cache, or what other programs read. */
  layout?: BuiltKind | undefined
  /** Which of the folder's graphs; onnx/model.onnx or model.onnx when left out. */
  graph?: string | undefined
  /** Takes a graph that nobody can verify. */
  opaque?: boolean | undefined
}

/** A manifest and where it is from. */
export interface Described {
  readonly loaded: LoadedManifest
  /** True when it was measured now. */
  readonly measured: boolean
}

/**
 * A manifest that is there is taken as it is, unless an option says otherwise. Rejects with
 * MODEL_SOURCE_REFUSED, MODEL_MANIFEST_INVALID, MODEL_CORRUPT, MODEL_UNSUPPORTED.
 */
export async function describeFolder(
  folder: string,
  options: DescribeOptions = {},
): Promise<Described> {
  await demandModelFolder(folder)
  try {
    const own = existsSync(join(folder, MANIFEST_FILE)) ? await loadManifest(folder) : undefined
    const changes = Object.values(options).some((value) => value !== undefined && value !== false)
    if (own !== undefined && !changes) return { loaded: own, measured: false }
    // The blocking runtime is loaded by those who need it only.
    const { describeModel } = await import('../engine/pack/describe-model.ts')
    const description = await descriptionOf(folder, own, options)
    const loaded = identifyManifest(await describeModel(folder, description))
    demandFormat(loaded, options)
    return { loaded, measured: true }
  } catch (error) {
    throw asRegistered(error)
  }
}

/** A slip of the pen is told as such, and not as a damaged model. */
async function demandModelFolder(folder: string): Promise<void> {
  const info = await stat(folder).catch(() => undefined)
  const files = [MANIFEST_FILE, 'config.json']
  const isModel = files.some((file) => existsSync(join(folder, file)))
  if (info?.isDirectory() === true && isModel) return
  const why = info?.isDirectory() === true ? `has neither ${files.join(' nor ')}` : 'is no folder'
  const what = `${folder} ${why}, so it holds no model.`
  throw new DuckMeshError('MODEL_SOURCE_REFUSED', what, { details: { folder } })
}

async function descriptionOf(
  folder: string,
  own: LoadedManifest | undefined,
  options: DescribeOptions,
): Promise<ModelDescription> {
  const { graph, layout, opaque = false, q4 = false, task } = options
  const { pooling = own?.manifest.pooling } = options
  const { prompts = DEFAULT_PROMPTS, tolerance = own?.manifest.tolerance ?? DEFAULT_TOLERANCE } =
    options
  return {
    name: options.name ?? nameOf(folder, own, options),
    license: options.license ?? own?.manifest.license ?? (await licenseOf(folder)),
    tolerance,
    calibrationPrompts: prompts.length === 0 ? DEFAULT_PROMPTS : prompts,
    ...(task === undefined ? {} : { task }),
    ...(pooling === undefined ? {} : { pooling }),
    ...(q4 ? { weights: 'q4' as const } : {}),
    ...(layout === undefined ? {} : { layout }),
    ...(graph === undefined ? {} : { graph }),
    ...(opaque ? { opaque } : {}),
  }
}

/** Of a folder with another manifest than the one wanted: its name with what is different. */
function nameOf(
  folder: string,
  own: LoadedManifest | undefined,
  { layout, q4 }: DescribeOptions,
): string {
  const words = own?.manifest.name ?? basename(resolve(folder)).toLowerCase()
  const plain = words.replace(/[^a-z0-9._-]+/g, '-').replace(/^[^a-z0-9]+/, '')
  const suffix = `${layout === 'std' ? '-standard' : ''}${q4 === true ? '-q4' : ''}`
  return `${plain.slice(0, 64 - suffix.length) || 'model'}${suffix}`
}

/** Hugging Face keeps it at the top of the model card. */
async function licenseOf(folder: string): Promise<string> {
  const card = await readFile(join(folder, 'README.md'), 'utf8').catch(() => '')
  const [, head = ''] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card) ?? []
  const [, license] = /^license:[ \t]*["']?([\w.+-]{1,64})["']?[ \t]*\r?$/m.exec(head) ?? []
  return license ?? UNKNOWN_LICENSE
}

/** A folder that brings its graph keeps it; only from safetensors one is made as wanted. */
function demandFormat({ manifest }: LoadedManifest, { layout, q4 }: DescribeOptions): void {
  const isFormat = q4 !== true || manifest.weights === 'q4'
  if (isFormat && (layout ?? manifest.graph) === manifest.graph) return
  const what = 'The folder brings its own graph; others are made from model.safetensors alone.'
  throw new DuckMeshError('MODEL_UNSUPPORTED', what, { details: { graph: manifest.graph } })
}

/** What the runtime or a tokenizer throws on a file that it cannot use has no code of its own. */
function asRegistered(error: unknown): DuckMeshError {
  const known = storeFailure(error)
  if (known instanceof DuckMeshError) return known
  const { message } = toDuckMeshError(error)
  const what = `The model cannot be run: ${message}`
  return new DuckMeshError('MODEL_UNSUPPORTED', what, { cause: error })
}
