/** Finds the seats of a shard: asks several peers and checks what they say against the chain (rule E-12). */
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import type { Clock, Hex, Logger, Rng } from '@duckmesh/protocols'
import type { PeerQueries, SeatPeer, SeatSource, TurnId } from '@duckmesh/protocols/election'
import { peerIdStringOf, withDeadline } from '@duckmesh/protocols/mesh'
import type { StakeView } from '@duckmesh/protocols/mesh'
import type { PeerId, PeerStore } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { learnAddresses } from '../host/learn-addresses.ts'
import { timeLimit } from '../time-limit.ts'
import type { LightSeatView } from './light-seat-view.ts'
import { SILENT_AFTER_MS, mergeSeats } from './merge-seats.ts'
import type { SeatNote, SeatPlace, SeatReport } from './merge-seats.ts'

/** Peers whose answers are put together; one that does not lie is enough. */
const REPORTS = 3
/** Peers asked at most for them. */
const MAX_ASKED = 9
/** Peers that answered last time are asked first: their streams are warm. The third one is another each time. */
const WARM_PEERS = 2
/** How long other answers are waited for after the first, ms: a round trip of a bad link. */
const GATHER_MS = 300
/** A whole search, ms. */
const SEARCH_TIMEOUT_MS = 5_000
/** What is known is asked for again behind the answer after this long, ms: as soon as a seat counts as silent. */
const REFRESH_MS = 2_000
/** Turns of shards kept, about 2 KiB each. */
const MAX_KNOWN = 64

export interface SeatFinderComponents {
  clock: Clock
  rng: Rng
  view: LightSeatView
  stake: Pick<StakeView, 'providerOf'>
  queries: Pick<PeerQueries, 'seats' | 'operatorOf'>
  peerStore: Pick<PeerStore, 'merge'>
  /** Keys of the peers that may be asked: connected ones and those with offers. */
  peers: () => readonly Hex[]
  logger: Logger
}

interface KnownSeat {
  place: SeatPlace
  silent: boolean
}

interface Known {
  /** When the reports came, ms. */
  atMs: number
  seats: Map<Hex, KnownSeat>
}

export class SeatFinder implements SeatSource {
  readonly #components: SeatFinderComponents
  readonly #known = new Map<string, Known>()
  readonly #searches = new Map<number, Promise<void>>()
  readonly #stopped = new AbortController()
  /** Answered last time. */
  #warm: readonly Hex[] = []

  constructor(components: SeatFinderComponents) {
    this.#components = components
  }

  async seats(shard: number, signal: AbortSignal): Promise<{ id: TurnId; seats: SeatPeer[] }> {
    const { clock, view } = this.#components
    const { turnClock } = view
    const known = this.#known.get(nameOf(shard, turnClock.now()))
    if (known === undefined || known.seats.size === 0) {
      const ms = 2 * SEARCH_TIMEOUT_MS
      await withDeadline(this.#search(shard), { clock, ms, what: 'No seats', signal })
    } else if (clock.now() - known.atMs >= REFRESH_MS) {
      this.#search(shard).catch(() => undefined)
    }
    const id = turnClock.now()
    const seats = await this.#ordered(shard, id)
    if (seats.length > 0) return { id, seats }
    throw new DuckMeshError('SEATS_UNREACHABLE', 'No peer told of a seat of this turn.', {
      details: { shard, ...id },
    })
  }

  /** Ends what is being asked. */
  stop(): void {
    this.#stopped.abort(new DuckMeshError('SHUTTING_DOWN', 'The client stops.'))
  }

  /**
   * By rank, silent ones last. At the start of a turn nobody was heard for it yet: what was told before then, and
   * 2 s after, says nothing about silence.
   */
  async #ordered(shard: number, id: TurnId): Promise<SeatPeer[]> {
    const { view } = this.#components
    const known = this.#known.get(nameOf(shard, id))
    if (known === undefined) return []
    const heard = known.atMs >= view.turnClock.startMs(id) + SILENT_AFTER_MS
    const ranked = (await view.seats(shard, id)).flatMap((owner) => {
      const seat = known.seats.get(owner)
      return seat === undefined ? [] : [{ owner, ...seat.place, silent: heard && seat.silent }]
    })
    const alive = ranked.filter(({ silent }) => !silent)
    const behind = ranked.filter(({ silent }) => silent)
    return [...alive, ...behind].map(({ owner, peerKey, addresses }) => ({
      owner,
      peerKey,
      addresses,
    }))
  }

  /** Starts a search, or joins the one that runs. */
  #search(shard: number): Promise<void> {
    const running = this.#searches.get(shard)
    if (running !== undefined) return running
    const search = this.#run(shard).finally(() => this.#searches.delete(shard))
    this.#searches.set(shard, search)
    return search
  }

  async #run(shard: number): Promise<void> {
    const { clock, logger, view } = this.#components
    const limit = timeLimit(clock, SEARCH_TIMEOUT_MS, [this.#stopped.signal])
    try {
      const reports = await this.#reports(shard, limit.signal)
      const now = view.turnClock.now()
      await this.#learn(shard, now, reports, limit.signal)
      // The seed of the next epoch may not be fixed yet: the next turn is a convenience.
      const next = this.#learn(shard, view.turnClock.next(now), reports, limit.signal)
      await next.catch((error: unknown) => {
        logger.debug('seats of the next turn are not known', { shard, error })
      })
    } finally {
      limit.clear()
    }
  }

  async #learn(
    shard: number,
    id: TurnId,
    reports: readonly SeatReport[],
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, view } = this.#components
    const atMs = clock.now()
    const notes = mergeSeats(reports, id)
    if (notes.size === 0) return
    const name = nameOf(shard, id)
    const drawn = await view.learn(shard, id, notes.keys())
    const before = this.#known.get(name)?.seats
    const found = drawn.map(async (owner): Promise<[Hex, KnownSeat | undefined]> => {
      const note = notes.get(owner)
      return [
        owner,
        note === undefined ? before?.get(owner) : await this.#seat(owner, note, signal),
      ]
    })
    const seats = new Map<Hex, KnownSeat>()
    for (const [owner, seat] of await Promise.all(found)) if (seat) seats.set(owner, seat)
    this.#known.delete(name)
    this.#known.set(name, { atMs, seats })
    const [oldest] = this.#known.keys()
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest)
  }

  /** Where the seat listens. When peers disagree, it is the first peer that proves to act for the owner. */
  async #seat(owner: Hex, note: SeatNote, signal: AbortSignal): Promise<KnownSeat | undefined> {
    const { places, silent } = note
    const [first] = places
    if (first === undefined) return undefined
    await Promise.all(places.map((place) => this.#introduce(place)))
    if (places.length === 1) return { place: first, silent }
    const proofs = places.map((place) => this.#proved(owner, place, signal))
    return { place: await Promise.any(proofs).catch(() => first), silent }
  }

  /** The place, when its peer proves to act for the owner. Rejects otherwise. */
  async #proved(owner: Hex, place: SeatPlace, signal: AbortSignal): Promise<SeatPlace> {
    const { queries, stake } = this.#components
    const operator = await queries.operatorOf(peerOf(place.peerKey), { signal })
    if (operator !== undefined && (await stake.providerOf(operator)) === owner) return place
    throw new DuckMeshError('INVALID_PROVIDER', 'The peer does not act for this seat.', {
      details: { owner, peerKey: place.peerKey },
    })
  }

  /** Lets the host know where to dial. */
  async #introduce({ peerKey, addresses }: SeatPlace): Promise<void> {
    await learnAddresses(this.#components.peerStore, peerOf(peerKey), addresses)
  }

  /** Answers of up to three peers; who does not answer is replaced. Rejects with SEATS_UNREACHABLE. */
  async #reports(shard: number, signal: AbortSignal): Promise<SeatReport[]> {
    const queue = this.#order()
    const reports = new Map<Hex, SeatReport>()
    const first = Promise.withResolvers<undefined>()
    const ask = async (): Promise<void> => {
      for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
        const report = await this.#ask(key, shard, signal)
        if (report === undefined) continue
        reports.set(key, report)
        first.resolve(undefined)
        return
      }
    }
    const all = Promise.all(Array.from({ length: REPORTS }, ask))
    await Promise.race([all, first.promise.then(() => this.#pause(GATHER_MS))])
    queue.length = 0
    this.#warm = [...reports.keys()]
    if (reports.size > 0) return [...reports.values()]
    throw new DuckMeshError('SEATS_UNREACHABLE', 'No peer told who has the seats.', {
      details: { shard },
    })
  }

  async #ask(key: Hex, shard: number, signal: AbortSignal): Promise<SeatReport | undefined> {
    const { logger, queries } = this.#components
    try {
      return await queries.seats(peerOf(key), shard, { signal })
    } catch (error) {
      logger.debug('peer told no seats', { peerKey: key, code: toDuckMeshError(error).code })
      return undefined
    }
  }

  /** Two peers that answered before, then the others in random order: nobody is asked by habit alone. */
  #order(): Hex[] {
    const { peers, rng } = this.#components
    const all = [...new Set(peers())]
    const warm = this.#warm.filter((key) => all.includes(key)).slice(0, WARM_PEERS)
    const others = all
      .filter((key) => !warm.includes(key))
      .map((key) => ({ key, at: new DataView(rng.bytes(4).slice().buffer).getUint32(0) }))
      .sort((a, b) => a.at - b.at)
    return [...warm, ...others.map(({ key }) => key)].slice(0, MAX_ASKED)
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#components.clock.after(ms, resolve)
    })
  }
}

function peerOf(key: Hex): PeerId {
  return peerIdFromString(peerIdStringOf(key))
}

function nameOf(shard: number, { epoch, turn }: TurnId): string {
  return `${String(epoch)}:${String(turn)}:${String(shard)}`
}
