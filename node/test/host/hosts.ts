import { gossipOptions, hostLimits } from '@duckmesh/protocols/mesh'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { createPeerHost } from '../../src/host/create-host.ts'
import type { PeerHost, PeerHostInit } from '../../src/host/interface.ts'

export const NETWORK = '31337-5fbdb231'

/** Starts a host on free loopback ports. */
export async function startHost(over: Partial<PeerHostInit> = {}): Promise<PeerHost> {
  return createPeerHost({
    privateKey: await generateKeyPair('Ed25519'),
    listen: { host: '127.0.0.1', tcp: 0, ws: 0 },
    gossip: gossipOptions({ network: NETWORK, shards: [0], loopback: true }),
    limits: hostLimits('peer'),
    local: true,
    ...over,
  })
}

/** Starts hosts one by one, runs `use`, stops them all. */
export async function withHosts(
  inits: Partial<PeerHostInit>[],
  use: (...hosts: PeerHost[]) => Promise<void>,
): Promise<void> {
  const hosts: PeerHost[] = []
  try {
    for (const init of inits) hosts.push(await startHost(init))
    await use(...hosts)
  } finally {
    await Promise.all(hosts.map(async (host) => host.stop()))
  }
}

/** First listening address of a transport, with the peer id. */
export function addressOf(host: PeerHost, transport: 'tcp' | 'ws'): string {
  const texts = host.getMultiaddrs().map(String)
  return texts.find((text) => text.includes('/ws') === (transport === 'ws')) ?? ''
}

/** Resolves at the next event of the name. */
export function nextEvent(host: PeerHost, name: 'peer:connect' | 'peer:disconnect'): Promise<void> {
  return new Promise((resolve) => {
    host.addEventListener(
      name,
      () => {
        resolve()
      },
      { once: true },
    )
  })
}
