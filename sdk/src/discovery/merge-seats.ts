/** What several peers say about the seats of one turn, put together. Pure. */
import type { Hex } from '@duckmesh/protocols'
import type { PeerQueries, TurnId } from '@duckmesh/protocols/election'

/** What one peer told; nothing of it is checked. */
export type SeatReport = Awaited<ReturnType<PeerQueries['seats']>>

/** A peer that is said to act for a seat. */
export interface SeatPlace {
  peerKey: Hex
  addresses: string[]
}

export interface SeatNote {
  /** Told most often first; more than one when the peers disagree. */
  places: SeatPlace[]
  /** Most of those who told of the seat have not heard it for 2 s. */
  silent: boolean
}

/** A seat unheard for this long is taken for silent, ms (rule E-14). */
export const SILENT_AFTER_MS = 2_000

/** Addresses kept of one peer. */
const MAX_ADDRESSES = 4

interface Told {
  peerKey: Hex
  addresses: readonly string[]
  silentMs: number
}

/** Notes by owner. A report counts once for each owner, however often it names it. */
export function mergeSeats(reports: readonly SeatReport[], id: TurnId): Map<Hex, SeatNote> {
  const told = new Map<Hex, Told[]>()
  for (const report of reports) {
    for (const [owner, seat] of seatsOf(report, id)) {
      told.set(owner, [...(told.get(owner) ?? []), seat])
    }
  }
  return new Map([...told].map(([owner, all]) => [owner, noteOf(all)]))
}

function seatsOf(report: SeatReport, id: TurnId): Map<Hex, Told> {
  const turns = report.filter(({ epoch, turn }) => epoch === id.epoch && turn === id.turn)
  return new Map(turns.flatMap(({ seats }) => seats).map((seat) => [seat.owner, seat]))
}

function noteOf(told: readonly Told[]): SeatNote {
  const silent = told.filter(({ silentMs }) => silentMs > SILENT_AFTER_MS).length
  const keys = [...new Set(told.map(({ peerKey }) => peerKey))]
  const places = keys.map((peerKey) => {
    const same = told.filter((each) => each.peerKey === peerKey)
    return { peerKey, addresses: inTurns(same), votes: same.length }
  })
  places.sort((a, b) => b.votes - a.votes)
  return {
    places: places.map(({ peerKey, addresses }) => ({ peerKey, addresses })),
    silent: silent * 2 > told.length,
  }
}

/** First addresses of all reports before second ones, so that no report crowds out another. */
function inTurns(told: readonly Told[]): string[] {
  const longest = Math.max(...told.map(({ addresses }) => addresses.length))
  const rounds = Array.from({ length: longest }, (_, round) =>
    told.flatMap(({ addresses }) => addresses[round] ?? []),
  )
  return [...new Set(rounds.flat())].slice(0, MAX_ADDRESSES)
}
