/** Fetches a whole model from whoever has it: manifest, then each of its files (docs/spec/fetch.md). */
import type { Hex } from '@duckmesh/proto'
import type { Clock, Logger } from '../components.ts'
import { DuckMeshError } from '../errors.ts'
import { MAX_BLOB_BYTES, PATIENCE_MS } from './constants.ts'
import { findHolders } from './find-holders.ts'
import { HolderPool } from './holder-pool.ts'
import type { BlobRef, BlobSink, FetchPort, HolderSearch } from './interface.ts'
import type { PullEvent, Sha256, TakenManifest } from './interface.ts'
import { BlobPull } from './pull-blob.ts'
import { pullManifest } from './pull-manifest.ts'

export interface PullModelComponents {
  clock: Clock
  logger: Logger
  port: FetchPort
  search: HolderSearch
  sha256: Sha256
  sink: BlobSink
}

export interface PullModelInit {
  modelId: Hex
  signal?: AbortSignal | undefined
  onEvent?: ((event: PullEvent) => void) | undefined
  /** A pull gives up when for so long nobody sent anything, ms; 90 000 when left out. */
  patienceMs?: number
}

/**
 * Resolves when the sink has every file of the model. What is there already is not fetched again, also what an
 * earlier pull left. Rejects with NO_HOLDERS when nobody sends any more, CANCELLED when the signal aborts,
 * NOT_SUPPORTED for a file above 256 GiB, or as the sink does.
 */
export async function pullModel(
  components: PullModelComponents,
  init: PullModelInit,
): Promise<TakenManifest> {
  const pull = new ModelPull(components, init)
  try {
    return await pull.run()
  } finally {
    pull.stop()
  }
}

class ModelPull {
  readonly #components: PullModelComponents
  readonly #init: PullModelInit
  readonly #pool: HolderPool
  readonly #stopped = new AbortController()
  #cancelPatience: () => void = () => undefined
  #have = 0
  #bytes = 0

  constructor(components: PullModelComponents, init: PullModelInit) {
    this.#components = components
    this.#init = init
    const onEvent = (event: PullEvent): void => {
      init.onEvent?.(event)
    }
    this.#pool = new HolderPool({ clock: components.clock, onEvent })
  }

  async run(): Promise<TakenManifest> {
    const { signal } = this.#init
    signal?.addEventListener('abort', this.#cancel, { once: true })
    if (signal?.aborted === true) this.#cancel()
    this.#touch()
    const pool = this.#pool
    void findHolders({ ...this.#components, pool }, this.#stopped.signal)
    const taken = await this.#manifest()
    const files = distinct(taken.manifest.files)
    this.#bytes = files.reduce((sum, { size }) => sum + size, 0)
    const { name } = taken.manifest
    this.#init.onEvent?.({ type: 'manifest', name, bytes: this.#bytes, files: files.length })
    for (const file of files) await this.#file(file)
    return taken
  }

  stop(): void {
    this.#cancelPatience()
    this.#init.signal?.removeEventListener('abort', this.#cancel)
    this.#stopped.abort(new DuckMeshError('CANCELLED', 'The pull is over.'))
    this.#pool.stop()
  }

  readonly #cancel = (): void => {
    const cause = this.#init.signal?.reason as unknown
    this.#stopped.abort(new DuckMeshError('CANCELLED', 'The pull was cancelled.', { cause }))
  }

  async #manifest(): Promise<TakenManifest> {
    const { sha256, sink } = this.#components
    const { modelId } = this.#init
    const ask = { ...this.#shared(), sha256 }
    const taken = await sink.putManifest(await pullManifest(ask, modelId, this.#stopped.signal))
    if (taken.modelId === modelId) return taken
    const what = 'The manifest is not in its canonical form, so no model can have this id.'
    throw new DuckMeshError('NOT_SUPPORTED', what)
  }

  async #file(file: BlobRef): Promise<void> {
    if (file.size > MAX_BLOB_BYTES) {
      throw new DuckMeshError('NOT_SUPPORTED', `A file of the model has ${file.size} bytes.`)
    }
    const onStored = (bytes: number): void => {
      this.#have += bytes
      const holders = this.#pool.ready(file.sha256).length
      this.#init.onEvent?.({ type: 'progress', have: this.#have, bytes: this.#bytes, holders })
    }
    const components = { ...this.#components, ...this.#shared(), onStored }
    await new BlobPull(components, file, this.#stopped.signal).run()
  }

  #shared(): { port: FetchPort; pool: HolderPool; onAnswer: () => void } {
    return { port: this.#components.port, pool: this.#pool, onAnswer: this.#touch }
  }

  /** Somebody sent something: the pull goes on. */
  readonly #touch = (): void => {
    const { clock } = this.#components
    this.#cancelPatience()
    this.#cancelPatience = clock.after(this.#init.patienceMs ?? PATIENCE_MS, () => {
      const what =
        this.#pool.size === 0 ? 'Nobody was found who has it' : 'Nobody sent anything any more'
      this.#stopped.abort(new DuckMeshError('NO_HOLDERS', what))
    })
  }
}

/** Files of the same content are one blob. */
function distinct(files: readonly BlobRef[]): BlobRef[] {
  return [...new Map(files.map((file) => [file.sha256, file])).values()]
}
