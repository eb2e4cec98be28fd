import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, PeerId, Provider } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { silentLogger, systemClock } from '@duckmesh/sdk'
import { NeighbourFinder } from '../../src/peer/neighbour-finder.ts'
import type { NeighbourHost } from '../../src/peer/neighbour-finder.ts'
import { addressOf, withHosts } from '../host/hosts.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { settle } from '../settle.ts'

async function randomPeer(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

/** A host whose DHT and dials a test writes down. */
class FakeHost implements NeighbourHost {
  readonly peerId: PeerId
  providers: PeerId[] = []
  readonly unreachable = new Set<PeerId>()
  readonly connected = new Set<PeerId>()
  provides = 0
  readonly dials: PeerId[] = []
  provide: (signal: AbortSignal) => Promise<void> = () => Promise.resolve()

  constructor(peerId: PeerId) {
    this.peerId = peerId
  }

  readonly contentRouting: NeighbourHost['contentRouting'] = {
    provide: (_key, options) => {
      this.provides += 1
      return this.provide(options!.signal!)
    },
    findProviders: () => this.#found(),
  }

  readonly peerStore: NeighbourHost['peerStore'] = { merge: () => Promise.resolve({} as never) }

  getConnections(peer?: PeerId): Connection[] {
    return [...this.connected].some((one) => one === peer) ? [{} as Connection] : []
  }

  dial(peer: unknown): Promise<Connection> {
    const id = peer as PeerId
    this.dials.push(id)
    if (this.unreachable.has(id)) return Promise.reject(new Error('refused'))
    this.connected.add(id)
    return Promise.resolve({} as Connection)
  }

  async *#found(): AsyncGenerator<Provider> {
    for (const id of this.providers) {
      yield { id, multiaddrs: [multiaddr('/ip4/127.0.0.1/tcp/1')], routing: 'test' }
    }
  }
}

async function world() {
  const clock = new ManualClock()
  const logger = new NotedLogs()
  const host = new FakeHost(await randomPeer())
  const finder = new NeighbourFinder({ host, clock, logger, network: '31337-00000000' })
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    for (let turn = 0; turn < 5; turn += 1) await settle()
  }
  return { clock, finder, host, logger, pass }
}

describe('NeighbourFinder', () => {
  it('announces at the start, then dials who else is announced, itself left out', async () => {
    const { finder, host, pass } = await world()
    const other = await randomPeer()
    host.providers = [host.peerId, other]
    await finder.start()
    expect(host.provides).to.equal(1)
    expect(host.dials).to.deep.equal([])
    await pass(2_000)
    expect(host.provides).to.equal(2)
    expect(host.dials).to.deep.equal([other])
    await pass(60_000)
    expect(host.dials).to.deep.equal([other])
    finder.stop()
  })

  it('looks again after 2, 4, 8 … 60 s until a neighbour is there, then every 60 s', async () => {
    const { clock, finder, host, pass } = await world()
    await finder.start()
    let at = 0
    for (const pause of [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      expect(clock.pending).to.deep.equal([at + pause])
      await pass(pause)
      at += pause
    }
    host.providers = [await randomPeer()]
    await pass(60_000)
    expect(clock.pending).to.deep.equal([at + 120_000])
    finder.stop()
  })

  it('goes on to the next when one cannot be dialled, and does not count it', async () => {
    const { clock, finder, host, logger, pass } = await world()
    const [gone, there] = [await randomPeer(), await randomPeer()]
    host.unreachable.add(gone)
    host.providers = [gone, there]
    await finder.start()
    await pass(2_000)
    expect(host.dials).to.deep.equal([gone, there])
    expect(logger.of('peer.not_dialled')).to.have.length(1)
    host.providers = [gone]
    await pass(60_000)
    expect(clock.pending).to.deep.equal([62_000 + 60_000])
    finder.stop()
  })

  it('stops dialling at eight neighbours', async () => {
    const { finder, host, pass } = await world()
    host.providers = await Promise.all(Array.from({ length: 10 }, () => randomPeer()))
    await finder.start()
    await pass(2_000)
    expect(host.dials).to.have.length(8)
    finder.stop()
  })

  it('gives up an announcement after 10 s and starts all the same', async () => {
    const { clock, finder, host, logger } = await world()
    host.provide = (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
      })
    const starting = finder.start()
    await clock.timerSet()
    clock.advance(10_000)
    await starting
    expect(logger.of('peer.not_announced')).to.deep.equal([{ code: 'TIMED_OUT' }])
    finder.stop()
  })

  it('sets no timer when it is stopped while it starts', async () => {
    const { clock, finder, host } = await world()
    let open: () => void = () => undefined
    host.provide = () =>
      new Promise((resolve) => {
        open = resolve
      })
    const starting = finder.start()
    await clock.timerSet()
    finder.stop()
    open()
    await starting
    expect(clock.pending).to.deep.equal([])
  })

  it('lets two providers that know one seed find each other', async () => {
    await withHosts([{}, {}, {}], async (seed, one, two) => {
      const address = multiaddr(addressOf(seed, 'tcp'))
      await Promise.all([one.dial(address), two.dial(address)])
      const connected = new Promise((resolve) => {
        one.addEventListener('peer:connect', ({ detail }) => {
          if (detail.equals(two.peerId)) resolve(detail)
        })
      })
      const shared = { clock: systemClock, logger: silentLogger, network: '31337-00000000' }
      const finders = [one, two].map((host) => new NeighbourFinder({ ...shared, host }))
      await Promise.all(finders.map((finder) => finder.start()))
      await connected
      for (const finder of finders) finder.stop()
    })
  })
})
