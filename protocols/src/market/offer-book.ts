import { MAX_OFFERS, MAX_OFFERS_PER_MODEL } from './constants.ts'
import type { BookEntry, Candidate } from './interface.ts'
import type { Hex } from '@duckmesh/proto'

/** What `put` did: an offer can be older than the one that is there, expired, or one too many. */
export type PutResult = 'added' | 'replaced' | 'stale' | 'full'

/**
 * The latest offer of each peer, for as long as it lives (K-1 to K-6).
 *
 * Entries come from the gossip validator or a verified caps record, so their signatures and stakes are
 * checked. Bounds hold per model and in all; a full book refuses the newcomer, because the providers in it are
 * staked and dropping one would let another decide who is heard.
 */
export class OfferBook {
  readonly #byPeer = new Map<Hex, BookEntry>()
  readonly #byModel = new Map<Hex, Set<Hex>>()
  readonly #maxOffers: number
  readonly #maxPerModel: number

  constructor(init: { maxOffers?: number; maxPerModel?: number } = {}) {
    this.#maxOffers = init.maxOffers ?? MAX_OFFERS
    this.#maxPerModel = init.maxPerModel ?? MAX_OFFERS_PER_MODEL
  }

  get size(): number {
    return this.#byPeer.size
  }

  /** Keeps an offer unless a newer one of that peer is there. An offer without models withdraws the peer. */
  put(entry: BookEntry, now: number): PutResult {
    if (entry.offer.expiryMs <= now) return 'stale'
    const known = this.#byPeer.get(entry.peerKey)
    if (known && !isNewer(entry, known)) return 'stale'
    if (!known && !this.#hasRoom(entry, now)) return 'full'
    this.remove(entry.peerKey)
    this.#byPeer.set(entry.peerKey, entry)
    for (const { modelId } of entry.offer.models) {
      const peers = this.#byModel.get(modelId) ?? new Set()
      this.#byModel.set(modelId, peers.add(entry.peerKey))
    }
    return known ? 'replaced' : 'added'
  }

  /** The live offer of a peer. */
  get(peerKey: Hex, now: number): BookEntry | undefined {
    const entry = this.#byPeer.get(peerKey)
    return entry && entry.offer.expiryMs > now ? entry : undefined
  }

  /** Live offers of a model, in no order. */
  list(modelId: Hex, now: number): Candidate[] {
    const candidates: Candidate[] = []
    for (const peerKey of this.#byModel.get(modelId) ?? []) {
      const entry = this.get(peerKey, now)
      const model = entry?.offer.models.find((each) => each.modelId === modelId)
      if (entry && model) candidates.push({ entry, model })
    }
    return candidates
  }

  /** Every live offer, for `models` and `peers`. */
  entries(now: number): BookEntry[] {
    return [...this.#byPeer.values()].filter((entry) => entry.offer.expiryMs > now)
  }

  remove(peerKey: Hex): void {
    const entry = this.#byPeer.get(peerKey)
    if (!entry) return
    this.#byPeer.delete(peerKey)
    for (const { modelId } of entry.offer.models) {
      const peers = this.#byModel.get(modelId)
      peers?.delete(peerKey)
      if (peers?.size === 0) this.#byModel.delete(modelId)
    }
  }

  /** Drops what expired; returns how many. */
  expire(now: number): number {
    const dead = [...this.#byPeer.values()].filter((entry) => entry.offer.expiryMs <= now)
    for (const entry of dead) this.remove(entry.peerKey)
    return dead.length
  }

  #hasRoom(entry: BookEntry, now: number): boolean {
    return this.#fits(entry) || (this.expire(now) > 0 && this.#fits(entry))
  }

  #fits(entry: BookEntry): boolean {
    const modelHasRoom = ({ modelId }: { modelId: Hex }): boolean =>
      (this.#byModel.get(modelId)?.size ?? 0) < this.#maxPerModel
    return this.#byPeer.size < this.#maxOffers && entry.offer.models.every(modelHasRoom)
  }
}

/** Later issued, then higher number: the same offer from gossip and caps changes nothing. */
function isNewer(entry: BookEntry, known: BookEntry): boolean {
  if (entry.issuedAtMs !== known.issuedAtMs) return entry.issuedAtMs > known.issuedAtMs
  return entry.seq > known.seq
}
