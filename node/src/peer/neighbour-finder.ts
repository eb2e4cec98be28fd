/** Keeps a provider findable and meshed: announces it in the DHT and dials other providers it finds there. */
import { codedError } from '@duckmesh/protocols/mesh'
import type { Clock, Logger } from '@duckmesh/protocols'
import { discoveryKey } from '@duckmesh/protocols/market'
import { timeLimit } from '@duckmesh/sdk'
import type { Libp2p, PeerInfo } from '@libp2p/interface'

/** A round is made this often, ms; the first ones come sooner, until a neighbour is there. */
const INTERVAL_MS = 60_000
const FIRST_INTERVAL_MS = 2_000
/** One DHT operation or dial, ms. */
const TIMEOUT_MS = 10_000
/** Neighbours to be connected with; gossip needs 8 (DESIGN §4). */
const WANTED_NEIGHBOURS = 8

/** What the finder uses of a libp2p host. */
export interface NeighbourHost extends Pick<Libp2p, 'dial' | 'getConnections' | 'peerId'> {
  contentRouting: Pick<Libp2p['contentRouting'], 'findProviders' | 'provide'>
  peerStore: Pick<Libp2p['peerStore'], 'merge'>
}

export interface NeighbourFinderComponents {
  host: NeighbourHost
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

  /** Announces once, then repeats in the background; resolves after the first announcement, also a failed one. */
  async start(): Promise<void> {
    await this.#announce()
    this.#schedule(FIRST_INTERVAL_MS)
  }

  stop(): void {
    this.#stopped.abort()
    this.#cancelTimer()
  }

  #schedule(ms: number): void {
    if (this.#stopped.signal.aborted) return
    this.#cancelTimer = this.#components.clock.after(ms, () => {
      void this.#round().then((connected) => {
        this.#schedule(connected > 0 ? INTERVAL_MS : Math.min(ms * 2, INTERVAL_MS))
      })
    })
  }

  async #announce(): Promise<void> {
    const { host, logger, network } = this.#components
    try {
      const key = await discoveryKey(network)
      await this.#limited((signal) => host.contentRouting.provide(key, { signal }))
    } catch (error) {
      logger.warn('peer.not_announced', {
        code: codedError(error, 'NO_PEERS', 'Not announced.').code,
      })
    }
  }

  /** Resolves to the number of other providers that are connected now. */
  async #round(): Promise<number> {
    const { logger } = this.#components
    await this.#announce()
    const connected = new Set<string>()
    try {
      await this.#limited((signal) => this.#connect(connected, signal))
    } catch (error) {
      logger.debug('peer.search_ended', { error })
    }
    return connected.size
  }

  async #connect(connected: Set<string>, signal: AbortSignal): Promise<void> {
    const { host, network } = this.#components
    const key = await discoveryKey(network)
    for await (const peer of host.contentRouting.findProviders(key, { signal })) {
      if (peer.id.equals(host.peerId)) continue
      if (await this.#dial(peer)) connected.add(peer.id.toString())
      if (connected.size >= WANTED_NEIGHBOURS) return
    }
  }

  /** True when the peer is connected; one that is gone must not keep us from the next. */
  async #dial(peer: PeerInfo): Promise<boolean> {
    const { host, logger } = this.#components
    if (host.getConnections(peer.id).length > 0) return true
    try {
      await host.peerStore.merge(peer.id, { multiaddrs: peer.multiaddrs })
      await this.#limited((signal) => host.dial(peer.id, { signal }))
      return true
    } catch (error) {
      logger.debug('peer.not_dialled', { peer: peer.id.toString(), error })
      return false
    }
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
