/** Models that an engine loads from folders, for those who fetch them: their files by hash. */
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hex } from '@duckmesh/protocols'
import type { BlobSource } from '@duckmesh/protocols/fetch'
import { encodeManifest, loadManifest } from '../engine/model/manifest.ts'
import type { LoadedManifest } from '../engine/index.ts'

interface PackedFile {
  path: string
  size: number
}

/** The engine has checked the hashes of these files; one that changed since is refused by whoever fetches it. */
export class PackedModels implements BlobSource {
  readonly #models = new Map<Hex, LoadedManifest>()
  readonly #files = new Map<string, PackedFile>()

  private constructor() {
    // Only by `open`.
  }

  /** Reads the manifests of folders; one that cannot be read is left out. */
  static async open(folders: readonly string[]): Promise<PackedModels> {
    const models = new PackedModels()
    for (const folder of folders) {
      const loaded = await loadManifest(folder).catch(() => undefined)
      if (loaded !== undefined) models.#add(folder, loaded)
    }
    return models
  }

  get ids(): Hex[] {
    return [...this.#models.keys()]
  }

  manifest(modelId: Hex): Promise<Uint8Array | undefined> {
    const loaded = this.#models.get(modelId)
    const bytes = loaded && new TextEncoder().encode(encodeManifest(loaded.manifest))
    return Promise.resolve(bytes)
  }

  async size(sha256: string): Promise<number | undefined> {
    const file = this.#files.get(sha256)
    if (file === undefined) return undefined
    const found = await stat(file.path).catch(() => undefined)
    return found?.size === file.size ? file.size : undefined
  }

  async read(sha256: string, offset: number, length: number): Promise<Uint8Array> {
    const file = await open(this.#files.get(sha256)?.path ?? '', 'r')
    try {
      const bytes = new Uint8Array(length)
      let at = 0
      for (let got = -1; at < length && got !== 0; at += got) {
        got = (await file.read(bytes, at, length - at, offset + at)).bytesRead
      }
      return bytes.subarray(0, at)
    } finally {
      await file.close()
    }
  }

  #add(folder: string, loaded: LoadedManifest): void {
    this.#models.set(loaded.modelId, loaded)
    for (const { path, sha256, size } of loaded.manifest.files) {
      this.#files.set(sha256, { path: join(folder, path), size })
    }
  }
}
