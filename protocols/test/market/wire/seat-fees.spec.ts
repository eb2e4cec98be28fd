import { expect } from 'chai'
import type { AuctionResult } from '../../../src/market/wire/auction-result.ts'
import type { FeeSigner } from '../../../src/market/wire/auctioneer.ts'
import { expectCode } from '../../support/expect-code.ts'
import { until } from '../../support/hosts.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { testSigner } from '../../support/test-crypto.ts'
import { MarketWorld } from './market-world.ts'

const CLIENT = testSigner('client').address

describe('fees of seats', () => {
  let world: MarketWorld

  beforeEach(() => {
    world = new MarketWorld(['a', 'b'], { p: 100n, q: 200n })
  })

  async function matched(): Promise<AuctionResult> {
    return world.auction(await world.input(), { seats: ['a'], acks: 2 })
  }

  const open = (result: AuctionResult, paid: bigint, fee?: FeeSigner) =>
    world.auctioneer(['a']).sendOpenings(result, [ownerOf('p')], paid, fee)

  /** The code with which seat a refuses openings. */
  async function refused(paid: bigint, fee?: FeeSigner): Promise<string> {
    const before = world.frames('refuse').length
    await open(await matched(), paid, fee)
    await world.seen('refuse', before + 1)
    return world.frames('refuse')[before]?.refuse.code ?? expect.fail()
  }

  it('takes 1 % rounded up, raising the total of the payer', async () => {
    let total = 0n
    for (const [paid, due] of [
      [100n, 1n],
      [101n, 2n],
      [1n, 1n],
    ] as const) {
      await open(await matched(), paid, (seat, amount) => {
        expect(amount).to.equal(due)
        total += amount
        return world.fee(seat, total)
      })
      await until(() => world.node('a').fees.totals.get(CLIENT) === total)
    }
    expect(total).to.equal(4n)
  })

  it('asks for none when nothing was paid', async () => {
    await open(await matched(), 0n)
    await world.seen('openings', 3)
    expect(world.frames('refuse')).to.deep.equal([])
  })

  it('takes openings that come again once', async () => {
    const result = await matched()
    const fee: FeeSigner = (seat, amount) => world.fee(seat, amount)
    await open(result, 100n, fee)
    await until(() => world.node('a').fees.totals.get(CLIENT) === 1n)
    await world.seen('openings', 3)
    await open(result, 100n, fee)
    await world.seen('openings', 4)
    await world.clock.advance(0)
    expect(world.frames('refuse')).to.deep.equal([])
    expect(world.frames('openings', { from: 'a' })).to.have.length(2)
  })

  const wrong: [name: string, code: string, FeeSigner | undefined][] = [
    ['no voucher', 'SEAT_FEE_DUE', undefined],
    ['a voucher that is too low', 'VOUCHER_INVALID', (seat) => world.fee(seat, 9n)],
    ['a voucher for another seat', 'VOUCHER_INVALID', (_seat, due) => world.fee(ownerOf('b'), due)],
    ['a voucher of another payer', 'VOUCHER_INVALID', (seat, due) => world.fee(seat, due, 'other')],
    [
      'a voucher changed after signing',
      'VOUCHER_INVALID',
      async (seat, due) => {
        const { voucher, signature } = await world.fee(seat, due)
        return { voucher: { ...voucher, cumulative: due * 2n }, signature }
      },
    ],
  ]
  for (const [name, code, fee] of wrong) {
    it(`refuses ${name}: ${code}`, async () => {
      expect(await refused(1_000n, fee)).to.equal(code)
      expect(world.node('a').fees.totals.size).to.equal(0)
      expect(world.frames('openings', { from: 'a' })).to.deep.equal([])
    })
  }

  it('refuses openings of a job that it did not match, and of another payer', async () => {
    const { jobId, proof } = await matched()
    const unknown = await world.fix.received()
    const winners = [ownerOf('p')]
    const other = { jobId: unknown.jobId, attempt: 0, proof, winners, paid: 0n }
    await world.connect('a').openings(other)
    await world.seen('refuse', 1)
    await world.connect('a', 'thief').openings({ ...other, jobId })
    await world.seen('refuse', 2)
    expect(world.frames('refuse').map(({ refuse }) => refuse.code)).to.deep.equal([
      'JOB_UNKNOWN',
      'BINDING_MISMATCH',
    ])
  })

  it('stops serving a payer with nine overdue matches, until openings come', async () => {
    const results: AuctionResult[] = []
    for (let i = 0; i < 9; i++) {
      const deadline = world.fix.now + 60
      results.push(await world.auction(await world.input({ deadline }), { seats: ['a'], acks: 2 }))
    }
    await world.clock.advance(71_000)
    const due = await expectCode('SEATS_UNREACHABLE', async () =>
      world.auctioneer(['a']).run(await world.input(), new AbortController().signal),
    )
    expect(due.details.seats).to.deep.equal(['SEAT_FEE_DUE'])
    await open(results[0] ?? expect.fail(), 0n)
    await world.seen('openings', 3)
    expect((await matched()).choice.ranked).to.have.length(2)
  })

  it('still knows after a restart who owes openings', async () => {
    for (let i = 0; i < 9; i++) {
      const deadline = world.fix.now + 60
      await world.auction(await world.input({ deadline }), { seats: ['a'], acks: 2 })
    }
    await world.clock.advance(2_000)
    const { records } = world.node('a')
    world.kill('a')
    world.add('a', { records })
    await world.clock.advance(69_000)
    const refusedHeader = await expectCode('SEATS_UNREACHABLE', async () =>
      world.auctioneer(['a']).run(await world.input(), new AbortController().signal),
    )
    expect(refusedHeader.details.seats).to.deep.equal(['SEAT_FEE_DUE'])
    // Another payer is served, and this one again ten minutes later.
    const input = await world.input({ client: 'other' })
    const other = await world.auction(input, { seats: ['a'], acks: 2, client: 'other' })
    expect(other.choice.ranked).to.have.length(2)
    await world.clock.advance(600_000)
    expect((await matched()).choice.ranked).to.have.length(2)
  })

  it('counts no match without bids', async () => {
    world.node('p').priceOut = undefined
    world.node('q').priceOut = undefined
    for (let i = 0; i < 10; i++) {
      const input = await world.input({ deadline: world.fix.now + 20 })
      const run = world.auctioneer(['a']).run(input, new AbortController().signal)
      const failed = expectCode('NO_BIDS', () => run)
      await world.seen('pass', 2 * (i + 1))
      await world.clock.advance(30)
      await failed
    }
    await world.clock.advance(31_000)
    world.node('p').priceOut = 100n
    const result = await world.auction(await world.input(), { seats: ['a'], acks: 1 })
    expect(result.choice.ranked).to.have.length(1)
  })

  it('still takes openings after a restart', async () => {
    const result = await matched()
    const { records } = world.node('a')
    world.kill('a')
    const seat = world.add('a', { records })
    await open(result, 100n, (owner, amount) => world.fee(owner, amount))
    await until(() => seat.fees.totals.get(CLIENT) === 1n)
  })
})
