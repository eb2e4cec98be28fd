/** A DHT that many hosts of a test share: who provides which key, and nothing is ever lost. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId, Provider } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { AnnouncingHost } from '../../src/fetch/holder-announcer.ts'
import type { SearchingHost } from '../../src/fetch/holder-search.ts'

/** What js-libp2p tells of one key. */
const MOST = 20

export class FakeDht {
  readonly records = new Map<string, PeerId[]>()
  readonly cancelled: string[] = []
  provides = 0
  fails = false

  async host(): Promise<AnnouncingHost & SearchingHost> {
    const peerId = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
    return {
      peerId,
      peerStore: { merge: () => Promise.resolve({} as never) },
      contentRouting: {
        provide: (key) => {
          this.provides++
          if (this.fails) return Promise.reject(new Error('nobody there'))
          const known = this.records.get(String(key)) ?? []
          this.records.set(String(key), [...known.filter((one) => !one.equals(peerId)), peerId])
          return Promise.resolve()
        },
        cancelReprovide: (key) => {
          this.cancelled.push(String(key))
          return Promise.resolve()
        },
        findProviders: (key) => this.#find(String(key)),
      },
    }
  }

  async *#find(key: string): AsyncGenerator<Provider> {
    const multiaddrs = [multiaddr('/ip4/127.0.0.1/tcp/1')]
    for (const id of (this.records.get(key) ?? []).slice(0, MOST)) {
      yield await Promise.resolve({ id, multiaddrs, routing: 'test' })
    }
  }
}
