/** Tells the DHT which models this node shares (docs/spec/fetch.md F-50 to F-52). */
import { BUCKET_BITS, KEY_HOLDERS, bucketOf, holderKey } from '@duckmesh/protocols/fetch'
import type { Clock, Hex, Logger } from '@duckmesh/protocols'
import { codedError } from '@duckmesh/protocols/mesh'
import { timeLimit } from '@duckmesh/sdk'
import type { Libp2p } from '@libp2p/interface'

/** The store may be changed by other processes; it is looked at this often, ms. */
const LOOK_MS = 60_000
/** A model is announced again after this long, ms; records live longer. */
const ANNOUNCE_MS = 6 * 3_600_000
/** One operation of the DHT, ms. */
const TIMEOUT_MS = 20_000

/** What the announcer uses of a libp2p host. */
export interface AnnouncingHost extends Pick<Libp2p, 'peerId'> {
  contentRouting: Pick<Libp2p['contentRouting'], 'cancelReprovide' | 'findProviders' | 'provide'>
}

export interface HolderAnnouncerComponents {
  host: AnnouncingHost
  clock: Clock
  logger: Logger
  network: string
  /** Ed25519 key of this node. */
  peerKey: Hex
  /** Ids of the models shared now. */
  models: () => Promise<Hex[]>
}

export class HolderAnnouncer {
  readonly #components: HolderAnnouncerComponents
  /** By model: when it was announced, ms. */
  readonly #announced = new Map<Hex, number>()
  readonly #stopped = new AbortController()
  #cancelTimer: () => void = () => undefined

  constructor(components: HolderAnnouncerComponents) {
    this.#components = components
  }

  /** Announces in the background, now and whenever a model is new or its time has come. */
  start(): void {
    void this.#round()
  }

  stop(): void {
    this.#stopped.abort()
    this.#cancelTimer()
  }

  /** Never rejects. */
  async #round(): Promise<void> {
    const { clock, logger, models } = this.#components
    try {
      const ids = await models()
      for (const modelId of ids) await this.#announce(modelId)
      for (const modelId of this.#announced.keys()) {
        if (!ids.includes(modelId)) await this.#forget(modelId)
      }
    } catch (error) {
      logger.warn('models.not_listed', { code: codedError(error, 'INTERNAL', 'Not listed.').code })
    }
    if (this.#stopped.signal.aborted) return
    this.#cancelTimer = clock.after(LOOK_MS, () => void this.#round())
  }

  /** A failure is tried again with the next look. */
  async #announce(modelId: Hex): Promise<void> {
    const { clock, host, logger } = this.#components
    const lastMs = this.#announced.get(modelId)
    if (this.#stopped.signal.aborted) return
    if (lastMs !== undefined && clock.now() - lastMs < ANNOUNCE_MS) return
    try {
      for (const bits of BUCKET_BITS) {
        const key = await this.#key(modelId, bits)
        if (bits !== BUCKET_BITS.at(-1) && (await this.#isFull(key))) continue
        await this.#limited((signal) => host.contentRouting.provide(key, { signal }))
        break
      }
      this.#announced.set(modelId, clock.now())
      logger.debug('models.announced', { modelId })
    } catch (error) {
      const { code } = codedError(error, 'NO_PEERS', 'Not announced.')
      logger.debug('models.not_announced', { code, modelId })
    }
  }

  /** The host would announce it for ever. */
  async #forget(modelId: Hex): Promise<void> {
    const { host } = this.#components
    this.#announced.delete(modelId)
    for (const bits of BUCKET_BITS) {
      await host.contentRouting.cancelReprovide(await this.#key(modelId, bits))
    }
  }

  async #key(modelId: Hex, bits: number): ReturnType<typeof holderKey> {
    const { network, peerKey } = this.#components
    return holderKey(network, modelId, await bucketOf(peerKey, bits))
  }

  /** Whether enough others are found under this key already (F-51). */
  async #isFull(key: Awaited<ReturnType<typeof holderKey>>): Promise<boolean> {
    const { host } = this.#components
    const others = new Set<string>()
    try {
      await this.#limited(async (signal) => {
        for await (const { id } of host.contentRouting.findProviders(key, { signal })) {
          if (!id.equals(host.peerId)) others.add(id.toString())
          if (others.size >= KEY_HOLDERS) return
        }
      })
    } catch {
      // Nobody there to ask: nobody else is found either.
    }
    return others.size >= KEY_HOLDERS
  }

  async #limited<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = timeLimit(this.#components.clock, TIMEOUT_MS, [this.#stopped.signal])
    try {
      return await work(limit.signal)
    } finally {
      limit.clear()
    }
  }
}
