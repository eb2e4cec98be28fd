import { expect } from 'chai'
import fc from 'fast-check'
import { OwnBids } from '../../../src/market/auction/own-bids.ts'
import { packRecords, unpackRecords } from '../../../src/market/auction/pack-records.ts'
import {
  decodeSeatRecord,
  encodeSeatRecord,
  headerIn,
} from '../../../src/market/auction/seat-record.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { expectCode } from '../../support/expect-code.ts'
import { AuctionFixture, MemoryRecords } from './auction-fixture.ts'

const parts = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 })

describe('packRecords', () => {
  it('gives back what went in', () => {
    fc.assert(
      fc.property(parts, (all) => {
        expect(unpackRecords(packRecords(all))).to.deep.equal(all)
      }),
    )
  })

  it('answers any bytes with parts or STORE_CORRUPT', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          expect(packRecords(unpackRecords(bytes))).to.deep.equal(bytes)
        } catch (error) {
          expect((error as DuckMeshError).code).to.equal('STORE_CORRUPT')
        }
      }),
    )
  })
})

describe('records of the auction', () => {
  it('an own bid comes back whole', async () => {
    const fix = new AuctionFixture()
    const job = await fix.header()
    const own = await fix.own(job, await fix.bid(job, 'd'), ['a', 'b'])
    const store = new OwnBids({ records: new MemoryRecords() })
    await store.save(job.jobId, own)
    expect(await store.find(job.jobId, 0)).to.deep.equal(own)
    expect(await store.find(job.jobId, 1)).to.equal(undefined)
  })

  it('a damaged own bid is STORE_CORRUPT, not a bid', async () => {
    const fix = new AuctionFixture()
    const job = await fix.header()
    const records = new MemoryRecords()
    const store = new OwnBids({ records })
    await store.save(job.jobId, await fix.own(job, await fix.bid(job, 'd'), ['a']))
    const [key, bytes] = [...records.records][0] ?? expect.fail()
    records.records.set(key, bytes.subarray(0, bytes.length - 1))
    await expectCode('STORE_CORRUPT', () => store.find(job.jobId, 0))
    const [header, bid] = unpackRecords(bytes)
    records.records.set(key, packRecords([header, bid] as Uint8Array[]))
    await expectCode('STORE_CORRUPT', () => store.find(job.jobId, 0))
  })

  it('a seat record comes back with and without its match', async () => {
    const fix = new AuctionFixture()
    const received = await fix.received()
    const { envelope, header } = received
    const set = await fix.set(received, 'a', [await fix.relayed(received, 'd')])
    const match = { set, passes: [] }
    expect(decodeSeatRecord(encodeSeatRecord({ envelope }))).to.deep.equal({ envelope })
    expect(decodeSeatRecord(encodeSeatRecord({ envelope, match }))).to.deep.equal({
      envelope,
      match,
    })
    expect(headerIn(envelope)).to.deep.equal(header)
  })

  it('any bytes are a seat record or a coded error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          decodeSeatRecord(bytes)
        } catch (error) {
          expect(error).to.be.instanceOf(DuckMeshError)
        }
      }),
    )
  })
})
