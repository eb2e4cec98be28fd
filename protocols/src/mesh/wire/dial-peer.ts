/** A dial that does not stop at addresses which were true before the other peer restarted. */
import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import { withDeadline } from '../deadline.ts'
import type { Clock } from '../../components.ts'

/** Longest lookup, ms: on a big network an answer comes in about 400, and a job with a backup waits 1 500 in all. */
const LOOKUP_TIMEOUT_MS = 1_000

/** What a dial needs of a libp2p host. */
export interface DialingHost {
  dialProtocol: Libp2p['dialProtocol']
  getConnections: (peer: PeerId) => readonly unknown[]
  peerRouting: Pick<Libp2p['peerRouting'], 'findPeer'>
  peerStore: Pick<Libp2p['peerStore'], 'get' | 'patch'>
}

export interface DialOptions {
  clock: Clock
  signal: AbortSignal
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
  options: DialOptions,
): Promise<Stream> {
  const { signal } = options
  try {
    return await host.dialProtocol(peer, protocol, { signal })
  } catch (error) {
    // Connected, and no such protocol: no address would change that.
    if (signal.aborted || host.getConnections(peer).length > 0) throw error
    if (!(await foundElsewhere(host, peer, options))) throw error
    return host.dialProtocol(peer, protocol, { signal })
  }
}

/** Whether the DHT tells an address that was not known; then those it tells replace the ones that failed. */
async function foundElsewhere(
  { peerRouting, peerStore }: DialingHost,
  peer: PeerId,
  { clock, signal }: DialOptions,
): Promise<boolean> {
  const late = new AbortController()
  try {
    const { addresses } = await peerStore.get(peer, { signal })
    const failed = new Set(addresses.map(({ multiaddr }) => bare(multiaddr, peer)))
    const lookup = peerRouting.findPeer(peer, {
      signal: AbortSignal.any([signal, late.signal]),
      useCache: false,
    })
    const deadline = { clock, ms: LOOKUP_TIMEOUT_MS, what: 'No address', signal }
    const { multiaddrs } = await withDeadline(lookup, deadline)
    if (multiaddrs.every((address) => failed.has(bare(address, peer)))) return false
    await peerStore.patch(peer, { multiaddrs }, { signal })
    return true
  } catch {
    return false
  } finally {
    late.abort()
  }
}

/** An address as text, without the peer id that some tell and others leave out. */
function bare(address: { toString: () => string }, peer: PeerId): string {
  return address.toString().replace(`/p2p/${peer.toString()}`, '')
}
