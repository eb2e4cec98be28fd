/** Models that a store can hold and no engine could run: a manifest and some bytes. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { identifyManifest, parseManifest } from '../../src/engine/model/manifest.ts'
import type { LoadedManifest } from '../../src/engine/index.ts'

export type Files = Readonly<Record<string, Uint8Array>>

/** Hex sha-256. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Bytes that no other call gives. */
export function someBytes(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length))
}

/** The fields of a manifest that lists these files. */
export function manifestJson(name: string, files: Files): Record<string, unknown> {
  return {
    version: 1,
    name,
    task: 'text-generation',
    architecture: 'llama',
    contextLength: 64,
    determinism: 'f32',
    graph: 'std',
    files: Object.entries(files).map(([path, bytes]) => ({
      path,
      size: bytes.length,
      sha256: sha256(bytes),
    })),
    eosTokenIds: [1],
    sampler: 1,
    license: 'MIT',
    calibration: [{ ids: [1], top: [[1, 1]] }],
    tolerance: 1e-4,
  }
}

export function tinyManifest(name: string, files: Files): LoadedManifest {
  return identifyManifest(parseManifest(manifestJson(name, files)))
}

/** As it goes over the wire. */
export function bytesOf(json: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(json))
}

/** Writes the folder and gives its manifest. */
export async function writeTinyModel(
  folder: string,
  name: string,
  files: Files,
): Promise<LoadedManifest> {
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), bytes)
  }
  await writeFile(join(folder, 'duckmesh.model.json'), bytesOf(manifestJson(name, files)))
  return tinyManifest(name, files)
}
