import { expect } from 'chai'
import { OfferPublisher } from '../../../src/market/wire/offer-publisher.ts'
import { offerHash } from '../../../src/market/offer-hash.ts'
import { offerCodec } from '@duckmesh/proto'
import { memoryLogger } from '../../support/memory-logger.ts'
import { MeshFixture } from '../../support/mesh-fixtures.ts'
import type { MemoryLogger } from '../../support/memory-logger.ts'
import type { Envelope, Offer } from '@duckmesh/proto'

describe('offer publisher', () => {
  let mesh: MeshFixture
  let logger: MemoryLogger
  let published: { at: number; offer: Offer }[]
  let fails: boolean
  let models: Offer['models']
  let publisher: OfferPublisher
  let start: number

  beforeEach(() => {
    mesh = new MeshFixture()
    logger = memoryLogger()
    published = []
    fails = false
    models = mesh.offer('duck').models
    start = mesh.clock.now()
    publisher = new OfferPublisher({
      clock: mesh.clock,
      logger,
      publish(offer) {
        if (fails) return Promise.reject(new Error('no peers'))
        published.push({ at: mesh.clock.now() - start, offer })
        const envelope: Envelope = { body: offerCodec.encode(offer), sig: new Uint8Array(64) }
        return Promise.resolve(envelope)
      },
      source: () => ({ provider: mesh.offer('duck').provider, models, slots: 4 }),
    })
  })

  afterEach(() => {
    publisher.stop()
  })

  const times = () => published.map(({ at }) => at)

  it('publishes at once and every 10 s, each for 30 s', async () => {
    publisher.start()
    await mesh.clock.advance(25_000)
    expect(times()).to.deep.equal([0, 10_000, 20_000])
    expect(published.map(({ at, offer }) => offer.expiryMs - start - at)).to.deep.equal([
      30_000, 30_000, 30_000,
    ])
    publisher.stop()
    await mesh.clock.advance(60_000)
    expect(published).to.have.length(3)
  })

  it('publishes a change at once, but never twice within a second', async () => {
    publisher.start()
    await mesh.clock.advance(5_000)
    for (let i = 0; i < 4; i++) {
      publisher.changed()
      await mesh.clock.advance(300)
    }
    await mesh.clock.advance(10_000)
    expect(times()).to.deep.equal([0, 5_000, 6_000, 16_000])
  })

  it('does nothing on a change before start or after stop', async () => {
    publisher.changed()
    publisher.start()
    publisher.stop()
    publisher.changed()
    await mesh.clock.advance(60_000)
    expect(times()).to.deep.equal([0])
  })

  it('serves the latest offer as record while it lives, and knows its offers by hash', async () => {
    expect(publisher.record()).to.equal(undefined)
    publisher.start()
    await mesh.clock.advance(0)
    const first = published[0]?.offer ?? expect.fail()
    expect(publisher.record()?.body).to.deep.equal(offerCodec.encode(first))
    const hash = offerHash(offerCodec.encode(first))
    expect(publisher.find(hash)).to.deep.equal(first)
    publisher.stop()
    await mesh.clock.advance(30_000)
    expect(publisher.record()).to.equal(undefined)
    expect(publisher.find(hash)).to.deep.equal(first)
    await mesh.clock.advance(10_000)
    expect(publisher.find(hash)).to.equal(undefined)
  })

  it('goes on after a failed publication and says so', async () => {
    fails = true
    publisher.start()
    await mesh.clock.advance(9_000)
    expect(logger.entries.map(({ event }) => event)).to.deep.equal(['market.offer_not_published'])
    fails = false
    await mesh.clock.advance(1_000)
    expect(times()).to.deep.equal([10_000])
  })

  it('publishes nothing while there is no model', async () => {
    models = []
    publisher.start()
    await mesh.clock.advance(10_000)
    expect(published).to.deep.equal([])
  })
})
