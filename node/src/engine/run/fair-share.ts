/** Shares the model between clients by what each has been served (virtual token counters). */

/** Clients remembered beyond those that are waiting. */
const MAX_REMEMBERED = 1024

/**
 * Each client has a counter of the work done for it; the one with the least comes first. A client that
 * was away is lifted to the least of those present: idle time cannot be saved up.
 * Source: "Fairness in Serving Large Language Models" (OSDI 2024), VTC.
 */
export class FairShare {
  readonly #served = new Map<string, number>()

  /** A client has work again. @param present clients that had work already */
  enter(client: string, present: Iterable<string>): void {
    const counters = [...present].map((other) => this.served(other))
    const least = counters.length === 0 ? 0 : Math.min(...counters)
    this.#served.set(client, Math.max(this.served(client), least))
    if (this.#served.size > MAX_REMEMBERED) this.#forget(least)
  }

  served(client: string): number {
    return this.#served.get(client) ?? 0
  }

  charge(client: string, cost: number): void {
    this.#served.set(client, this.served(client) + cost)
  }

  /** Whoever was served no more than the least of those present loses nothing by being forgotten. */
  #forget(least: number): void {
    for (const [client, served] of this.#served) if (served <= least) this.#served.delete(client)
  }
}
