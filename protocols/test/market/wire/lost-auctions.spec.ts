import { expect } from 'chai'
import { AuctionError } from '../../../src/market/wire/auction-error.ts'
import { expectCode } from '../../support/expect-code.ts'
import { modelIn, ownerOf } from '../../support/mesh-fixtures.ts'
import { MarketWorld } from './market-world.ts'

const never = new AbortController().signal

describe('an auction that gives nobody the job', () => {
  let world: MarketWorld

  beforeEach(() => {
    world = new MarketWorld(['a', 'b', 'c'], { p: 100n, q: 200n })
  })

  /** Runs it to its rejection, the clock moving when `frames` of a kind were sent. */
  async function lost(
    code: 'NO_BIDS' | 'SEATS_UNREACHABLE',
    options: { seats?: string[]; seen: ['ack' | 'pass' | 'header', number]; ms: number },
    changes: Parameters<MarketWorld['input']>[0] = {},
  ): Promise<AuctionError> {
    const { ms, seats = ['a', 'b'], seen } = options
    const run = world.auctioneer(seats).run(await world.input(changes), never)
    const failed = expectCode(code, () => run)
    await world.seen(...seen)
    await world.clock.advance(ms)
    const error = await failed
    if (!(error instanceof AuctionError)) expect.fail('the auction is not told')
    return error
  }

  it('says how many were invited when all of them were too slow', async () => {
    world.tap = ({ frame }) => (frame.kind === 'bid' || frame.kind === 'pass' ? [] : [frame])
    const error = await lost('NO_BIDS', { seen: ['ack', 2], ms: 250 })
    expect(error.message).to.contain('2 were invited, nobody answered in time.')
    expect(error.message).to.not.match(/nobody was invited/i)
    expect(error.details['reasons']).to.deep.equal([])
    const { lost: auction } = error
    expect(
      auction.acks.map(({ epoch, invited, turn }) => ({ invited, epoch, turn })),
    ).to.deep.equal(Array.from({ length: 2 }, () => ({ invited: 2, ...world.fix.turn() })))
    expect(auction).to.include({ attempt: 0, auctionMs: 250, why: auction.why })
    expect(auction.result?.choice.ranked).to.deep.equal([])
    expect(auction.result?.sets[0]?.bids).to.deep.equal([])
    // Seats that made a match get the openings, also of nothing.
    await world.seen('openings', 2)
  })

  it('says that nobody was invited when the seats know no offer', async () => {
    const error = await lost('NO_BIDS', { seen: ['ack', 2], ms: 30 }, { modelId: modelIn(3, '22') })
    expect(error.message).to.contain('Nobody was invited: the seats know no provider of the model.')
  })

  it('keeps the passes, and says of how many', async () => {
    const error = await lost('NO_BIDS', { seen: ['pass', 4], ms: 30 }, { maxPrice: 1n })
    expect(error.message).to.contain('2 were invited. Declined: PRICE_ABOVE_CAP 2.')
    const passes = error.lost.result?.passes ?? []
    expect(passes.map(({ provider }) => provider)).to.have.members(['p', 'q'].map(ownerOf))
  })

  it('knows which seats acknowledged and which did not when none made a match', async () => {
    world.tap = ({ to, frame }) => (to === 'b' || frame.kind === 'match' ? [] : [frame])
    const error = await lost('SEATS_UNREACHABLE', { seen: ['ack', 1], ms: 2_500 })
    expect(error.message).to.contain('1 seat acknowledged the header, none made a match.')
    const { lost: auction } = error
    expect(auction.result).to.equal(undefined)
    expect(auction.acks.map(({ seat }) => seat)).to.deep.equal([ownerOf('a')])
    expect(auction.failures.map(({ error: why, seat }) => [seat, why?.code])).to.deep.equal([
      [ownerOf('a'), 'TIMED_OUT'],
      [ownerOf('b'), 'TIMED_OUT'],
    ])
  })

  it('tells in a held auction which seat was asked in vain', async () => {
    world.tap = ({ to, frame }) => (to === 'a' ? [] : [frame])
    const run = world.auctioneer(['a', 'b', 'c']).run(await world.input(), never)
    await world.seen('bidAck', 2, { from: 'b' })
    await world.clock.advance(30)
    expect((await run).failures).to.deep.equal([{ seat: ownerOf('a') }])
  })
})
