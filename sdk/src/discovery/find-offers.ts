/** Finds who offers what: asks the DHT for the network's providers and each of them for its signed offer. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock, Hex, Logger } from '@duckmesh/protocols'
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
/** Offers live 30 s; a search this often keeps the known ones alive. */
const SEARCH_INTERVAL_MS = 10_000
/** How long a search without earlier offers goes on after the first answer, ms: the next ones may be cheaper. */
const GATHER_MS = 50
/** An answer about load is used again for this long, ms; the award itself tells when it was too old. */
const LOAD_TTL_MS = 2_000
/** Answers about load kept. */
const MAX_LOADS = 256

/** A running search: its first offer, and its end. */
interface Search {
  first: Promise<void>
  all: Promise<void>
}

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
  readonly #loads = new Map<Hex, { load: Load; atMs: number }>()
  readonly #stopped = new AbortController()
  #search: Search | undefined
  #searchedAt = Number.NEGATIVE_INFINITY

  constructor(components: OfferFinderComponents) {
    this.#components = components
  }

  /**
   * Live offers. Known ones are returned at once and refreshed in the background; when none is known, waits
   * for the first answer of a search and a moment for those right behind it.
   */
  async offers(signal: AbortSignal): Promise<BookEntry[]> {
    const { clock } = this.#components
    const known = this.book.entries(clock.now())
    if (known.length > 0) {
      if (clock.now() - this.#searchedAt >= SEARCH_INTERVAL_MS) this.#refresh()
      return known
    }
    const { first, all } = this.#refresh()
    await abortable(Promise.race([all, first.then(() => this.#pause(GATHER_MS))]), signal)
    return this.book.entries(clock.now())
  }

  /** How busy a provider is: a fresh answer, or one of the last two seconds; undefined when it does not answer. */
  async load(entry: BookEntry, signal: AbortSignal): Promise<Load | undefined> {
    const { caps, clock } = this.#components
    const known = this.#loads.get(entry.peerKey)
    if (known !== undefined && clock.now() - known.atMs < LOAD_TTL_MS) return known.load
    try {
      const peer = peerIdFromString(peerIdStringOf(entry.peerKey))
      const { load } = await caps.request(peer, { signal })
      this.#keepLoad(entry.peerKey, load)
      return load
    } catch {
      return undefined
    }
  }

  /** Ends a search that runs. */
  stop(): void {
    this.#stopped.abort()
  }

  /** Starts a search, or joins the one that runs. */
  #refresh(): Search {
    this.#search ??= this.#startSearch()
    return this.#search
  }

  #startSearch(): Search {
    let found: () => void = () => undefined
    const first = new Promise<void>((resolve) => {
      found = resolve
    })
    const all = this.#run(found).finally(() => {
      this.#search = undefined
      this.#searchedAt = this.#components.clock.now()
    })
    return { first, all }
  }

  async #run(found: () => void): Promise<void> {
    const { host, network, logger } = this.#components
    const limit = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(QUERY_TIMEOUT_MS)])
    const asked: Promise<void>[] = []
    try {
      const key = await discoveryKey(network)
      for await (const peer of host.contentRouting.findProviders(key, { signal: limit })) {
        if (peer.multiaddrs.length > 0) {
          await host.peerStore.merge(peer.id, { multiaddrs: peer.multiaddrs })
        }
        asked.push(this.#ask(peer.id, limit, found))
        if (asked.length >= MAX_PEERS) break
      }
    } catch (error) {
      logger.debug('provider search ended', { error: String(error) })
    }
    await Promise.all(asked)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#components.clock.after(ms, resolve)
    })
  }

  /** The oldest answers go first, so the map stays as small as the market around this client. */
  #keepLoad(peerKey: Hex, load: Load): void {
    this.#loads.delete(peerKey)
    this.#loads.set(peerKey, { load, atMs: this.#components.clock.now() })
    const [oldest] = this.#loads.keys()
    if (this.#loads.size > MAX_LOADS && oldest !== undefined) this.#loads.delete(oldest)
  }

  async #ask(peer: PeerId, signal: AbortSignal, found: () => void): Promise<void> {
    const { caps, clock, logger } = this.#components
    try {
      const { load, record } = await caps.request(peer, { withRecord: true, signal })
      if (record === undefined) return
      this.#keepLoad(record.peerKey, load)
      this.book.put(record, clock.now())
      found()
    } catch (error) {
      logger.debug('provider did not answer', { peer: peer.toString(), error: String(error) })
    }
  }
}

/** Settles as `work`, or rejects with CANCELLED when the signal comes first. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const cancelled = (): DuckMeshError => new DuckMeshError('CANCELLED', 'The search was cancelled.')
  if (signal.aborted) throw cancelled()
  let cancel: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    cancel = () => {
      reject(cancelled())
    }
  })
  signal.addEventListener('abort', cancel, { once: true })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}
