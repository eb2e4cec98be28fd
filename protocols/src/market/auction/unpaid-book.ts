/** Which payers owe a seat the openings of earlier matches (K-81), in memory. */
import { OPENINGS_GRACE_MS } from '../constants.ts'
import type { Hex } from '@duckmesh/proto'

/** Matches that may be overdue before the seat stops serving a payer: a crashed client, not a habit. */
const MAX_OVERDUE = 8

/** An overdue match counts for this long, ms: a client that lost its state is served again. */
export const FORGIVEN_AFTER_MS = 600_000

/** Payers and matches remembered, about 200 bytes each; the oldest payer is forgotten first. */
const MAX_PAYERS = 4_096
const MAX_MATCHES_PER_PAYER = 64

export class UnpaidBook {
  /** By payer, when the openings of each auction are overdue, ms. */
  readonly #due = new Map<Hex, Map<string, number>>()

  /** A match was sent for a job that ends at `deadline`, unix seconds. */
  matched(payer: Hex, auction: string, deadline: number): void {
    const matches = this.#due.get(payer) ?? new Map<string, number>()
    matches.set(auction, deadline * 1_000 + OPENINGS_GRACE_MS)
    const [oldest] = matches.keys()
    if (matches.size > MAX_MATCHES_PER_PAYER && oldest !== undefined) matches.delete(oldest)
    this.#keep(payer, matches)
  }

  /** What was kept of a payer, by auction when its openings are overdue, ms; empty when it owes nothing. */
  restore(payer: Hex, due: ReadonlyMap<string, number>): void {
    this.#keep(payer, new Map([...due].slice(-MAX_MATCHES_PER_PAYER)))
  }

  /** Whether its list is here, also an empty one. */
  knows(payer: Hex): boolean {
    return this.#due.has(payer)
  }

  /** As `restore` takes it. */
  of(payer: Hex): ReadonlyMap<string, number> {
    return this.#due.get(payer) ?? new Map()
  }

  /** The openings came, with the fee if one was due. */
  settled(payer: Hex, auction: string): void {
    this.#due.get(payer)?.delete(auction)
  }

  /** True when too many openings are overdue. */
  owes(payer: Hex, now: number): boolean {
    const matches = this.#due.get(payer)
    if (matches === undefined) return false
    const overdue = [...matches.values()].filter(
      (due) => due < now && now < due + FORGIVEN_AFTER_MS,
    )
    return overdue.length > MAX_OVERDUE
  }

  #keep(payer: Hex, matches: Map<string, number>): void {
    this.#due.delete(payer)
    this.#due.set(payer, matches)
    const [stranger] = this.#due.keys()
    if (this.#due.size > MAX_PAYERS && stranger !== undefined) this.#due.delete(stranger)
  }
}
