import { expect } from 'chai'
import type { Hex, MarketFrame } from '@duckmesh/proto'
import { recomputeChoice } from '../../../src/market/auction/recompute-choice.ts'
import { expectCode } from '../../support/expect-code.ts'
import { until } from '../../support/hosts.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { MarketWorld } from './market-world.ts'

describe('attacks by bidders', () => {
  let world: MarketWorld

  beforeEach(() => {
    world = new MarketWorld(['a', 'b'], { p: 100n, q: 200n })
  })

  /** An open auction at seat a, with the links of a bidder. */
  async function open() {
    const received = await world.fix.received()
    const ref = { jobId: received.jobId, attempt: 0 }
    const run = world.connect('a').header(received.envelope, ref)
    await run.ack
    await world.seen('bidAck', 2)
    const { near, far } = world.join('p', 'a', 'peer')
    void world.node('a').server.serve(far)
    const answers: MarketFrame[] = []
    void (async () => {
      for await (const frame of near.stream) answers.push(frame)
    })().catch(() => undefined)
    const send = async (frame: MarketFrame): Promise<MarketFrame> => {
      const before = answers.length
      await near.stream.send(frame)
      await until(() => answers.length > before)
      return answers[before] ?? expect.fail()
    }
    return { received, ref, run, send, near }
  }

  const codeOf = (frame: MarketFrame): string =>
    frame.kind === 'refuse' ? frame.refuse.code : frame.kind

  it('acknowledges a replayed bid again and counts it once', async () => {
    const { run, send } = await open()
    const bid = world.frames('bid', { from: 'p' })[0] ?? expect.fail()
    const ack = await send(bid)
    expect(codeOf(ack)).to.equal('bidAck')
    await world.clock.advance(30)
    const match = await run.match
    expect(match.set.bids).to.have.length(2)
    // After the window the same word again, for another job nothing.
    expect(codeOf(await send(bid))).to.equal('bidAck')
    const jobId: Hex = `0x${'77'.repeat(32)}`
    expect(codeOf(await send({ kind: 'bid', bid: { ...bid.bid, jobId } }))).to.equal('JOB_UNKNOWN')
    expect(codeOf(await send({ kind: 'bid', bid: { ...bid.bid, attempt: 1 } }))).to.equal(
      'JOB_UNKNOWN',
    )
  })

  it('refuses an altered bid: the first one counts', async () => {
    const { received, send } = await open()
    const cheaper = await world.fix.relayed(received, 'p', { priceOut: 1n })
    const { jobId } = received
    const frame: MarketFrame = { kind: 'bid', bid: { jobId, attempt: 0, ...cheaper } }
    expect(codeOf(await send(frame))).to.equal('BID_INVALID')
  })

  it('refuses the bid of another provider on this link: BID_INVALID', async () => {
    const { send } = await open()
    const [other] = world.frames('bid', { from: 'q' })
    expect(codeOf(await send(other ?? expect.fail()))).to.equal('BID_INVALID')
  })

  it('refuses a late bid: TIMED_OUT', async () => {
    world.add('r', { priceOut: 1n })
    world.fix.chain.join('r', 0n)
    const { received, run } = await open()
    await world.clock.advance(30)
    await run.match
    const { near, far } = world.join('r', 'a', 'peer')
    void world.node('a').server.serve(far)
    const late = await world.fix.relayed(received, 'r')
    await near.stream.send({ kind: 'bid', bid: { jobId: received.jobId, attempt: 0, ...late } })
    const answer = await near.stream[Symbol.asyncIterator]().next()
    expect(codeOf(answer.value as MarketFrame)).to.equal('TIMED_OUT')
  })

  it('resets the link of a bidder that floods', async () => {
    const { received, near } = await open()
    const { jobId } = received
    const relayed = await world.fix.relayed(received, 'p')
    const frame: MarketFrame = { kind: 'bid', bid: { jobId, attempt: 0, ...relayed } }
    await expectCode('STREAM_CLOSED', async () => {
      for (let i = 0; i < 2_000; i++) await near.stream.send(frame)
    })
  })

  it('a copied bid under another name wins nothing', async () => {
    world.fix.chain.join('r', 0n)
    world.add('r')
    const received = await world.fix.received()
    const { jobId } = received
    const run = world.connect('a').header(received.envelope, { jobId, attempt: 0 })
    await run.ack
    await world.seen('bidAck', 2)
    const [best] = world.frames('bid', { from: 'p' })
    const { near, far } = world.join('r', 'a', 'peer')
    void world.node('a').server.serve(far)
    const copy = { ...(best?.bid ?? expect.fail()), provider: ownerOf('r') }
    await near.stream.send({ kind: 'bid', bid: copy })
    await world.seen('bidAck', 3)
    await world.clock.advance(30)
    const { set } = await run.match
    const proof = world.fix.proof([set])
    const choice = await recomputeChoice({ ...received, proof }, world.fix.components)
    expect(choice.ranked.map((bid) => bid.provider)).to.deep.equal(['p', 'q'].map(ownerOf))
    expect(choice.left).to.deep.equal([
      { provider: ownerOf('r'), code: 'BID_INVALID', why: 'Its seal does not open.' },
    ])
  })

  it('a provider that bids low for a friend is paid what it bid: a shill gains nothing', async () => {
    // Pay as bid (rule 1): the price of the winner is in its own bid, whatever the others asked.
    const received = await world.fix.received()
    const prices = [100n, 101n, 10n ** 6n]
    const paid = await Promise.all(
      prices.map(async (shill) => {
        const bids = [
          await world.fix.relayed(received, 'p', { priceIn: 0n, priceOut: 100n }),
          await world.fix.relayed(received, 'q', { priceIn: 0n, priceOut: shill }),
        ]
        const { recomputeChoice } = await import('../../../src/market/auction/recompute-choice.ts')
        const set = await world.fix.set(received, 'a', bids)
        const input = { ...received, proof: world.fix.proof([set]) }
        const choice = await recomputeChoice(input, world.fix.components)
        return choice.ranked.find((bid) => bid.provider === ownerOf('p'))?.price
      }),
    )
    expect(new Set(paid).size).to.equal(1)
  })
})
