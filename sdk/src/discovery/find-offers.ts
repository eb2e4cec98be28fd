/** Finds who offers what: asks the DHT for the network's providers and each of them for its signed offer. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock, Hex, Logger } from '@duckmesh/protocols'
import { OfferBook, discoveryKey } from '@duckmesh/protocols/market'
import type { BookEntry, CapsClient, Load } from '@duckmesh/protocols/market'
import { peerIdStringOf, withDeadline } from '@duckmesh/protocols/mesh'
import type { ContentRouting, PeerId, PeerStore } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { timeLimit } from '../time-limit.ts'

/** One DHT query; on a big network the first answers come in about 0.4 s. */
const QUERY_TIMEOUT_MS = 5_000
/** Providers asked per search; more than a choice ever probes. */
const MAX_PEERS = 32
/** A search is not repeated within this time unless nothing was found. */
const SEARCH_INTERVAL_MS = 20_000
/** A load answer is shared by jobs that start this close together: 4 a second are below a provider's quota. */
const LOAD_TTL_MS = 250
/** Longest wait for a load, dial and hello included, ms. */
const LOAD_TIMEOUT_MS = 15_000

/** What the finder uses of a libp2p host. */
export interface FinderHost {
  contentRouting: Pick<ContentRouting, 'findProviders'>
  peerStore: Pick<PeerStore, 'merge'>
}

export interface OfferFinderComponents {
  host: FinderHost
  caps: Pick<CapsClient, 'request'>
  clock: Clock
  network: string
  logger: Logger
}

export class OfferFinder {
  readonly book: OfferBook = new OfferBook()
  readonly #components: OfferFinderComponents
  readonly #stopped = new AbortController()
  readonly #loads = new Map<Hex, Promise<Load | undefined>>()
  #searchedAt = Number.NEGATIVE_INFINITY
  /** The search that runs now; everybody who needs one waits for it. */
  #searching: Promise<void> | undefined

  constructor(components: OfferFinderComponents) {
    this.#components = components
  }

  /**
   * Live offers, after a search when none are known or the last search is old; empty when nobody answered.
   * Rejects with CANCELLED when the signal aborts.
   */
  async offers(signal: AbortSignal): Promise<BookEntry[]> {
    const { clock } = this.#components
    const now = clock.now()
    const known = this.book.entries(now)
    if (known.length > 0 && now - this.#searchedAt < SEARCH_INTERVAL_MS) return known
    this.#searching ??= this.#search().finally(() => {
      this.#searching = undefined
    })
    const ms = 2 * QUERY_TIMEOUT_MS
    await withDeadline(this.#searching, { clock, ms, what: 'The search did not end', signal })
    return this.book.entries(clock.now())
  }

  /** How busy a provider is now; undefined when it does not answer or the signal aborts. */
  load(entry: BookEntry, signal: AbortSignal): Promise<Load | undefined> {
    const { clock } = this.#components
    const asked = this.#loads.get(entry.peerKey) ?? this.#askLoad(entry.peerKey)
    const deadline = { clock, ms: LOAD_TIMEOUT_MS, what: 'No load', signal }
    return withDeadline(asked, deadline).catch(() => undefined)
  }

  /** Ends a search that runs. */
  stop(): void {
    this.#stopped.abort(new DuckMeshError('SHUTTING_DOWN', 'The client stops.'))
  }

  #askLoad(peerKey: Hex): Promise<Load | undefined> {
    const { caps, clock, logger } = this.#components
    const peer = peerIdFromString(peerIdStringOf(peerKey))
    const asked = caps
      .request(peer, { signal: this.#stopped.signal })
      .then(({ load }) => load)
      .catch((error: unknown) => {
        logger.debug('provider told no load', { peerKey, error })
        return undefined
      })
      .finally(() => {
        clock.after(LOAD_TTL_MS, () => this.#loads.delete(peerKey))
      })
    this.#loads.set(peerKey, asked)
    return asked
  }

  async #search(): Promise<void> {
    const { clock, host, logger, network } = this.#components
    const limit = timeLimit(clock, QUERY_TIMEOUT_MS, [this.#stopped.signal])
    const { signal } = limit
    const asked: Promise<void>[] = []
    try {
      const key = await discoveryKey(network)
      for await (const { id, multiaddrs } of host.contentRouting.findProviders(key, { signal })) {
        if (multiaddrs.length > 0) await host.peerStore.merge(id, { multiaddrs })
        asked.push(this.#askOffer(id, signal))
        if (asked.length >= MAX_PEERS) break
      }
    } catch (error) {
      logger.debug('provider search ended', { error })
    }
    await Promise.all(asked)
    limit.clear()
    this.#searchedAt = clock.now()
  }

  async #askOffer(peer: PeerId, signal: AbortSignal): Promise<void> {
    const { caps, clock, logger } = this.#components
    try {
      const { record } = await caps.request(peer, { withRecord: true, signal })
      if (record !== undefined) this.book.put(record, clock.now())
    } catch (error) {
      logger.debug('provider did not answer', { peer: peer.toString(), error })
    }
  }
}
