import { offerHash } from './offer-hash.ts'
import type { OpenedEnvelope } from '../mesh/index.ts'
import type { BookEntry } from './interface.ts'
import type { Offer } from '@duckmesh/proto'

/** What the book keeps of an offer whose envelope, binding and stake were verified (K-1). */
export function bookEntry(received: OpenedEnvelope & { offer: Offer }): BookEntry {
  const { body, envelope, offer, peerKey } = received
  return {
    offer,
    peerKey,
    envelope,
    offerHash: offerHash(body.payload),
    issuedAtMs: body.issuedAtMs,
    seq: body.seq,
  }
}
