/** This node's own offer as its book keeps it: as a seat it invites itself too. */
import type { Envelope, Hex, NetworkIdentity, Offer } from '@duckmesh/protocols'
import { bookEntry } from '@duckmesh/protocols/market'
import type { BookEntry } from '@duckmesh/protocols/market'
import { readEnvelope } from '@duckmesh/protocols/mesh'

/** `envelope` is the one this node sealed around the offer. */
export function ownOffer(
  envelope: Envelope,
  offer: Offer,
  { network, peerKey }: { network: NetworkIdentity; peerKey: Hex },
): BookEntry {
  return bookEntry({ ...readEnvelope(envelope, network), offer, peerKey })
}
