/** Finds who offers what: asks the DHT for the network's providers and each of them for its signed offer. */
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import type { Clock, Hex, Logger } from '@duckmesh/protocols'
import { OfferBook, discoveryKey } from '@duckmesh/protocols/market'
import type { BookEntry, CapsAnswer, CapsClient, Load } from '@duckmesh/protocols/market'
import { peerIdStringOf, peerKeyOf, withDeadline } from '@duckmesh/protocols/mesh'
import type { ContentRouting, PeerId, PeerStore } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { timeLimit } from '../time-limit.ts'

/** One DHT query; on a big network the first answers come in about 0.4 s. */
const QUERY_TIMEOUT_MS = 5_000
/** Providers asked per search; more than a choice ever probes. */
const MAX_PEERS = 32
/** Offers live 30 s; a search this often keeps the known ones alive. */
const SEARCH_INTERVAL_MS = 10_000
/** How long a search without earlier offers goes on after the first answer, ms: the next ones may be cheaper. */
const GATHER_MS = 50
/** An answer about load is used again for this long, ms; the award itself tells when it was too old. */
const LOAD_TTL_MS = 2_000
/** Longest wait for a load, dial and hello included, ms. */
const LOAD_TIMEOUT_MS = 15_000
/** Peers of earlier searches that are asked again in a new one. */
const MAX_KNOWN = 16
/** Answers about load kept. */
const MAX_LOADS = 256

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

/** A running search: its first offer, and its end. Neither rejects. */
interface Search {
  first: Promise<void>
  all: Promise<void>
}

export class OfferFinder {
  readonly book: OfferBook = new OfferBook()
  readonly #components: OfferFinderComponents
  /** Oldest first. */
  readonly #loads = new Map<Hex, { load: Load; atMs: number }>()
  readonly #asking = new Map<Hex, Promise<Load | undefined>>()
  readonly #stopped = new AbortController()
  #search: Search | undefined
  #searchedAt = Number.NEGATIVE_INFINITY

  constructor(components: OfferFinderComponents) {
    this.#components = components
  }

  /**
   * Live offers. Known ones are returned at once and refreshed in the background; when none is known, waits
   * for the first answer of a search and a moment for those right behind it. Rejects with CANCELLED when the
   * signal aborts.
   */
  async offers(signal: AbortSignal): Promise<BookEntry[]> {
    const { clock } = this.#components
    const known = this.book.entries(clock.now())
    if (known.length > 0) {
      if (clock.now() - this.#searchedAt >= SEARCH_INTERVAL_MS) this.#refresh()
      return known
    }
    const { all, first } = this.#refresh()
    const enough = Promise.race([all, first.then(() => this.#pause(GATHER_MS))])
    // A search ends by its own limit; the second one is for a DHT that does not look at its signal.
    const ms = 2 * QUERY_TIMEOUT_MS
    await withDeadline(enough, { clock, ms, what: 'The search did not end', signal })
    return this.book.entries(clock.now())
  }

  /**
   * How busy a provider is: a fresh answer, or a recent one that showed a free slot. Undefined when it does
   * not answer or the signal aborts.
   */
  async load(entry: BookEntry, signal: AbortSignal): Promise<Load | undefined> {
    const { clock } = this.#components
    const { peerKey } = entry
    const known = this.#loads.get(peerKey)
    const recent = known !== undefined && clock.now() - known.atMs < LOAD_TTL_MS
    if (recent && known.load.inFlight < known.load.slots) return known.load
    const asked = this.#asking.get(peerKey) ?? this.#askLoad(peerKey)
    const deadline = { clock, ms: LOAD_TIMEOUT_MS, what: 'No load', signal }
    return withDeadline(asked, deadline).catch(() => undefined)
  }

  /** Drops what is known of a peer that could not be reached: the next search may find it elsewhere. */
  forget(peerKey: Hex): void {
    this.book.remove(peerKey)
    this.#loads.delete(peerKey)
  }

  /** Ends what is being asked. */
  stop(): void {
    this.#stopped.abort(new DuckMeshError('SHUTTING_DOWN', 'The client stops.'))
  }

  /** One question for all who ask at the same time: a provider answers few a second (rule K-22). */
  #askLoad(peerKey: Hex): Promise<Load | undefined> {
    const { caps, logger } = this.#components
    const peer = peerIdFromString(peerIdStringOf(peerKey))
    const asked = caps
      .request(peer, { signal: this.#stopped.signal })
      .then(({ load }) => this.#keepLoad(peerKey, load))
      .catch((error: unknown) => {
        logger.debug('provider told no load', { peerKey, error })
        this.forget(peerKey)
        return undefined
      })
      .finally(() => this.#asking.delete(peerKey))
    this.#asking.set(peerKey, asked)
    return asked
  }

  /** Starts a search, or joins the one that runs. */
  #refresh(): Search {
    this.#search ??= this.#startSearch()
    return this.#search
  }

  #startSearch(): Search {
    const first = Promise.withResolvers<undefined>()
    const found = (): void => {
      first.resolve(undefined)
    }
    const all = this.#run(found).finally(() => {
      this.#search = undefined
      this.#searchedAt = this.#components.clock.now()
    })
    return { first: first.promise, all }
  }

  async #run(found: () => void): Promise<void> {
    const { clock, host, network, logger } = this.#components
    const limit = timeLimit(clock, QUERY_TIMEOUT_MS, [this.#stopped.signal])
    const { signal } = limit
    // Peers that answered before need no seed: the network goes on when every seed is gone.
    const asked = new Map<string, Promise<boolean>>()
    for (const peer of this.#reached())
      asked.set(peer.toString(), this.#askOffer(peer, signal, found))
    try {
      const key = await discoveryKey(network)
      for await (const { id, multiaddrs } of host.contentRouting.findProviders(key, { signal })) {
        if (multiaddrs.length > 0) await host.peerStore.merge(id, { multiaddrs })
        // One that moved does not answer where it was; now its new address is known.
        const before = asked.get(id.toString()) ?? Promise.resolve(false)
        const ask = before.then((answered) => answered || this.#askOffer(id, signal, found))
        asked.set(id.toString(), ask)
        if (asked.size >= MAX_PEERS) break
      }
    } catch (error) {
      logger.debug('provider search ended', { error })
    }
    await Promise.all(asked.values())
    limit.clear()
  }

  /** Peers whose last answer is kept, an expired offer included. */
  #reached(): PeerId[] {
    return [...this.#loads.keys()]
      .slice(-MAX_KNOWN)
      .map((key) => peerIdFromString(peerIdStringOf(key)))
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#components.clock.after(ms, resolve)
    })
  }

  /** The oldest answers go first, so the map stays as small as the market around this client. */
  #keepLoad(peerKey: Hex, load: Load): Load {
    this.#loads.delete(peerKey)
    this.#loads.set(peerKey, { load, atMs: this.#components.clock.now() })
    const [oldest] = this.#loads.keys()
    if (this.#loads.size > MAX_LOADS && oldest !== undefined) this.#loads.delete(oldest)
    return load
  }

  /** Whether it answered. */
  async #askOffer(peer: PeerId, signal: AbortSignal, found: () => void): Promise<boolean> {
    const { clock, logger } = this.#components
    try {
      const { load, record } = await this.#requestOffer(peer, signal)
      if (record === undefined) return true
      this.#keepLoad(record.peerKey, load)
      this.book.put(record, clock.now())
      found()
      return true
    } catch (error) {
      this.#loads.delete(peerKeyOf(peer))
      logger.debug('provider did not answer', { peer: peer.toString(), error })
      return false
    }
  }

  /**
   * Asks twice when it was not reached: the DHT dials what it hears of too, and a dial of ours joins one of
   * those, which may have begun with the addresses of before.
   */
  async #requestOffer(peer: PeerId, signal: AbortSignal): Promise<CapsAnswer> {
    const { caps } = this.#components
    const options = { withRecord: true, signal }
    try {
      return await caps.request(peer, options)
    } catch (error) {
      if (toDuckMeshError(error).code !== 'NO_PEERS' || signal.aborted) throw error
      return caps.request(peer, options)
    }
  }
}
