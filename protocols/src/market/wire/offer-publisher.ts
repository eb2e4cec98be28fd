import { MAX_OFFER_LIFE_MS } from '../../mesh/index.ts'
import { OFFER_INTERVAL_MS, OFFER_MIN_INTERVAL_MS } from '../constants.ts'
import { OwnOffers } from '../own-offers.ts'
import type { Clock, Logger } from '../../components.ts'
import type { Envelope, Hex, Offer } from '@duckmesh/proto'

export interface OfferPublisherComponents {
  clock: Clock
  logger: Logger
  /** Seals and gossips: `GossipDriver.publishOffer`. */
  publish: (offer: Offer) => Promise<Envelope>
  /** What is offered now; asked for each publication. */
  source: () => Omit<Offer, 'expiryMs'>
}

/** Publishes a provider's offer every 10 s and, at most once a second, on a change (K-3). */
export class OfferPublisher {
  readonly #components: OfferPublisherComponents
  readonly #own = new OwnOffers()
  #latest: { envelope: Envelope; expiryMs: number } | undefined
  #lastAt = Number.NEGATIVE_INFINITY
  #stopTimer: (() => void) | undefined

  constructor(components: OfferPublisherComponents) {
    this.#components = components
  }

  /** Publishes now and from then on. */
  start(): void {
    this.#tick()
  }

  stop(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
  }

  /** Prices or models changed: publishes at once or, within a second of the last time, after it. */
  changed(): void {
    if (this.#stopTimer === undefined) return
    const wait = this.#lastAt + OFFER_MIN_INTERVAL_MS - this.#components.clock.now()
    if (wait <= 0) this.#tick()
    else this.#schedule(wait)
  }

  /** The latest envelope while it lives: the caps record. */
  record(): Envelope | undefined {
    const latest = this.#latest
    return latest && latest.expiryMs > this.#components.clock.now() ? latest.envelope : undefined
  }

  /** The own offer that an award names by hash (K-4). */
  find(hash: Hex): Offer | undefined {
    return this.#own.find(hash, this.#components.clock.now())
  }

  #schedule(ms: number): void {
    this.#stopTimer?.()
    this.#stopTimer = this.#components.clock.after(ms, () => {
      this.#tick()
    })
  }

  #tick(): void {
    this.#schedule(OFFER_INTERVAL_MS)
    this.#lastAt = this.#components.clock.now()
    this.#publish().catch((error: unknown) => {
      this.#components.logger.warn('market.offer_not_published', { error })
    })
  }

  async #publish(): Promise<void> {
    const { clock, publish, source } = this.#components
    const now = clock.now()
    const offer: Offer = { ...source(), expiryMs: now + MAX_OFFER_LIFE_MS }
    if (offer.models.length === 0) return
    // Known before anybody can award on it.
    this.#own.add(offer, now)
    this.#latest = { envelope: await publish(offer), expiryMs: offer.expiryMs }
  }
}
