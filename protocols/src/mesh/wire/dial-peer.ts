/** A dial that does not stop at addresses which were true before the other peer restarted. */
import type { Libp2p, PeerId, Stream } from '@libp2p/interface'

/** What a dial needs of a libp2p host. */
export interface DialingHost {
  dialProtocol: Libp2p['dialProtocol']
  getConnections: (peer: PeerId) => readonly unknown[]
  peerRouting: Pick<Libp2p['peerRouting'], 'findPeer'>
  peerStore: Pick<Libp2p['peerStore'], 'get' | 'patch'>
}

/**
 * Opens a stream of this protocol. libp2p asks nobody for addresses while it knows some, so when none of them
 * connects, the DHT is asked once, and the dial is made again if it tells another one (rule M-90). Rejects with
 * what the first dial did wrong when there is no such address.
 */
export async function dialPeer(
  host: DialingHost,
  peer: PeerId,
  protocol: string,
  signal: AbortSignal,
): Promise<Stream> {
  try {
    return await host.dialProtocol(peer, protocol, { signal })
  } catch (error) {
    // Connected, and no such protocol: no address would change that.
    if (signal.aborted || host.getConnections(peer).length > 0) throw error
    if (!(await foundElsewhere(host, peer, signal))) throw error
    return host.dialProtocol(peer, protocol, { signal })
  }
}

/** Whether the DHT tells an address that was not known; then those it tells replace the ones that failed. */
async function foundElsewhere(
  { peerRouting, peerStore }: DialingHost,
  peer: PeerId,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const { addresses } = await peerStore.get(peer, { signal })
    const failed = new Set(addresses.map(({ multiaddr }) => bare(multiaddr, peer)))
    const { multiaddrs } = await peerRouting.findPeer(peer, { signal, useCache: false })
    if (multiaddrs.every((address) => failed.has(bare(address, peer)))) return false
    await peerStore.patch(peer, { multiaddrs }, { signal })
    return true
  } catch {
    return false
  }
}

/** An address as text, without the peer id that some tell and others leave out. */
function bare(address: { toString: () => string }, peer: PeerId): string {
  return address.toString().replace(`/p2p/${peer.toString()}`, '')
}
