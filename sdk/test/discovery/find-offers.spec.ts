import type { BookEntry, CapsAnswer, CapsOptions, Load } from '@duckmesh/protocols/market'
import { peerIdStringOf } from '@duckmesh/protocols/mesh'
import type { PeerId, Provider } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { OfferFinder } from '../../src/discovery/find-offers.ts'
import { silentLogger } from '../../src/silent-logger.ts'
import { expectCode } from '../support/expect-code.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { bookEntry } from '../support/offers.ts'

const quiet = new AbortController().signal
const FREE: Load = { inFlight: 0, slots: 4, stepMs: 0 }

/** A DHT and providers as a test wants them. */
class World {
  readonly clock = new FakeClock()
  readonly asked: { peer: string; options: CapsOptions }[] = []
  readonly merged: string[] = []
  searches = 0
  providers: BookEntry[] = []
  /** Makes the answer of a provider. */
  answer: (entry: BookEntry) => Promise<CapsAnswer> = (record) =>
    Promise.resolve({ load: FREE, record })
  /** Waited for before the DHT tells its first provider. */
  before: (signal: AbortSignal | undefined) => Promise<void> = () => Promise.resolve()
  readonly finder: OfferFinder

  constructor() {
    const contentRouting = {
      findProviders: (_key: unknown, options: { signal?: AbortSignal } = {}) =>
        this.#found(options.signal),
    }
    const peerStore = {
      merge: (peer: PeerId) => {
        this.merged.push(peer.toString())
        return Promise.resolve({} as never)
      },
    }
    const caps = {
      request: (peer: PeerId, options: CapsOptions = {}) => this.#request(peer, options),
    }
    const host = { contentRouting, peerStore }
    const { clock } = this
    const logger = silentLogger
    this.finder = new OfferFinder({ host, caps, clock, network: '31337-00000000', logger })
  }

  offer(n: number): BookEntry {
    return bookEntry({ n, nowMs: this.clock.now() })
  }

  async *#found(signal?: AbortSignal): AsyncGenerator<Provider> {
    this.searches += 1
    await this.before(signal)
    for (const { peerKey } of this.providers) {
      const id = peerIdFromString(peerIdStringOf(peerKey))
      yield { id, multiaddrs: [multiaddr('/ip4/127.0.0.1/tcp/1')], routing: 'test' }
    }
  }

  #request(peer: PeerId, options: CapsOptions): Promise<CapsAnswer> {
    const name = peer.toString()
    this.asked.push({ peer: name, options })
    const entry = this.providers.find(({ peerKey }) => peerIdStringOf(peerKey) === name)
    return entry === undefined ? Promise.reject(new Error('gone')) : this.answer(entry)
  }
}

/** Rejects when the signal aborts. */
function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new Error('aborted'))
    })
  })
}

/** Runs the world's timers until the promise settles. */
async function run<T>(world: World, promise: Promise<T>): Promise<T> {
  const state = { over: false }
  const end = (): void => {
    state.over = true
  }
  promise.then(end, end)
  for (let ms = 0; ms < 60_000; ms += 50) {
    await settle()
    if (state.over) break
    await world.clock.advance(50)
  }
  return promise
}

describe('OfferFinder', () => {
  it('asks every provider of the DHT for its record, at its addresses', async () => {
    const world = new World()
    world.providers = [world.offer(1), world.offer(2)]
    const offers = await run(world, world.finder.offers(quiet))
    expect(offers).to.have.deep.members(world.providers)
    expect(world.merged).to.have.length(2)
    expect(world.asked.every(({ options }) => options.withRecord)).to.equal(true)
  })

  it('does not search again within 10 s, then refreshes behind the answer it knows', async () => {
    const world = new World()
    world.providers = [world.offer(1)]
    await run(world, world.finder.offers(quiet))
    await world.clock.advance(9_000)
    expect(await world.finder.offers(quiet)).to.have.length(1)
    expect(world.searches).to.equal(1)

    await world.clock.advance(1_500)
    const [old] = world.providers
    world.providers = [bookEntry({ n: 1, nowMs: world.clock.now() }), world.offer(2)]
    expect(await world.finder.offers(quiet)).to.deep.equal([old])
    await settle()
    expect(world.searches).to.equal(2)
    expect(await world.finder.offers(quiet)).to.have.deep.members(world.providers)
  })

  it('searches each time while nothing is known', async () => {
    const world = new World()
    expect(await run(world, world.finder.offers(quiet))).to.deep.equal([])
    expect(await run(world, world.finder.offers(quiet))).to.deep.equal([])
    expect(world.searches).to.equal(2)
  })

  it('makes one search for all who ask at the same time', async () => {
    const world = new World()
    world.providers = [world.offer(1)]
    const all = await run(world, Promise.all([1, 2, 3].map(() => world.finder.offers(quiet))))
    expect(all.map((offers) => offers.length)).to.deep.equal([1, 1, 1])
    expect(world.searches).to.equal(1)
    expect(world.asked).to.have.length(1)
  })

  it('answers 50 ms after the first offer, whoever else is silent', async () => {
    const world = new World()
    world.providers = [world.offer(1), world.offer(2)]
    const silent = world.providers[1]
    world.answer = (record) =>
      record === silent ? new Promise(() => undefined) : Promise.resolve({ load: FREE, record })
    const offers = world.finder.offers(quiet)
    let over = false
    void offers.then(() => {
      over = true
    })
    await world.clock.advance(49)
    expect(over).to.equal(false)
    await world.clock.advance(1)
    expect((await offers).map(({ peerKey }) => peerKey)).to.deep.equal([
      world.providers[0]?.peerKey,
    ])
  })

  it('leaves out providers that fail, and those without a record', async () => {
    const world = new World()
    world.providers = [world.offer(1), world.offer(2), world.offer(3)]
    const [first, second] = world.providers
    world.answer = (record) => {
      if (record === first) return Promise.reject(new Error('reset'))
      return Promise.resolve(record === second ? { load: FREE } : { load: FREE, record })
    }
    const offers = await run(world, world.finder.offers(quiet))
    expect(offers).to.deep.equal([world.providers[2]])
  })

  it('ends a search whose DHT hangs, and one whose DHT does not even look at its signal', async () => {
    const world = new World()
    world.before = untilAborted
    expect(await run(world, world.finder.offers(quiet))).to.deep.equal([])
    const deaf = new World()
    deaf.before = () => new Promise(() => undefined)
    await expectCode('TIMED_OUT', () => run(deaf, deaf.finder.offers(quiet)))
  })

  it('rejects with CANCELLED at once when the caller aborts, and serves the others', async () => {
    const world = new World()
    let open: () => void = () => undefined
    world.before = () =>
      new Promise((resolve) => {
        open = resolve
      })
    world.providers = [world.offer(1)]
    const controller = new AbortController()
    const cancelled = world.finder.offers(controller.signal)
    const patient = world.finder.offers(quiet)
    await settle()
    controller.abort()
    await expectCode('CANCELLED', () => cancelled)
    open()
    expect(await run(world, patient)).to.have.length(1)
    await expectCode('CANCELLED', () => new World().finder.offers(AbortSignal.abort()))
  })

  it('ends its search when it is stopped', async () => {
    const world = new World()
    world.before = untilAborted
    const offers = world.finder.offers(quiet)
    await settle()
    world.finder.stop()
    expect(await offers).to.deep.equal([])
  })

  it('asks a provider for its load once for all who want it now, and again when 2 s are over', async () => {
    const world = new World()
    const entry = world.offer(1)
    world.providers = [entry]
    const load = (): Promise<Load | undefined> => world.finder.load(entry, quiet)
    expect(await Promise.all([load(), load(), load()])).to.deep.equal([FREE, FREE, FREE])
    await world.clock.advance(1_999)
    await load()
    expect(world.asked).to.have.length(1)
    await world.clock.advance(1)
    await load()
    expect(world.asked).to.have.length(2)
    expect(world.asked[1]?.options.withRecord).to.equal(undefined)
  })

  it('asks a provider that was full again at once', async () => {
    const world = new World()
    const entry = world.offer(1)
    world.providers = [entry]
    world.answer = () => Promise.resolve({ load: { inFlight: 4, slots: 4, stepMs: 0 } })
    expect((await world.finder.load(entry, quiet))?.inFlight).to.equal(4)
    world.answer = () => Promise.resolve({ load: FREE })
    expect(await world.finder.load(entry, quiet)).to.deep.equal(FREE)
  })

  it('knows no load of a provider that fails, is silent, or is not waited for', async () => {
    const world = new World()
    const entry = world.offer(1)
    expect(await world.finder.load(entry, quiet)).to.equal(undefined)
    world.providers = [entry]
    world.answer = () => new Promise(() => undefined)
    expect(await world.finder.load(entry, AbortSignal.abort())).to.equal(undefined)
    const waiting = world.finder.load(entry, quiet)
    await world.clock.advance(15_000)
    expect(await waiting).to.equal(undefined)
  })
})

describe('OfferFinder without a seed', () => {
  it('asks the peers it knows when the DHT finds nobody any more', async () => {
    const world = new World()
    world.providers = [world.offer(1)]
    await run(world, world.finder.offers(quiet))
    const dht = world.before
    world.before = () => Promise.reject(new Error('no seed'))
    await world.clock.advance(31_000)
    world.providers = [world.offer(1)]
    const offers = await run(world, world.finder.offers(quiet))
    expect(offers).to.have.length(1)
    world.before = dht
  })

  it('asks a peer again at the address that the DHT tells, when it is not where it was', async () => {
    const world = new World()
    world.providers = [world.offer(1)]
    await run(world, world.finder.offers(quiet))
    await world.clock.advance(31_000)
    world.providers = [world.offer(1)]
    let failures = 1
    world.answer = (record) =>
      failures-- > 0 ? Promise.reject(new Error('moved')) : Promise.resolve({ load: FREE, record })
    expect(await run(world, world.finder.offers(quiet))).to.have.length(1)
    expect(world.searches).to.equal(2)
  })
})
