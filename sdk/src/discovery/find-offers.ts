/** Finds who offers what: asks the DHT for the network's providers and each of them for its signed offer. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock, Logger } from '@duckmesh/protocols'
import { CapsClient, OfferBook, discoveryKey } from '@duckmesh/protocols/market'
import type { BookEntry, Load } from '@duckmesh/protocols/market'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { peerIdStringOf } from '@duckmesh/protocols/mesh'
import type { ClientHost } from '../host/create-client-host.ts'

/** One DHT query; on a big network the first answers come in about 0.4 s. */
const QUERY_TIMEOUT_MS = 5_000
/** Providers asked per search; more than a choice ever probes. */
const MAX_PEERS = 32
/** A search is not repeated within this time unless nothing was found. */
const SEARCH_INTERVAL_MS = 20_000

interface OfferFinderComponents {
  host: ClientHost
  caps: CapsClient
  clock: Clock
  network: string
  logger: Logger
}

export class OfferFinder {
  readonly book: OfferBook = new OfferBook()
  readonly #components: OfferFinderComponents
  #searchedAt = Number.NEGATIVE_INFINITY

  constructor(components: OfferFinderComponents) {
    this.#components = components
  }

  /** Live offers, after a search when none are known or the last search is old. */
  async offers(signal: AbortSignal): Promise<BookEntry[]> {
    const now = this.#components.clock.now()
    const known = this.book.entries(now)
    if (known.length > 0 && now - this.#searchedAt < SEARCH_INTERVAL_MS) return known
    await this.#search(signal)
    return this.book.entries(this.#components.clock.now())
  }

  /** How busy a provider is now; undefined when it does not answer. */
  async load(entry: BookEntry, signal: AbortSignal): Promise<Load | undefined> {
    try {
      const peer = peerIdFromString(peerIdStringOf(entry.peerKey))
      return (await this.#components.caps.request(peer, { signal })).load
    } catch {
      return undefined
    }
  }

  async #search(signal: AbortSignal): Promise<void> {
    const { clock, host, network, logger } = this.#components
    const limit = AbortSignal.any([signal, AbortSignal.timeout(QUERY_TIMEOUT_MS)])
    const asked: Promise<void>[] = []
    try {
      const key = await discoveryKey(network)
      for await (const peer of host.contentRouting.findProviders(key, { signal: limit })) {
        if (peer.multiaddrs.length > 0) await host.peerStore.merge(peer.id, { multiaddrs: peer.multiaddrs })
        asked.push(this.#ask(peer.id, limit))
        if (asked.length >= MAX_PEERS) break
      }
    } catch (error) {
      if (signal.aborted) throw new DuckMeshError('CANCELLED', 'The search was cancelled.', { cause: error })
      logger.debug('provider search ended', { error: String(error) })
    }
    await Promise.all(asked)
    this.#searchedAt = clock.now()
  }

  async #ask(peer: PeerId, signal: AbortSignal): Promise<void> {
    const { caps, clock, logger } = this.#components
    try {
      const { record } = await caps.request(peer, { withRecord: true, signal })
      if (record !== undefined) this.book.put(record, clock.now())
    } catch (error) {
      logger.debug('provider did not answer', { peer: peer.toString(), error: String(error) })
    }
  }
}
