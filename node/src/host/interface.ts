/** What a full peer's libp2p host is made of. */
import type { HostLimits } from '@duckmesh/protocols/mesh'
import type { GossipSub, GossipsubOpts } from '@libp2p/gossipsub'
import type { Identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import type { KadDHT } from '@libp2p/kad-dht'
import type { Ping } from '@libp2p/ping'
import type { Libp2pInit } from 'libp2p'

/** Services by the names under which the roles find them. */
export interface PeerServices extends Record<string, unknown> {
  identify: Identify
  ping: Ping
  pubsub: GossipSub
  dht: KadDHT
}

/** A started node that listens, gossips and serves the DHT. */
export type PeerHost = Libp2p<PeerServices>

export type PeerDatastore = NonNullable<Libp2pInit['datastore']>

export interface PeerHostInit {
  privateKey: PrivateKey
  /** Peer store and DHT records; in memory when not given. */
  datastore?: PeerDatastore
  /** IP address and ports; port 0 lets the system choose. */
  listen: { host: string; tcp: number; ws: number }
  /** Options of gossipsub, from `gossipOptions` of the mesh rules. */
  gossip: Partial<GossipsubOpts>
  /** From `hostLimits` of the mesh rules. */
  limits: Pick<HostLimits, 'connectionManager' | 'ping' | 'yamux'>
  /** Loopback and private addresses go into the DHT on a local network only. */
  local: boolean
}
