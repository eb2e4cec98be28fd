/** What a model is, and the names that follow from it. */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { z } from 'zod'
import { EngineError } from '../errors.ts'
import { canonicalJson } from './canonical-json.ts'

export const MANIFEST_FILE = 'duckmesh.model.json'

/** Multicodec numbers of the CID: JSON, SHA2-256. */
const JSON_CODEC = 0x0200
const SHA2_256 = 0x12
const MAX_MANIFEST_BYTES = 1024 * 1024

/** Most tokens that a manifest may promise; a config.json that says more is served up to here. */
export const MAX_CONTEXT_LENGTH: number = 2 ** 18

/** Relative, forward slashes, every part starts with a letter or digit: no way out of the folder. */
const safePath = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/)
const tokenId = z
  .number()
  .int()
  .min(0)
  .max(2 ** 24)
const fileSchema = z.strictObject({
  path: safePath,
  /** Bytes. */
  size: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
const calibrationSchema = z.strictObject({
  ids: z.array(tokenId).min(1).max(512),
  /** The highest raw logits after the last id, highest first, four where there are so many. */
  top: z
    .array(z.tuple([tokenId, z.number()]))
    .min(1)
    .max(4),
})
const manifestSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  task: z.enum(['text-generation', 'embeddings', 'classification']),
  architecture: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/),
  contextLength: z.number().int().min(2).max(MAX_CONTEXT_LENGTH),
  determinism: z.enum(['f32', 'opaque']),
  graph: z.enum(['gqa', 'std', 'encoder']),
  weights: z.literal('q4').optional(),
  pooling: z.enum(['mean', 'cls', 'last']).optional(),
  labels: z.array(z.string().min(1).max(128)).min(2).max(1024).optional(),
  files: z.array(fileSchema).min(1).max(64),
  eosTokenIds: z.array(tokenId).max(16),
  sampler: z.literal(1),
  license: z.string().min(1).max(64),
  calibration: z.array(calibrationSchema).min(1).max(16),
  tolerance: z.number().positive().max(1),
})

export type ModelTask = 'text-generation' | 'embeddings' | 'classification'

/**
 * How the graph is fed: 'gqa' keeps its cache in place (what packing makes), 'std' is the layout of
 * Hugging Face exports with past_key_values, 'encoder' has no cache.
 */
export type GraphKind = 'gqa' | 'std' | 'encoder'

/** How one vector is made of those of all tokens: their mean, the first or the last. */
export type Pooling = 'mean' | 'cls' | 'last'

/** A file of a model; size in bytes, sha256 in lower-case hex. */
export interface ManifestFile {
  readonly path: string
  readonly size: number
  readonly sha256: string
}

/**
 * Token ids and the four highest raw logits that follow them, as [id, logit], highest first. For other
 * tasks than text generation: the four highest numbers of the answer, as [index, number].
 */
export interface CalibrationVector {
  readonly ids: number[]
  readonly top: [number, number][]
}

/**
 * What a model is. Its CID is the model's identity (DESIGN §10). tolerance is τ of DESIGN §9: the
 * largest difference of a raw logit between two honest machines.
 */
export interface ModelManifest {
  readonly version: 1
  readonly name: string
  readonly task: ModelTask
  readonly architecture: string
  readonly contextLength: number
  readonly determinism: 'f32' | 'opaque'
  readonly graph: GraphKind
  /** Left out: float32. 'q4': four bits a weight, computed in float32; packing makes them so. */
  readonly weights?: 'q4' | undefined
  /** Of embeddings; left out: mean. */
  readonly pooling?: Pooling | undefined
  /** Of a classification, in the order of its logits. */
  readonly labels?: string[] | undefined
  readonly files: ManifestFile[]
  readonly eosTokenIds: number[]
  readonly sampler: 1
  readonly license: string
  readonly calibration: CalibrationVector[]
  readonly tolerance: number
}

/** A manifest together with its names; modelId is the sha2-256 digest in the CID (SCHEMAS "Names"). */
export interface LoadedManifest {
  readonly manifest: ModelManifest
  readonly cid: string
  readonly modelId: `0x${string}`
}

/** Reads and checks duckmesh.model.json of a folder. Throws MODEL_MANIFEST_INVALID. */
export async function loadManifest(folder: string): Promise<LoadedManifest> {
  const file = path.join(folder, MANIFEST_FILE)
  try {
    const { size } = await stat(file)
    if (size > MAX_MANIFEST_BYTES) throw new RangeError('it is too large')
    return identifyManifest(parseManifest(JSON.parse(await readFile(file, 'utf8'))))
  } catch (cause) {
    if (cause instanceof EngineError) throw cause
    throw invalid(cause instanceof Error ? cause.message : 'it cannot be read', cause)
  }
}

/** Checks a manifest that nobody vouches for: unknown fields, traversal and duplicates are refused. */
export function parseManifest(json: unknown): ModelManifest {
  const parsed = manifestSchema.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, parsed.error)
  }
  const paths = new Set(parsed.data.files.map((file) => file.path))
  if (paths.size !== parsed.data.files.length) throw invalid('files: a path is listed twice')
  const { eosTokenIds, graph, labels, task } = parsed.data
  if (task === 'text-generation' && (eosTokenIds.length === 0 || graph === 'encoder')) {
    throw invalid('eosTokenIds, graph: text generation needs an end token and a graph with a cache')
  }
  if (task === 'classification' && labels === undefined) throw invalid('labels: none are listed')
  return parsed.data
}

/** Computes the names of a manifest: CIDv1, json codec, sha2-256 over the canonical JSON. */
export function identifyManifest(manifest: ModelManifest): LoadedManifest {
  const digest = createHash('sha256').update(encodeManifest(manifest)).digest()
  const cid = CID.createV1(JSON_CODEC, createDigest(SHA2_256, new Uint8Array(digest)))
  return { manifest, cid: cid.toString(), modelId: `0x${digest.toString('hex')}` }
}

/** The canonical bytes of a manifest, as they are hashed and sent. */
export function encodeManifest(manifest: ModelManifest): string {
  // Fields that are left out are not in the bytes either.
  const { labels, pooling, weights, ...always } = manifest
  return canonicalJson({
    ...always,
    ...(labels === undefined ? {} : { labels }),
    ...(pooling === undefined ? {} : { pooling }),
    ...(weights === undefined ? {} : { weights }),
    files: manifest.files.map((file) => ({ ...file })),
    calibration: manifest.calibration.map((vector) => ({ ...vector })),
  })
}

function invalid(reason: string, cause?: unknown): EngineError {
  const message =
    `The model manifest ${MANIFEST_FILE} is not valid (${reason}). ` +
    'Take the model from its source again.'
  return new EngineError('MODEL_MANIFEST_INVALID', message, { reason }, cause)
}
