/** Where a peer was seen, as another peer tells: hints, which a dial tries and the peer's key proves. */
import type { PeerId, PeerStore } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { Multiaddr } from '@multiformats/multiaddr'

/** Keeps those that are addresses; text from the network may be anything. */
export async function learnAddresses(
  peerStore: Pick<PeerStore, 'merge'>,
  peer: PeerId,
  addresses: readonly string[],
): Promise<void> {
  const multiaddrs = addresses.flatMap((text) => addressOf(text) ?? [])
  if (multiaddrs.length > 0) await peerStore.merge(peer, { multiaddrs })
}

function addressOf(text: string): Multiaddr | undefined {
  try {
    const address = multiaddr(text)
    // The empty text is an address without parts.
    return address.getComponents().length > 0 ? address : undefined
  } catch {
    return undefined
  }
}
