import { offerCodec } from '@duckmesh/proto'
import { OFFER_GRACE_MS } from './constants.ts'
import { offerHash } from './offer-hash.ts'
import type { Hex, Offer } from '@duckmesh/proto'

/**
 * A provider's own offers by hash, while an award may still name them (K-4): until their end and a grace for
 * what was on its way. A price change binds only awards that name the new offer.
 */
export class OwnOffers {
  readonly #offers = new Map<Hex, Offer>()

  /** Remembers an offer that was published; returns its hash. */
  add(offer: Offer, now: number): Hex {
    for (const [hash, { expiryMs }] of this.#offers) {
      if (expiryMs + OFFER_GRACE_MS <= now) this.#offers.delete(hash)
    }
    const hash = offerHash(offerCodec.encode(offer))
    this.#offers.set(hash, offer)
    return hash
  }

  /** The offer that an award's `bidHash` names, `undefined` when it never was or is over. */
  find(hash: Hex, now: number): Offer | undefined {
    const offer = this.#offers.get(hash)
    return offer && offer.expiryMs + OFFER_GRACE_MS > now ? offer : undefined
  }
}
