/** A chain of stakers and peers that tell of seats, honest ones and liars, for tests of discovery. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { TurnClock, drawSeats } from '@duckmesh/protocols/election'
import type { TurnId } from '@duckmesh/protocols/election'
import { peerIdStringOf } from '@duckmesh/protocols/mesh'
import type { PeerId } from '@libp2p/interface'
import { expect } from 'chai'
import { SeatFinder } from '../../src/discovery/find-seats.ts'
import { LightSeatView } from '../../src/discovery/light-seat-view.ts'
import type { SeatReport } from '../../src/discovery/merge-seats.ts'
import { silentLogger } from '../../src/silent-logger.ts'
import { FakeClock, settle } from './fake-clock.ts'

export const quiet: AbortSignal = new AbortController().signal
export const SHARD = 3
/** Of a seat that was never heard. */
export const NEVER = 0xffff_ffff

export const hex = (n: number, bytes: number): Hex => `0x${n.toString(16).padStart(2 * bytes, '0')}`
export const owner = (n: number): Hex => hex(0xaa00 + n, 20)
export const keyOf = (who: Hex): Hex => hex(0xbb0000 + (Number(who) & 0xffff), 32)
export const peer = (n: number): Hex => hex(0xcc00 + n, 32)
export const operatorOf = (who: Hex): Hex => hex(0xdd0000 + (Number(who) & 0xffff), 20)

export type Seat = SeatReport[number]['seats'][number]

/** A chain of 20 stakers, and peers that say what a test wants. */
export class SeatWorld {
  readonly clock = new FakeClock()
  readonly turnClock = new TurnClock(this.clock, { epochS: 60, turnS: 10 })
  readonly weights = new Map(
    Array.from({ length: 20 }, (_, n) => [owner(n), 10n ** 21n + BigInt(n)]),
  )
  peers: Hex[] = [peer(1), peer(2), peer(3)]
  /** What each peer says; those that are not here tell the truth. */
  readonly say = new Map<Hex, (honest: SeatReport) => SeatReport | Promise<SeatReport>>()
  readonly asked: Hex[] = []
  readonly merged = new Map<string, string[]>()
  /** Operators that peers prove in their hello. */
  readonly operators = new Map<Hex, Hex>(
    [...this.weights.keys()].map((o) => [keyOf(o), operatorOf(o)]),
  )
  proofs = 0
  weightReads = 0
  blind = false
  /** Epoch whose seed does not exist yet. */
  unfixed: number | undefined
  seed = 0
  readonly view: LightSeatView
  readonly finder: SeatFinder

  constructor() {
    const chain = {
      seed: (epoch: number) =>
        this.blind || epoch === this.unfixed
          ? Promise.reject(new DuckMeshError('CHAIN_UNREACHABLE', 'Blind.'))
          : Promise.resolve(hex(epoch + this.seed, 32)),
      weight: (who: Hex) => {
        this.weightReads += 1
        return Promise.resolve(this.weights.get(who) ?? 0n)
      },
    }
    const { clock, turnClock } = this
    this.view = new LightSeatView({ chain, turnClock })
    let drawn = 0
    this.finder = new SeatFinder({
      clock,
      rng: { bytes: (length) => new Uint8Array(length).fill(drawn++ * 37) },
      view: this.view,
      stake: { providerOf: (operator) => Promise.resolve(this.#ownerOf(operator)) },
      queries: {
        seats: (id) => this.#seats(keyOfId(id, this.peers)),
        operatorOf: (id) => this.#operatorOf(id),
      },
      peerStore: {
        merge: (id, { multiaddrs = [] }) => {
          this.merged.set(id.toString(), multiaddrs.map(String))
          return Promise.resolve({} as never)
        },
      },
      peers: () => this.peers,
      logger: silentLogger,
    })
  }

  drawn(id: TurnId = this.turnClock.now()): Hex[] {
    const seed = hex(id.epoch + this.seed, 32)
    return drawSeats({ seed, shard: SHARD, turn: id.turn, weights: this.weights })
  }

  honest(): SeatReport {
    const now = this.turnClock.now()
    return [now, this.turnClock.next(now)].map((id) => ({
      ...id,
      seats: this.drawn(id).map((who) => this.seat(who)),
    }))
  }

  seat(who: Hex, changes: Partial<Seat> = {}): Seat {
    const n = Number(who) & 0xff
    return {
      owner: who,
      peerKey: keyOf(who),
      addresses: [`/ip4/127.0.0.1/tcp/${String(4_000 + n)}`],
      silentMs: 100,
      ...changes,
    }
  }

  /** Changes every seat of a report. */
  lie(n: number, change: (seat: Seat) => Seat | undefined): void {
    this.say.set(peer(n), (report) =>
      report.map((turn) => ({ ...turn, seats: turn.seats.flatMap((seat) => change(seat) ?? []) })),
    )
  }

  async find(): Promise<Hex[]> {
    const { seats } = await run(this, this.finder.seats(SHARD, quiet))
    return seats.map((seat) => seat.owner)
  }

  #seats(key: Hex): Promise<SeatReport> {
    this.asked.push(key)
    const honest = this.honest()
    return Promise.resolve(this.say.get(key)?.(honest) ?? honest)
  }

  #operatorOf(id: PeerId): Promise<Hex | undefined> {
    this.proofs += 1
    const key = [...this.operators.keys()].find((each) => peerIdStringOf(each) === id.toString())
    if (key === undefined) return Promise.reject(new DuckMeshError('NO_PEERS', 'Gone.'))
    return Promise.resolve(this.operators.get(key))
  }

  #ownerOf(operator: Hex): Hex | null {
    return [...this.weights.keys()].find((who) => operatorOf(who) === operator) ?? null
  }
}

function keyOfId(id: PeerId, keys: readonly Hex[]): Hex {
  return keys.find((key) => peerIdStringOf(key) === id.toString()) ?? expect.fail('unknown peer')
}

/** Runs the world's timers until the promise settles. */
export async function run<T>(world: SeatWorld, promise: Promise<T>): Promise<T> {
  const state = { over: false }
  const end = (): void => {
    state.over = true
  }
  promise.then(end, end)
  for (let ms = 0; ms < 60_000; ms += 50) {
    await settle()
    if (state.over) break
    await world.clock.advance(50)
  }
  return promise
}
