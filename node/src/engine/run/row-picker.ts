/** Which answers get a token when there are more than fit in one tick. */
import type { FairShare } from './fair-share.ts'

/** Most rows of one tick: beyond this a batch gains little and makes every stream slower. */
export const MAX_ROWS = 32

/** Ticks that a choice of rows lasts, since changing it moves keys and values. */
export const QUANTUM_TICKS = 8

/** What is chosen from. */
export interface Row {
  readonly client: string
}

/** Takes all rows while they fit; else shares the places between clients, and takes turns within one. */
export class RowPicker<R extends Row> {
  readonly #share: FairShare
  #chosen: R[] = []
  #ticksLeft = 0

  constructor(share: FairShare) {
    this.#share = share
  }

  /** @param waiting rows in the order in which they were chosen last; gives at most MAX_ROWS of them */
  pick(waiting: readonly R[]): R[] {
    if (waiting.length <= MAX_ROWS) {
      this.#ticksLeft = 0
      return [...waiting]
    }
    const stillWaiting = this.#chosen.every((row) => waiting.includes(row))
    if (this.#ticksLeft <= 0 || !stillWaiting) {
      this.#chosen = this.#choose(waiting)
      this.#ticksLeft = QUANTUM_TICKS
    }
    this.#ticksLeft--
    return [...this.#chosen]
  }

  #choose(waiting: readonly R[]): R[] {
    const lines = new Map<string, R[]>()
    for (const row of waiting) lines.set(row.client, [...(lines.get(row.client) ?? []), row])
    const counters = new Map(
      [...lines.keys()].map((client) => [client, this.#share.served(client)]),
    )
    const chosen: R[] = []
    while (chosen.length < MAX_ROWS) {
      const next = [...lines].reduce((least, line) =>
        (counters.get(line[0]) ?? 0) < (counters.get(least[0]) ?? 0) ? line : least,
      )
      const [client, line] = next
      const row = line.shift()
      if (row !== undefined) chosen.push(row)
      if (line.length === 0) lines.delete(client)
      counters.set(client, (counters.get(client) ?? 0) + 1)
    }
    return chosen
  }
}
