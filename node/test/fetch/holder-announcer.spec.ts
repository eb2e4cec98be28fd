/** Tests: HolderAnnouncer and holderSearch, on one DHT. */
import { expect } from 'chai'
import { bucketOf, holderKey } from '@duckmesh/protocols/fetch'
import type { Hex } from '@duckmesh/protocols'
import { discoveryKey } from '@duckmesh/protocols/market'
import { peerKeyOf } from '@duckmesh/protocols/mesh'
import type { PeerId } from '@libp2p/interface'
import { HolderAnnouncer } from '../../src/fetch/holder-announcer.ts'
import { holderSearch } from '../../src/fetch/holder-search.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { settle } from '../settle.ts'
import { FakeDht } from './fake-dht.ts'

const network = '31337-5fbdb231'
const model: Hex = `0x${'3d'.repeat(32)}`
const other: Hex = `0x${'4e'.repeat(32)}`
const HOUR_MS = 3_600_000

interface Announcing {
  announcer: HolderAnnouncer
  peerKey: Hex
  /** Changed by tests. */
  models: Hex[]
}

describe('HolderAnnouncer', () => {
  let dht: FakeDht
  let clock: ManualClock
  const started: HolderAnnouncer[] = []

  beforeEach(() => {
    dht = new FakeDht()
    clock = new ManualClock()
  })

  afterEach(() => {
    for (const announcer of started.splice(0)) announcer.stop()
  })

  async function announce(...models: Hex[]): Promise<Announcing> {
    const host = await dht.host()
    const peerKey = peerKeyOf(host.peerId)
    const held = { models }
    const announcer = new HolderAnnouncer({
      ...{ host, clock, logger: new NotedLogs(), network, peerKey },
      models: () => Promise.resolve(held.models),
    })
    started.push(announcer)
    announcer.start()
    await quiet()
    return Object.assign(held, { announcer, peerKey })
  }

  async function pass(ms: number): Promise<void> {
    clock.advance(ms)
    await quiet()
  }

  async function under(modelId: Hex, bucket = ''): Promise<PeerId[]> {
    return dht.records.get(String(await holderKey(network, modelId, bucket))) ?? []
  }

  async function search(first: number): Promise<string[]> {
    const rng = { bytes: () => Uint8Array.of(first) }
    const host = await dht.host()
    const find = holderSearch({ host, clock, logger: new NotedLogs(), rng, network }, model)
    const found: string[] = []
    for await (const peer of find(new AbortController().signal)) found.push(peer.toString())
    return found
  }

  it('announces what is there at the start, what is added within a minute, and all again after hours', async () => {
    const one = await announce(model)
    expect(await under(model)).to.have.length(1)
    one.models = [model, other]
    await pass(60_000)
    expect(await under(other)).to.have.length(1)
    expect(dht.provides).to.equal(2)
    for (let hour = 0; hour < 7; hour++) await pass(HOUR_MS)
    expect(dht.provides).to.equal(4)
  })

  it('announces what was removed no more', async () => {
    const one = await announce(model)
    one.models = []
    await pass(60_000)
    expect(dht.cancelled).to.include(String(await holderKey(network, model)))
    for (let hour = 0; hour < 7; hour++) await pass(HOUR_MS)
    expect(dht.provides).to.equal(1)
  })

  it('tries again within a minute after a failure, and not after it was stopped', async () => {
    dht.fails = true
    const one = await announce(model)
    expect(await under(model)).to.deep.equal([])
    dht.fails = false
    await pass(60_000)
    expect(await under(model)).to.have.length(1)
    one.announcer.stop()
    expect(clock.pending).to.deep.equal([])
  })

  it('takes the key of its bucket when 16 others have the plain one', async () => {
    for (let i = 0; i < 16; i++) await announce(model)
    expect(await under(model)).to.have.length(16)
    const late = await announce(model)
    expect(await under(model)).to.have.length(16)
    expect(await under(model, await bucketOf(late.peerKey, 4))).to.have.length(1)
  })

  it('is found by a search: under the plain key, and in the bucket that is drawn when that is crowded', async () => {
    for (let i = 0; i < 16; i++) await announce(model)
    const late = await announce(model)
    const bucket = Number.parseInt(await bucketOf(late.peerKey, 8), 16)
    expect(await search(bucket)).to.have.length(17)
    expect(await search((bucket + 0x10) % 256)).to.have.length(16)
  })

  it('is found as a provider of the network when nobody announced the model', async () => {
    const provider = await dht.host()
    await provider.contentRouting.provide(await discoveryKey(network))
    expect(await search(0)).to.deep.equal([provider.peerId.toString()])
    await announce(model)
    expect(await search(0)).to.not.include(provider.peerId.toString())
  })
})

/** Everything that is ready has run: a round is a long row of promises. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await settle()
}
