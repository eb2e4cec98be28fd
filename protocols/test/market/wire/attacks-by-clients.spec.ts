import { expect } from 'chai'
import type { Hex } from '@duckmesh/proto'
import { checkAuctionAward } from '../../../src/market/auction/check-auction-award.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { expectCode } from '../../support/expect-code.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { testSigner } from '../../support/test-crypto.ts'
import { DUCK } from '../auction/auction-fixture.ts'
import type { HeaderChanges } from '../auction/auction-fixture.ts'
import { MarketWorld } from './market-world.ts'

describe('attacks by clients', () => {
  let world: MarketWorld

  beforeEach(() => {
    world = new MarketWorld(['a', 'b'], { p: 100n, q: 200n })
  })

  /** Sends a header to seat a and tells the code it was refused with. */
  async function refusal(changes: HeaderChanges = {}, client = 'client'): Promise<DuckMeshError> {
    const { envelope, jobId } = await world.fix.received(changes)
    const run = world.connect('a', client).header(envelope, { jobId, attempt: 0 })
    return expectRefused(run.ack)
  }

  async function expectRefused(ack: Promise<unknown>): Promise<DuckMeshError> {
    try {
      await ack
    } catch (error) {
      if (error instanceof DuckMeshError) return error
    }
    return expect.fail('not refused')
  }

  it('refuses a header from an unfunded client: UNFUNDED', async () => {
    world.funds.set(testSigner('client').address, 10n * DUCK - 1n)
    expect((await refusal()).code).to.equal('UNFUNDED')
    world.funds.set(testSigner('client').address, 'unknown')
    expect((await refusal()).code).to.equal('CHAIN_UNREACHABLE')
  })

  it('refuses a header on the stream of another peer: BINDING_MISMATCH', async () => {
    expect((await refusal({}, 'thief')).code).to.equal('BINDING_MISMATCH')
  })

  const wrong: [name: string, code: string, HeaderChanges][] = [
    ['with an order of another payer', 'HEADER_INVALID', { payer: testSigner('other').address }],
    ['of a mode that is not auctioned', 'NOT_SUPPORTED', { mode: 2 }],
    ['with replicas in mode 1', 'HEADER_INVALID', { replicas: 2 }],
    ['with a bucket that is no power of two', 'HEADER_INVALID', { inBucket: 65 }],
    ['with a deadline hours ahead', 'HEADER_INVALID', { deadline: 1_800_000_000 + 7_200 }],
  ]
  for (const [name, code, changes] of wrong) {
    it(`refuses a header ${name}: ${code}`, async () => {
      expect((await refusal(changes)).code).to.equal(code)
    })
  }

  it('refuses a header that is too old: ENVELOPE_STALE', async () => {
    const { envelope, jobId } = await world.fix.received()
    await world.clock.advance(10_001)
    const run = world.connect('a').header(envelope, { jobId, attempt: 0 })
    await expectCode('ENVELOPE_STALE', () => run.ack)
  })

  it('refuses a header changed on the way: BAD_SIGNATURE', async () => {
    const { envelope, header, jobId } = await world.fix.received()
    const other = await world.fix.seal({ ...header, maxTokens: 1 })
    const forged = { body: other.body, sig: envelope.sig }
    const run = world.connect('a').header(forged, { jobId, attempt: 0 })
    await expectCode('BAD_SIGNATURE', () => run.ack)
  })

  it('breaks the stream on bytes that are no header', async () => {
    const envelope = { body: new Uint8Array(20), sig: new Uint8Array(64) }
    const run = world.connect('a').header(envelope, { jobId: `0x${'00'.repeat(32)}`, attempt: 0 })
    await expectCode('STREAM_CLOSED', () => run.ack)
  })

  it('refuses a second header of an attempt with another reply key', async () => {
    const { header, jobId, envelope } = await world.fix.received()
    const ref = { jobId, attempt: 0 }
    const other = (await world.fix.header({ reply: 'other' })).header.replyKey
    const resealed = await world.fix.seal({ ...header, replyKey: other })
    const first = world.connect('a').header(envelope, ref)
    await first.ack
    await expectCode('HEADER_INVALID', () => world.connect('a').header(resealed, ref).ack)
    await world.seen('bidAck', 2)
    await world.clock.advance(30)
    await world.seen('match', 1)
    await expectCode('MATCH_CONTRADICTS', () => world.connect('a').header(resealed, ref).ack)
    // Also after a restart of the seat.
    const { records } = world.node('a')
    world.kill('a')
    world.add('a', { records })
    await expectCode('MATCH_CONTRADICTS', () => world.connect('a').header(resealed, ref).ack)
  })

  it('refuses a flood of headers by the funds of the payer: RATE_LIMITED', async () => {
    world.funds.set(testSigner('client').address, 10n * DUCK)
    const headers = await Promise.all(Array.from({ length: 14 }, () => world.fix.received()))
    const connection = world.connect('a')
    const codes = await Promise.all(
      headers.map(({ envelope, jobId }) =>
        connection
          .header(envelope, { jobId, attempt: 0 })
          .ack.then(() => 'ok')
          .catch((error: unknown) => (error as DuckMeshError).code),
      ),
    )
    expect(codes.filter((code) => code === 'ok')).to.have.length(10)
    expect(codes.filter((code) => code === 'RATE_LIMITED')).to.have.length(4)
  })

  it('holds 64 auctions of one payer open at a time, and goes on afterwards', async () => {
    world.tap = ({ frame }) => (frame.kind === 'invite' ? [] : [frame])
    const headers = await Promise.all(Array.from({ length: 66 }, () => world.fix.received()))
    const connections = [world.connect('a'), world.connect('a', 'client')]
    const acks = headers.map(({ envelope, jobId }, i) => {
      const connection = connections[i % 2] ?? expect.fail()
      return connection.header(envelope, { jobId, attempt: 0 }).ack
    })
    const settled = await Promise.allSettled(acks)
    expect(settled.filter(({ status }) => status === 'fulfilled')).to.have.length(64)
    await world.clock.advance(250)
    await world.seen('match', 64)
    const { envelope, jobId } = await world.fix.received()
    await world.connect('a').header(envelope, { jobId, attempt: 0 }).ack
  })

  it('resets a stream that floods frames, and the next one until the quota is back', async () => {
    const { envelope } = await world.fix.received()
    const { near, far } = world.join('client', 'a', 'client')
    const served = world.node('a').server.serve(far)
    const flood = async (): Promise<void> => {
      for (let i = 0; i < 400; i++) await near.stream.send({ kind: 'header', header: envelope })
    }
    await expectCode('STREAM_CLOSED', flood)
    await served
    const again = world.join('client', 'a', 'client')
    const servedAgain = world.node('a').server.serve(again.far)
    await again.near.stream.send({ kind: 'header', header: envelope })
    await servedAgain
    expect(again.far.stream.closed).to.equal(true)
  })

  it('breaks off on frames that are not a client’s, and on peers without a provider', async () => {
    const jobId: Hex = `0x${'00'.repeat(32)}`
    const refuse = { jobId, attempt: 0, code: 'X', detail: '' }
    for (const role of ['client', 'peer'] as const) {
      const { near, far } = world.join('stranger', 'a', role)
      const served = world.node('a').server.serve(far)
      await near.stream.send({ kind: 'refuse', refuse }).catch(() => undefined)
      await served
      expect(far.stream.closed).to.equal(true)
    }
    const { near, far } = world.join('p', 'a', 'peer')
    const served = world.node('a').server.serve(far)
    const { envelope } = await world.fix.received()
    await near.stream.send({ kind: 'header', header: envelope })
    await served
    expect(far.stream.closed).to.equal(true)
  })

  it('the winners refuse an award out of turn and one at a wrong price', async () => {
    const result = await world.auction(await world.input(), { seats: ['a', 'b'], acks: 4 })
    const second = result.choice.ranked[1]?.bid ?? expect.fail()
    const components = { ...world.fix.components, bids: world.node('q').bids }
    const check = (changes: object) => {
      const frame = world.fix.award(result, second, result.proof, changes)
      return checkAuctionAward(frame, components, ownerOf('q'))
    }
    await expectCode('CHOICE_WRONG', () => check({}))
    await expectCode('PRICE_MISMATCH', () => check({ segment: 1, priceOut: 1n }))
  })
})
