/** The libp2p host of a light client: it dials, listens nowhere and joins no gossip mesh. */
import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { kadDHT, passthroughMapper, removePrivateAddressesMapper } from '@libp2p/kad-dht'
import { KAD_PROTOCOL, hostLimits } from '@duckmesh/protocols/mesh'
import type { KadDHT } from '@libp2p/kad-dht'
import type { Identify } from '@libp2p/identify'
import type { Ping } from '@libp2p/ping'
import type { PrivateKey } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import type { Libp2p } from 'libp2p'
import { transports } from './transports.ts'

/**
 * Pause before the DHT looks for its neighbours, ms. Every query waits for that first look, and the default
 * of 1 000 ms was nearly all of the time to the first token of a fresh client.
 */
const FIRST_DHT_LOOK_MS = 1

export type ClientHost = Libp2p<{ dht: KadDHT; identify: Identify; ping: Ping }>

/** Starts a host with a fresh or given Ed25519 key; `local` lets it dial loopback addresses. */
export async function createClientHost(init: {
  privateKey: PrivateKey
  local: boolean
}): Promise<ClientHost> {
  const limits = hostLimits('client')
  return createLibp2p({
    privateKey: init.privateKey,
    addresses: { listen: [] },
    transports,
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(limits.yamux)],
    connectionManager: limits.connectionManager,
    connectionGater: init.local ? { denyDialMultiaddr: () => false } : {},
    services: {
      identify: identify(),
      ping: ping(limits.ping),
      dht: kadDHT({
        protocol: KAD_PROTOCOL,
        clientMode: true,
        initialQuerySelfInterval: FIRST_DHT_LOOK_MS,
        peerInfoMapper: init.local ? passthroughMapper : removePrivateAddressesMapper,
      }),
    },
  })
}
