import { offerCodec } from '@duckmesh/proto'
import { expect } from 'chai'
import fc from 'fast-check'
import { OfferBook } from '../../src/market/offer-book.ts'
import { offerHash } from '../../src/market/offer-hash.ts'
import { OwnOffers } from '../../src/market/own-offers.ts'
import { MeshFixture, modelIn } from '../support/mesh-fixtures.ts'
import { testPeerSigner } from '../support/test-crypto.ts'
import type { BookEntry } from '../../src/market/interface.ts'
import type { Offer } from '@duckmesh/proto'

describe('offer book', () => {
  let mesh: MeshFixture
  let book: OfferBook
  let now: number

  beforeEach(() => {
    mesh = new MeshFixture()
    book = new OfferBook()
    now = mesh.clock.now()
  })

  function entry(
    label: string,
    changes: Partial<BookEntry> = {},
    offer: Partial<Offer> = {},
  ): BookEntry {
    const body = mesh.offer(label, offer)
    return {
      offer: body,
      peerKey: testPeerSigner(label).peerKey,
      offerHash: offerHash(offerCodec.encode(body)),
      envelope: { body: new Uint8Array(1), sig: new Uint8Array(64) },
      issuedAtMs: now,
      seq: mesh.nextSeq(),
      ...changes,
    }
  }
  const [model] = new MeshFixture().offer('duck').models
  const inShard = (shard: number) => ({ ...(model ?? expect.fail()), modelId: modelIn(shard) })

  it('lists the live offers of a model', () => {
    book.put(entry('duck'), now)
    book.put(entry('goose', {}, { models: [inShard(3), inShard(5)] }), now)
    expect(book.list(modelIn(3), now)).to.have.length(2)
    expect(book.list(modelIn(5), now).map(({ model: each }) => each.modelId)).to.deep.equal([
      modelIn(5),
    ])
    expect(book.list(modelIn(7), now)).to.deep.equal([])
  })

  it('shows nothing that expired, before and after it is dropped', () => {
    book.put(entry('duck'), now)
    expect(book.list(modelIn(3), now + 29_999)).to.have.length(1)
    expect(book.list(modelIn(3), now + 30_000)).to.deep.equal([])
    expect(book.entries(now + 30_000)).to.deep.equal([])
    expect(book.expire(now + 30_000)).to.equal(1)
    expect(book.size).to.equal(0)
    expect(book.put(entry('duck'), now + 30_000)).to.equal('stale')
  })

  it('keeps the newest of a peer in whatever order they come', () => {
    const older = entry('duck', { issuedAtMs: now - 5 })
    const newer = entry('duck', {}, { models: [inShard(5)] })
    expect(book.put(newer, now)).to.equal('added')
    expect(book.put(older, now)).to.equal('stale')
    expect(book.put(newer, now)).to.equal('stale')
    expect(book.put({ ...newer, seq: newer.seq + 1 }, now)).to.equal('replaced')
    expect(book.list(modelIn(3), now)).to.deep.equal([])
    expect(book.list(modelIn(5), now)).to.have.length(1)
  })

  it('refuses newcomers when it is full of live offers, and takes them when some expired', () => {
    book = new OfferBook({ maxOffers: 2 })
    book.put(entry('a', {}, { expiryMs: now + 10 }), now)
    book.put(entry('b'), now)
    expect(book.put(entry('c'), now)).to.equal('full')
    expect(book.put(entry('b'), now)).to.equal('replaced')
    expect(book.put(entry('c'), now + 10)).to.equal('added')
  })

  it('has a bound per model', () => {
    book = new OfferBook({ maxPerModel: 1 })
    book.put(entry('a'), now)
    expect(book.put(entry('b'), now)).to.equal('full')
    expect(book.put(entry('b', {}, { models: [inShard(5)] }), now)).to.equal('added')
  })

  it('keeps both indexes in step, whatever happens', () => {
    const labels = ['a', 'b', 'c', 'd']
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3), fc.nat(2), fc.nat(40_000)), { maxLength: 30 }),
        (steps) => {
          const each = new OfferBook({ maxOffers: 3, maxPerModel: 2 })
          let time = now
          for (const [who, shard, wait] of steps) {
            time += wait
            const models = [inShard(shard), inShard(shard + 1)]
            const label = labels[who] ?? 'a'
            each.put(entry(label, { issuedAtMs: time }, { models, expiryMs: time + 30_000 }), time)
            const listed = [0, 1, 2, 3].flatMap((i) => each.list(modelIn(i), time))
            expect(listed).to.have.length(2 * each.entries(time).length)
            expect(each.size).to.be.at.most(3)
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it('knows an own offer by its hash until 10 s after its end', () => {
    const own = new OwnOffers()
    const offer = mesh.offer('duck')
    const hash = own.add(offer, now)
    expect(hash).to.equal(entry('duck').offerHash)
    expect(own.find(hash, now + 39_999)).to.deep.equal(offer)
    expect(own.find(hash, now + 40_000)).to.equal(undefined)
    expect(own.find(`0x${'00'.repeat(32)}`, now)).to.equal(undefined)
  })
})
