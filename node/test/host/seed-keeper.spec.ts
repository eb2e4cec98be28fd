import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { Logger } from '@duckmesh/protocols'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'chai'
import type { PeerHost } from '../../src/host/interface.ts'
import { SeedKeeper } from '../../src/host/seed-keeper.ts'
import { ManualClock } from '../manual-clock.ts'
import { rejection } from '../reject.ts'
import { addressOf, nextEvent, startHost, withHosts } from './hosts.ts'

const logger: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined }
/** No jitter. */
const rng = { bytes: (length: number): Uint8Array => new Uint8Array(length) }

/** A port of loopback where nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const deadSeed = async (): Promise<string> => `/ip4/127.0.0.1/tcp/${(await freePort()).toString()}`

async function withKeeper(
  host: PeerHost,
  init: ConstructorParameters<typeof SeedKeeper>[1],
  use: (keeper: SeedKeeper, clock: ManualClock) => Promise<void>,
): Promise<void> {
  const clock = new ManualClock()
  const keeper = new SeedKeeper({ host, clock, rng, logger }, init)
  try {
    await use(keeper, clock)
  } finally {
    keeper.stop()
  }
}

describe('SeedKeeper', () => {
  it('joins at once when there is no seed, or only itself', async () => {
    await withHosts([{}], async (host) => {
      await withKeeper(host, { seeds: [] }, (keeper) => keeper.join())
      await withKeeper(host, { seeds: [addressOf(host, 'tcp')] }, (keeper) => keeper.join())
    })
  })

  it('joins as soon as one seed answers, although another is down', async () => {
    await withHosts([{}, {}], async (seed, host) => {
      const seeds = [await deadSeed(), addressOf(seed, 'ws')]
      await withKeeper(host, { seeds }, async (keeper) => {
        await keeper.join()
        expect(host.getPeers().map(String)).to.deep.equal([seed.peerId.toString()])
      })
    })
  })

  it('joins without its seeds when a peer that it knew is connected', async () => {
    await withHosts([{}, {}], async (known, host) => {
      await host.dial(known.getMultiaddrs())
      await withKeeper(host, { seeds: [await deadSeed()] }, async (keeper, clock) => {
        await keeper.join()
        await clock.timerSet()
        expect(clock.pending[0], 'the seed is dialled again').to.equal(clock.now() + 250)
      })
    })
  })

  it('says NO_PEERS with every address and its reason after the last round, pausing twice as long each time', async () => {
    await withHosts([{}], async (host) => {
      const seeds = [await deadSeed(), await deadSeed()]
      await withKeeper(host, { seeds, rounds: 3 }, async (keeper, clock) => {
        const joined = rejection(keeper.join())
        const pauses: number[] = []
        for (let round = 1; round <= 3; round++) {
          await clock.timerSet()
          const pause = (clock.pending[0] ?? 0) - clock.now()
          pauses.push(pause)
          if (round < 3) clock.advance(pause)
        }
        expect(pauses).to.deep.equal([250, 500, 1000])
        const error = await joined
        expect(error.code).to.equal('NO_PEERS')
        const tried = error.details['tried'] as string[]
        expect(tried).to.have.length(2)
        for (const [index, seed] of seeds.entries()) {
          expect(tried[index]).to.contain(seed).and.contain('ECONNREFUSED')
          expect(error.message).to.contain(seed)
        }
      })
    })
  })

  it('joins a seed that comes up between two rounds', async () => {
    const privateKey = await generateKeyPair('Ed25519')
    const tcp = await freePort()
    await withHosts([{}], async (host) => {
      await withKeeper(
        host,
        { seeds: [`/ip4/127.0.0.1/tcp/${tcp.toString()}`] },
        async (keeper, clock) => {
          const joined = keeper.join()
          await clock.timerSet()
          const seed = await startHost({ privateKey, listen: { host: '127.0.0.1', tcp, ws: 0 } })
          clock.advance(1_000)
          await joined
          expect(host.getPeers().map(String)).to.deep.equal([seed.peerId.toString()])
          await seed.stop()
        },
      )
    })
  })

  it('dials a seed again when the connection is lost', async () => {
    await withHosts([{}, {}], async (seed, host) => {
      await withKeeper(host, { seeds: [addressOf(seed, 'tcp')] }, async (keeper, clock) => {
        const seen = nextEvent(seed, 'peer:connect')
        await keeper.join()
        await seen
        const lost = nextEvent(host, 'peer:disconnect')
        await seed.hangUp(host.peerId)
        await lost
        await clock.timerSet()
        const back = nextEvent(host, 'peer:connect')
        clock.advance(1_000)
        await back
        expect(host.getPeers().map(String)).to.deep.equal([seed.peerId.toString()])
      })
    })
  })

  it('rejects a waiting join with SHUTTING_DOWN when it is stopped, and dials no more', async () => {
    await withHosts([{}], async (host) => {
      await withKeeper(host, { seeds: [await deadSeed()] }, async (keeper, clock) => {
        const joined = rejection(keeper.join())
        await clock.timerSet()
        keeper.stop()
        expect((await joined).code).to.equal('SHUTTING_DOWN')
        expect(clock.pending).to.deep.equal([])
      })
    })
  })
})
