/** Models of random bytes, and stores of them in memory, for tests of the fetch protocol. */
import { createHash } from 'node:crypto'
import type { Hex } from '@duckmesh/proto'
import { DuckMeshError } from '../../../src/errors.ts'
import type { BlobRef, BlobSink, BlobSource } from '../../../src/fetch/interface.ts'
import type { IncomingBlob, TakenManifest } from '../../../src/fetch/interface.ts'
import { testRng } from '../../support/test-crypto.ts'

export const sha256Hex = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')
export const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest())

export interface TestModel {
  modelId: Hex
  manifest: Uint8Array
  blobs: Map<string, Uint8Array>
  bytes: number
}

/** A model with a file of each of these sizes. */
export function testModel(label: string, sizes: readonly number[]): TestModel {
  const blobs = new Map<string, Uint8Array>()
  const files: BlobRef[] = []
  for (const [i, size] of sizes.entries()) {
    const bytes = randomBytes(`${label} ${String(i)}`, size)
    const hash = sha256Hex(bytes)
    blobs.set(hash, bytes)
    files.push({ size, sha256: hash })
  }
  const manifest = new TextEncoder().encode(JSON.stringify({ name: label, files }))
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  return { modelId: `0x${sha256Hex(manifest)}`, manifest, blobs, bytes }
}

/** Cheap noise: no two pieces are alike. */
function randomBytes(label: string, size: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4))
  let state = new DataView(testRng(label).bytes(4).buffer).getUint32(0)
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    words[i] = state
  }
  return new Uint8Array(words.buffer).subarray(0, size)
}

/** Serves models; `spoil` may change what it reads. */
export class MemorySource implements BlobSource {
  readonly #models: readonly TestModel[]
  spoil: (bytes: Uint8Array, sha256: string, offset: number) => Uint8Array = (bytes) => bytes
  /** Waited for before each read of a whole piece, as when it is hashed. */
  wait: () => Promise<void> = () => Promise.resolve()
  reads = 0

  constructor(...models: TestModel[]) {
    this.#models = models
  }

  manifest(modelId: Hex): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#models.find((model) => model.modelId === modelId)?.manifest)
  }

  size(name: string): Promise<number | undefined> {
    return Promise.resolve(this.#blob(name)?.length)
  }

  async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    this.reads++
    if (length > 256 * 1024) await this.wait()
    const bytes = this.#blob(name)?.slice(offset, offset + length) ?? new Uint8Array()
    return this.spoil(bytes, name, offset)
  }

  #blob(name: string): Uint8Array | undefined {
    return this.#models.map(({ blobs }) => blobs.get(name)).find((bytes) => bytes !== undefined)
  }
}

/** Keeps what it is given as the store on disk does, also between pulls. */
export class MemorySink implements BlobSink {
  readonly whole = new Map<string, Uint8Array>()
  readonly partials = new Map<string, Uint8Array[]>()
  appended = 0
  /** Called before each append. */
  onAppend: () => void = () => undefined
  open = 0

  putManifest(bytes: Uint8Array): Promise<TakenManifest> {
    const manifest = JSON.parse(new TextDecoder().decode(bytes)) as TakenManifest['manifest']
    return Promise.resolve({ modelId: `0x${sha256Hex(bytes)}`, manifest })
  }

  partial(name: string, size: number): Promise<IncomingBlob> {
    const chunks = this.partials.get(name) ?? []
    this.partials.set(name, chunks)
    const have = (): number =>
      this.whole.has(name) ? size : chunks.reduce((sum, { length }) => sum + length, 0)
    this.open++
    return Promise.resolve({
      get have() {
        return have()
      },
      append: async (bytes) => {
        this.onAppend()
        await Promise.resolve()
        if (have() + bytes.length > size) throw corrupt('too long')
        chunks.push(bytes)
        this.appended += bytes.length
      },
      finish: () => {
        if (this.whole.has(name)) return Promise.resolve()
        this.partials.delete(name)
        const bytes = Buffer.concat(chunks)
        if (sha256Hex(bytes) !== name) return Promise.reject(corrupt('wrong hash'))
        this.whole.set(name, bytes)
        return Promise.resolve()
      },
      close: () => {
        this.open--
        return Promise.resolve()
      },
    })
  }

  has(model: TestModel): boolean {
    return [...model.blobs].every(([name, bytes]) => {
      const kept = this.whole.get(name)
      return kept !== undefined && Buffer.compare(kept, bytes) === 0
    })
  }
}

function corrupt(reason: string): DuckMeshError {
  return new DuckMeshError('MODEL_CORRUPT', `The blob is wrong: ${reason}.`)
}
