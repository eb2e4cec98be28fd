/** Everything that a node shares: the models of its store and those that its engine loads from folders. */
import type { Clock, Hex } from '@duckmesh/protocols'
import type { BlobSource } from '@duckmesh/protocols/fetch'
import type { BlockReader } from '../models/index.ts'
import type { PackedModels } from './packed-models.ts'

/** The store is read through at most this often for what strangers ask, ms. */
const LOOK_MS = 1_000
/** Manifests kept: most are a few kB, none is above 1 MiB. */
const MAX_MANIFESTS = 32

export interface SharedModelsComponents {
  clock: Clock
  store: BlockReader
  packed: PackedModels
}

export class SharedModels implements BlobSource {
  readonly #components: SharedModelsComponents
  /** By model; its id is the hash of the bytes, so they never change. The oldest first. */
  readonly #manifests = new Map<Hex, Uint8Array>()
  #stored: { ids: Promise<ReadonlySet<Hex>>; atMs: number } | undefined

  constructor(components: SharedModelsComponents) {
    this.#components = components
  }

  /** Ids of the models that are here as a whole. */
  async ids(): Promise<Hex[]> {
    return [...new Set([...this.#components.packed.ids, ...(await this.#look())])]
  }

  /** Only of a model that is here as a whole. */
  async manifest(modelId: Hex): Promise<Uint8Array | undefined> {
    const { packed, store } = this.#components
    const own = await packed.manifest(modelId)
    if (own !== undefined || !(await this.#look()).has(modelId)) return own
    const known = this.#manifests.get(modelId) ?? (await store.manifest(modelId))
    if (known === undefined) return undefined
    this.#manifests.set(modelId, known)
    const [oldest] = this.#manifests.keys()
    if (oldest !== undefined && this.#manifests.size > MAX_MANIFESTS) this.#manifests.delete(oldest)
    return known
  }

  async size(sha256: string): Promise<number | undefined> {
    const { packed, store } = this.#components
    return (await packed.size(sha256)) ?? store.size(sha256)
  }

  async read(sha256: string, offset: number, length: number): Promise<Uint8Array> {
    const { packed, store } = this.#components
    const isPacked = (await packed.size(sha256)) !== undefined
    return (isPacked ? packed : store).read(sha256, offset, length)
  }

  /** What the store had a moment ago: to find out reads every manifest in it. */
  #look(): Promise<ReadonlySet<Hex>> {
    const { clock, store } = this.#components
    const known = this.#stored
    if (known !== undefined && clock.now() - known.atMs < LOOK_MS) return known.ids
    const ids = store.list().then((models) => new Set(models.map(({ modelId }) => modelId)))
    const looked = { ids, atMs: clock.now() }
    this.#stored = looked
    ids.catch(() => {
      if (this.#stored === looked) this.#stored = undefined
    })
    return ids
  }
}
