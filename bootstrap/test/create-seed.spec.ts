import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KAD_PROTOCOL } from '@duckmesh/protocols/mesh'
import { discoveryKey } from '@duckmesh/protocols/market'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import type { Ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { createLibp2p } from 'libp2p'
import type { Libp2p } from 'libp2p'
import { createSeed } from '../src/create-seed.ts'
import type { Seed, SeedConfig } from '../src/interface.ts'
import { expectCode } from './expect-code.ts'
import { withTempDir } from './temp-dir.ts'

type Peer = Libp2p<{ ping: Ping }>

const NETWORK = '31337-00000000'

function configOf(dataDir: string, over: Partial<SeedConfig> = {}): SeedConfig {
  const listen = { host: '127.0.0.1', port: 0, wsPort: 0 }
  return { dataDir, ...listen, announce: [], local: true, ...over }
}

async function withSeed(use: (seed: Seed) => Promise<void>): Promise<void> {
  await withTempDir(async (folder) => {
    const seed = await createSeed(configOf(folder))
    try {
      await use(seed)
    } finally {
      await seed.stop()
    }
  })
}

/** A peer that listens on loopback, or through relays alone. */
function createPeer(listen = ['/ip4/127.0.0.1/tcp/0'], clientMode = false): Promise<Peer> {
  return createLibp2p({
    addresses: { listen },
    transports: [tcp(), webSockets(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: KAD_PROTOCOL,
        clientMode,
        initialQuerySelfInterval: 1,
        peerInfoMapper: passthroughMapper,
      }),
    },
  })
}

async function withPeers(peers: Promise<Peer>[], use: (...peers: Peer[]) => Promise<void>) {
  const started = await Promise.all(peers)
  try {
    await use(...started)
  } finally {
    await Promise.all(started.map(async (peer) => peer.stop()))
  }
}

/** Resolves when the peer has an address through a relay. */
async function relayed(peer: Peer): Promise<string> {
  for (;;) {
    const found = peer.getMultiaddrs().map(String)
    const circuit = found.find((address) => address.includes('/p2p-circuit'))
    if (circuit !== undefined) return circuit
    await new Promise((resolve) => {
      peer.addEventListener('self:peer:update', resolve, { once: true })
    })
  }
}

describe('createSeed', () => {
  it('listens on tcp and WebSocket with its peer id in each address', async () => {
    await withSeed(async (seed) => {
      const addresses = seed.addresses()
      expect(addresses).to.have.length(2)
      expect(addresses.every((text) => text.endsWith(`/p2p/${seed.peerId}`))).to.equal(true)
      expect(addresses.filter((text) => text.includes('/ws/'))).to.have.length(1)
      for (const address of addresses) {
        await withPeers([createPeer()], async (peer) => {
          // The answer comes over a connection that the seed has counted.
          await peer.services.ping.ping(multiaddr(address))
          expect(seed.connections()).to.be.at.least(1)
        })
      }
    })
  })

  it('keeps its identity over a restart, in a folder that only its user may read', async () => {
    await withTempDir(async (folder) => {
      const dataDir = join(folder, 'deep', 'seed')
      const first = await createSeed(configOf(dataDir))
      await first.stop()
      expect((await stat(dataDir)).mode & 0o777).to.equal(0o700)
      const second = await createSeed(configOf(dataDir))
      await second.stop()
      expect(second.peerId).to.equal(first.peerId)
      const other = await createSeed(configOf(join(folder, 'other')))
      await other.stop()
      expect(other.peerId).to.not.equal(first.peerId)
    })
  })

  it('announces what it is told to instead of where it listens', async () => {
    await withTempDir(async (folder) => {
      const announce = ['/ip4/203.0.113.7/tcp/3825']
      const seed = await createSeed(configOf(folder, { announce }))
      expect(seed.addresses()).to.deep.equal([`${announce[0]!}/p2p/${seed.peerId}`])
      await seed.stop()
    })
  })

  it('stops once, however often it is told', async () => {
    await withTempDir(async (folder) => {
      const seed = await createSeed(configOf(folder))
      await Promise.all([seed.stop(), seed.stop()])
      await seed.stop()
    })
  })

  it('refuses a taken port with PORT_IN_USE and leaves its folder free', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await withTempDir(async (folder) => {
      const taken = createSeed(configOf(folder, { port }))
      const error = await expectCode('PORT_IN_USE', () => taken)
      expect(error.details).to.deep.equal({ host: '127.0.0.1', port: `${port}` })
      const seed = await createSeed(configOf(folder))
      await seed.stop()
    })
    server.close()
  })

  it('refuses a folder that another seed uses, one that is a file, and a damaged one', async () => {
    await withTempDir(async (folder) => {
      const dataDir = join(folder, 'seed')
      const seed = await createSeed(configOf(dataDir))
      await expectCode('STORE_LOCKED', () => createSeed(configOf(dataDir)))
      await seed.stop()

      const file = join(folder, 'file')
      await writeFile(file, '')
      await expectCode('CONFIG_INVALID', () => createSeed(configOf(file)))

      const damaged = join(folder, 'damaged')
      await mkdir(join(damaged, 'store', 'CURRENT'), { recursive: true })
      await expectCode('STORE_CORRUPT', () => createSeed(configOf(damaged)))
      expect(await readdir(damaged)).to.include('store')
    })
  })

  it('refuses an address that is not of this machine', async () => {
    await withTempDir(async (folder) => {
      const error = await expectCode('CONFIG_INVALID', () =>
        createSeed(configOf(folder, { host: '203.0.113.7' })),
      )
      expect(error.details).to.include({ option: '--host', reason: 'EADDRNOTAVAIL' })
    })
  })

  it('lets a peer find the provider that another announced', async () => {
    await withSeed(async (seed) => {
      const address = multiaddr(seed.addresses()[0])
      await withPeers([createPeer(), createPeer([], true)], async (provider, client) => {
        await provider.dial(address)
        const key = await discoveryKey(NETWORK)
        await provider.contentRouting.provide(key)
        await client.dial(address)
        const found: string[] = []
        for await (const { id, multiaddrs } of client.contentRouting.findProviders(key)) {
          expect(multiaddrs.length).to.be.at.least(1)
          found.push(id.toString())
          break
        }
        expect(found).to.deep.equal([provider.peerId.toString()])
      })
    })
  })

  it('relays to a peer that nobody can dial', async () => {
    await withSeed(async (seed) => {
      const address = seed.addresses()[0]!
      const hidden = createPeer([`${address}/p2p-circuit`])
      await withPeers([hidden, createPeer()], async (behind, outside) => {
        const circuit = await relayed(behind)
        expect(circuit).to.contain(seed.peerId)
        const connection = await outside.dial(multiaddr(circuit))
        expect(connection.remotePeer.equals(behind.peerId)).to.equal(true)
        expect(connection.limits).to.not.equal(undefined)
      })
    })
  })
})
