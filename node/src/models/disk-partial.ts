/** A blob that is being written: what is there is kept, and only a right hash makes it count. */
import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Blob } from './choose-evictions.ts'
import { CHUNK_BYTES } from './constants.ts'
import { writeFailure } from './durable-file.ts'
import type { PartialBlob } from './interface.ts'

export interface PartialInit extends Blob {
  readonly path: string
  /** Puts the verified, synced file where it is read from. */
  readonly admit: (path: string) => Promise<void>
  /** Lets others write it; called once. */
  readonly release: () => void
}

export class DiskPartial implements PartialBlob {
  readonly #init: PartialInit
  readonly #file: FileHandle
  readonly #hash: Hash
  #have: number
  #closed = false
  /** Calls that overlap are done in their order. */
  #turn: Promise<void> = Promise.resolve()

  private constructor(init: PartialInit, file: FileHandle, hash: Hash, have: number) {
    this.#init = init
    this.#file = file
    this.#hash = hash
    this.#have = have
  }

  /** Goes on where an earlier writer ended, and reads what it left. Rejects with STORE_FULL, STORE_CORRUPT. */
  static async open(init: PartialInit): Promise<DiskPartial> {
    let file: FileHandle | undefined
    try {
      file = await open(init.path, 'a+', 0o600)
      let { size: have } = await file.stat()
      // More than there can be: nothing of it is to be trusted.
      if (have > init.size) {
        await file.truncate(0)
        have = 0
      }
      return new DiskPartial(init, file, await hashStart(init.path, have), have)
    } catch (cause) {
      await file?.close()
      throw writeFailure(init.path, cause)
    }
  }

  get have(): number {
    return this.#have
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#next(() => this.#append(bytes))
  }

  finish(): Promise<void> {
    return this.#next(() => this.#finish())
  }

  close(): Promise<void> {
    return this.#next(async () => {
      if (!this.#closed) await this.#end()
    })
  }

  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #append(bytes: Uint8Array): Promise<void> {
    this.#demandOpen()
    if (this.#have + bytes.length > this.#init.size) throw corrupt(this.#init, 'it is too long')
    try {
      // The file is open for appending: each write goes behind what is there.
      await this.#file.appendFile(bytes)
    } catch (cause) {
      // A part may have been written; the next attempt starts where this one did.
      await this.#file.truncate(this.#have).catch(() => undefined)
      throw writeFailure(this.#init.path, cause)
    }
    this.#hash.update(bytes)
    this.#have += bytes.length
  }

  async #finish(): Promise<void> {
    this.#demandOpen()
    const { path, sha256, size } = this.#init
    try {
      if (this.#have < size) throw corrupt(this.#init, 'it is too short')
      if (this.#hash.digest('hex') !== sha256) throw corrupt(this.#init, 'its hash is wrong')
      await this.#file.sync()
      await this.#init.admit(path)
      // Engines read it through hard links: nobody is to write into one by mistake.
      await this.#file.chmod(0o444)
    } catch (cause) {
      if (cause instanceof DuckMeshError && cause.code === 'MODEL_CORRUPT') {
        await rm(path, { force: true })
      }
      throw writeFailure(path, cause)
    } finally {
      await this.#end()
    }
  }

  async #end(): Promise<void> {
    this.#closed = true
    await this.#file.close()
    this.#init.release()
  }

  #demandOpen(): void {
    if (!this.#closed) return
    throw new DuckMeshError('INTERNAL', `The partial blob ${this.#init.sha256} was closed before.`)
  }
}

/** A blob that is whole already: there is nothing left to write. */
export function wholeBlob(blob: Blob): PartialBlob {
  return {
    have: blob.size,
    append: (bytes) =>
      bytes.length === 0 ? Promise.resolve() : Promise.reject(corrupt(blob, 'it is too long')),
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

/** Hex sha-256 of a file, read piece by piece. */
export async function hashFile(path: string): Promise<string> {
  return (await hashStart(path, Infinity)).digest('hex')
}

async function hashStart(path: string, bytes: number): Promise<Hash> {
  const hash = createHash('sha256')
  if (bytes === 0) return hash
  const stream = createReadStream(path, { end: bytes - 1, highWaterMark: CHUNK_BYTES })
  for await (const chunk of stream) hash.update(chunk as Uint8Array)
  return hash
}

function corrupt({ sha256, size }: Blob, reason: string): DuckMeshError {
  const what = `The model file with sha-256 ${sha256} and ${size} bytes is corrupt: ${reason}.`
  return new DuckMeshError('MODEL_CORRUPT', what, { details: { sha256, size, reason } })
}
