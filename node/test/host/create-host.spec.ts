import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { topicsOf } from '@duckmesh/protocols/mesh'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import type { PeerHost } from '../../src/host/interface.ts'
import { openPeerDatastore } from '../../src/host/open-datastore.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import { NETWORK, addressOf, startHost, withHosts } from './hosts.ts'

describe('createPeerHost', () => {
  it('is reached over tcp and over WebSockets, under the peer id of its key', async () => {
    const privateKey = await generateKeyPair('Ed25519')
    await withHosts([{ privateKey }, {}], async (server, client) => {
      expect(server.peerId.publicKey?.equals(privateKey.publicKey)).to.equal(true)
      for (const transport of ['tcp', 'ws'] as const) {
        const connection = await client.dial(multiaddr(addressOf(server, transport)))
        expect(connection.remotePeer.equals(server.peerId)).to.equal(true)
        expect(connection.remoteAddr.toString().includes('/ws')).to.equal(transport === 'ws')
        expect(await client.services.ping.ping(server.peerId)).to.be.at.least(0)
        await client.hangUp(server.peerId)
      }
    })
  })

  it('is pinged while another ping is not closed: a failed one would cost the connection', async () => {
    await withHosts([{}, {}], async (server, client) => {
      const connection = await client.dial(multiaddr(addressOf(server, 'tcp')))
      await connection.newStream('/ipfs/ping/1.0.0')
      expect(await client.services.ping.ping(server.peerId)).to.be.at.least(0)
      expect(connection.status).to.equal('open')
    })
  })

  it('carries gossip of its topics', async () => {
    await withHosts([{}, {}], async (a, b) => {
      const topic = topicsOf(NETWORK, [0])[0] ?? ''
      const received = new Promise<Uint8Array>((resolve) => {
        b.services.pubsub.addEventListener('message', ({ detail }) => {
          resolve(detail.data)
        })
      })
      b.services.pubsub.subscribe(topic)
      const joined = new Promise<void>((resolve) => {
        a.services.pubsub.addEventListener(
          'subscription-change',
          () => {
            resolve()
          },
          { once: true },
        )
      })
      await a.dial(multiaddr(addressOf(b, 'tcp')))
      await joined
      // The other side may have announced itself before our own stream to it is open: nobody is sent to then.
      let sent = 0
      const publish = async (): Promise<number> =>
        (await a.services.pubsub.publish(topic, Uint8Array.of(++sent, 2, 3))).recipients.length
      while ((await publish()) === 0) await setImmediate()
      expect([...(await received)]).to.deep.equal([sent, 2, 3])
    })
  })

  it('finds through the DHT who provides a content, also on loopback', async () => {
    await withHosts([{}, {}, {}], async (hub, provider, seeker) => {
      for (const host of [provider, seeker]) {
        const known = inRoutingTable(host)
        await host.dial(multiaddr(addressOf(hub, 'tcp')))
        await known
      }
      expect(provider.services.dht.getMode()).to.equal('server')
      const cid = CID.createV1(0x55, await sha256.digest(new TextEncoder().encode('model')))
      await provider.contentRouting.provide(cid)
      const found: string[] = []
      for await (const peer of seeker.contentRouting.findProviders(cid)) {
        found.push(peer.id.toString())
        expect(peer.multiaddrs.map(String).join()).to.contain('/ip4/127.0.0.1/')
        break
      }
      expect(found).to.deep.equal([provider.peerId.toString()])
    })
  })

  it('says which port is in use, for tcp and for WebSockets', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    for (const listen of [
      { host: '127.0.0.1', tcp: port, ws: 0 },
      { host: '127.0.0.1', tcp: 0, ws: port },
    ]) {
      const error = await rejection(startHost({ listen }))
      expect(error.code).to.equal('PORT_IN_USE')
      expect(error.details['port']).to.equal(port)
    }
    server.close()
  })

  it('says CONFIG_INVALID for an address that this machine has not', async () => {
    const error = await rejection(startHost({ listen: { host: '192.0.2.1', tcp: 0, ws: 0 } }))
    expect(error.code).to.equal('CONFIG_INVALID')
    expect(error.details['host']).to.equal('192.0.2.1')
  })

  it('remembers peers in its datastore over a restart', async () => {
    await withTempDir(async (folder) => {
      const privateKey = await generateKeyPair('Ed25519')
      await withHosts([{}], async (other) => {
        const datastore = await openPeerDatastore(join(folder, 'peers'))
        const first = await startHost({ privateKey, datastore })
        const identified = new Promise<void>((resolve) => {
          first.addEventListener(
            'peer:identify',
            () => {
              resolve()
            },
            { once: true },
          )
        })
        await first.dial(multiaddr(addressOf(other, 'tcp')))
        await identified
        await first.stop()
        await datastore.close()

        const reopened = await openPeerDatastore(join(folder, 'peers'))
        const second = await startHost({ privateKey, datastore: reopened })
        expect(second.peerId.equals(first.peerId)).to.equal(true)
        const known = await second.peerStore.all()
        expect(known.map((peer) => peer.id.toString())).to.include(other.peerId.toString())
        await second.stop()
        await reopened.close()
      })
    })
  })
})

/** Resolves when the DHT of the host has got to know a server; the type of the service does not show its table. */
function inRoutingTable(host: PeerHost): Promise<void> {
  const { routingTable } = host.services.dht as unknown as { routingTable: EventTarget }
  return new Promise((resolve) => {
    routingTable.addEventListener(
      'peer:add',
      () => {
        resolve()
      },
      { once: true },
    )
  })
}

describe('openPeerDatastore', () => {
  it('says STORE_CORRUPT for a folder that holds something else', async () => {
    await withTempDir(async (folder) => {
      await writeFile(join(folder, 'CURRENT'), 'duck')
      expect((await rejection(openPeerDatastore(folder))).code).to.equal('STORE_CORRUPT')
    })
  })

  it('says STORE_LOCKED while another one has the folder open', async () => {
    await withTempDir(async (folder) => {
      const first = await openPeerDatastore(folder)
      expect((await rejection(openPeerDatastore(folder))).code).to.equal('STORE_LOCKED')
      await first.close()
      await (await openPeerDatastore(folder)).close()
    })
  })
})
