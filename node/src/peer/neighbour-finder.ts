/** Keeps a provider findable and meshed: announces it in the DHT and dials other providers it finds there. */
import type { Clock, Logger } from '@duckmesh/protocols'
import { discoveryKey } from '@duckmesh/protocols/market'
import type { PeerHost } from '../host/index.ts'

/** A round is made this often, ms; the first ones come sooner, until a neighbour is there. */
const INTERVAL_MS = 60_000
const FIRST_INTERVAL_MS = 2_000
/** One DHT operation, ms. */
const DHT_TIMEOUT_MS = 10_000
/** Neighbours to dial; gossip needs 8 (DESIGN §4). */
const WANTED_NEIGHBOURS = 8

export interface NeighbourFinderComponents {
  host: PeerHost
  clock: Clock
  logger: Logger
  network: string
}

export class NeighbourFinder {
  readonly #components: NeighbourFinderComponents
  readonly #stopped = new AbortController()
  #cancelTimer: () => void = () => undefined

  constructor(components: NeighbourFinderComponents) {
    this.#components = components
  }

  /** Announces once, then repeats in the background; resolves after the first announcement. */
  async start(): Promise<void> {
    await this.#announce()
    this.#schedule(FIRST_INTERVAL_MS)
  }

  stop(): void {
    this.#stopped.abort()
    this.#cancelTimer()
  }

  #schedule(ms: number): void {
    this.#cancelTimer = this.#components.clock.after(ms, () => {
      void this.#round().then((found) => {
        if (!this.#stopped.signal.aborted) this.#schedule(found > 0 ? INTERVAL_MS : Math.min(ms * 2, INTERVAL_MS))
      })
    })
  }

  async #announce(): Promise<void> {
    const { host, logger, network } = this.#components
    try {
      await host.contentRouting.provide(await discoveryKey(network), { signal: this.#limit() })
    } catch (error) {
      logger.warn('peer.not_announced', { error: String(error) })
    }
  }

  /** Resolves to the number of other providers that are known now. */
  async #round(): Promise<number> {
    const { host, logger, network } = this.#components
    await this.#announce()
    let found = 0
    try {
      const key = await discoveryKey(network)
      for await (const peer of host.contentRouting.findProviders(key, { signal: this.#limit() })) {
        if (peer.id.equals(host.peerId)) continue
        found += 1
        if (host.getConnections(peer.id).length > 0) continue
        await host.peerStore.merge(peer.id, { multiaddrs: peer.multiaddrs })
        await host.dial(peer.id, { signal: this.#limit() })
        if (found >= WANTED_NEIGHBOURS) break
      }
    } catch (error) {
      logger.debug('peer.search_ended', { error: String(error) })
    }
    return found
  }

  #limit(): AbortSignal {
    return AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(DHT_TIMEOUT_MS)])
  }
}
