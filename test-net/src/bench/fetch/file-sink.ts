/** Where the fetch benchmark puts what it downloads: a file, hashed on the way, as the plain HTTP download does it. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckMeshError, bytesToHex } from '@duckmesh/protocols'
import type { BlobSink, IncomingBlob, TakenManifest } from '@duckmesh/protocols/fetch'
import { sha256 } from './sha256.ts'

/** A file that is continued where it ends and compared with a hash when it is whole. */
export class HashedFile implements IncomingBlob {
  readonly #file: FileHandle
  readonly #sha256: string
  readonly #hash = createHash('sha256')
  have = 0

  private constructor(file: FileHandle, sha256Hex: string) {
    this.#file = file
    this.#sha256 = sha256Hex
  }

  /** Reads what an earlier process left. */
  static async open(path: string, sha256Hex: string): Promise<HashedFile> {
    const file = new HashedFile(await open(path, 'a'), sha256Hex)
    for await (const bytes of createReadStream(path)) {
      file.#hash.update(bytes as Uint8Array)
      file.have += (bytes as Uint8Array).length
    }
    return file
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#file.appendFile(bytes)
    this.#hash.update(bytes)
    this.have += bytes.length
  }

  finish(): Promise<void> {
    if (this.#hash.digest('hex') === this.#sha256) return Promise.resolve()
    return Promise.reject(new DuckMeshError('MODEL_CORRUPT', 'The download has another hash.'))
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

export class FileSink implements BlobSink {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async putManifest(bytes: Uint8Array): Promise<TakenManifest> {
    const manifest = JSON.parse(new TextDecoder().decode(bytes)) as TakenManifest['manifest']
    return { modelId: bytesToHex(await sha256(bytes)), manifest }
  }

  partial(name: string): Promise<IncomingBlob> {
    return HashedFile.open(join(this.#folder, name), name)
  }

  /** Removes what was downloaded, so that the next side writes a new file too. */
  async clear(name: string): Promise<void> {
    await rm(join(this.#folder, name), { force: true })
  }
}
