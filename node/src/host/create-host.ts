import { isIPv6 } from 'node:net'
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import { KAD_PROTOCOL } from '@duckmesh/protocols/mesh'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper, removePrivateAddressesMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { FIRST_DHT_LOOK_MS } from './constants.ts'
import type { PeerHost, PeerHostInit } from './interface.ts'

/**
 * Starts the libp2p node of a full peer: tcp and WebSockets, noise, yamux, identify, ping, gossipsub and the
 * DHT as a server (a peer on a private network would else stay a client). Rejects with PORT_IN_USE, with the
 * port in the details, or CONFIG_INVALID when an address cannot be listened on.
 */
export async function createPeerHost(init: PeerHostInit): Promise<PeerHost> {
  try {
    return await createLibp2p({
      privateKey: init.privateKey,
      ...(init.datastore === undefined ? {} : { datastore: init.datastore }),
      addresses: { listen: listenAddresses(init.listen) },
      transports: [tcp(), webSockets()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux(init.limits.yamux)],
      connectionManager: init.limits.connectionManager,
      services: {
        identify: identify(),
        ping: ping(init.limits.ping),
        pubsub: gossipsub(init.gossip),
        dht: kadDHT({
          protocol: KAD_PROTOCOL,
          clientMode: false,
          initialQuerySelfInterval: FIRST_DHT_LOOK_MS,
          peerInfoMapper: init.local ? passthroughMapper : removePrivateAddressesMapper,
        }),
      },
    })
  } catch (error) {
    throw listenError(error, init.listen)
  }
}

function listenAddresses({ host, tcp: tcpPort, ws }: PeerHostInit['listen']): string[] {
  const family = isIPv6(host) ? 'ip6' : 'ip4'
  const at = (port: number): string => `/${family}/${host}/tcp/${port.toString()}`
  return [at(tcpPort), `${at(ws)}/ws`]
}

/** libp2p puts the causes into one text, one line per address. */
function listenError(error: unknown, listen: PeerHostInit['listen']): DuckMeshError {
  const known = error instanceof Error && error.name === 'UnsupportedListenAddressesError'
  if (!known) return toDuckMeshError(error)
  const port = /EADDRINUSE[^\n]*:(\d+)/.exec(error.message)?.[1]
  if (port !== undefined) {
    return new DuckMeshError('PORT_IN_USE', `Port ${port} on ${listen.host} is taken.`, {
      cause: error,
      details: { port: Number(port), host: listen.host },
    })
  }
  const reason = /listen (E[A-Z]+)/.exec(error.message)?.[1] ?? 'unknown reason'
  return new DuckMeshError('CONFIG_INVALID', `${listen.host} cannot be listened on (${reason}).`, {
    cause: error,
    details: { option: 'listen', host: listen.host, reason },
  })
}
