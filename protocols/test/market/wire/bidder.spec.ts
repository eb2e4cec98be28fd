import { textModelId } from '@duckmesh/proto'
import { expect } from 'chai'
import type { ReceivedHeader } from '../../../src/mesh/index.ts'
import type { BidAnswer } from '../../../src/market/wire/bidder.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { MarketWorld } from './market-world.ts'
import type { MarketNode } from './market-world.ts'

describe('Bidder', () => {
  let world: MarketWorld
  let node: MarketNode
  let received: ReceivedHeader

  beforeEach(async () => {
    world = new MarketWorld(['a', 'b'], { p: 100n })
    node = world.node('p')
    received = await world.fix.received()
  })

  const decide = (seat: string, header = received): Promise<BidAnswer> =>
    (node.bidder ?? expect.fail()).decide(header, { seat: ownerOf(seat), ...world.fix.turn() })

  const codeOf = (answer: BidAnswer): string =>
    answer.kind === 'pass' ? answer.pass.code : answer.kind

  it('makes one bid of an attempt, also when two seats ask at once', async () => {
    const [one, two] = await Promise.all([decide('a'), decide('b')])
    expect(one).to.deep.equal(two)
    const own = await node.bids.find(received.jobId, 0)
    expect(own?.seats.map(({ seat }) => seat)).to.deep.equal(['a', 'b'].map(ownerOf))
    await decide('a')
    expect((await node.bids.find(received.jobId, 0))?.seats).to.have.length(2)
  })

  it('bids the same price again although it became dearer or busy', async () => {
    const one = await decide('a')
    node.priceOut = 10n ** 6n
    node.load = { inFlight: 4, slots: 4, stepMs: 1 }
    expect(await decide('b')).to.deep.equal(one)
  })

  it('passes a redundant job of a text model for its mode, whatever it serves', async () => {
    // In the shard of the seats.
    const modelId = textModelId('remote 7')
    for (const [mode, replicas, code] of [
      [0, 3, 'NOT_SUPPORTED'],
      [1, 1, 'MODEL_NOT_FOUND'],
    ] as const) {
      const header = await world.fix.received({ mode, modelId, replicas })
      expect(codeOf(await decide('a', header))).to.equal(code)
    }
  })

  it('passes a redundant job of a model whose answer is numbers, and serves one by one', async () => {
    node.numbers = { numbers: { task: 'embed', width: 8, labels: [] } }
    for (const [mode, replicas, code] of [
      [0, 3, 'NOT_SUPPORTED'],
      [1, 1, 'bid'],
    ] as const) {
      const header = await world.fix.received({ mode, replicas })
      expect(codeOf(await decide('a', header))).to.equal(code)
    }
  })

  it('finds its bid after a restart', async () => {
    const one = await decide('a')
    const { records } = node
    world.kill('p')
    node = world.add('p', { priceOut: 900n, records })
    expect(await decide('b')).to.deep.equal(one)
  })

  it('refuses the same attempt on other terms: HEADER_INVALID', async () => {
    await decide('a')
    const { header } = received
    const { header: other } = await world.fix.header({ reply: 'other' })
    for (const change of [{ maxTokens: 1 }, { inBucket: 128 }, { replyKey: other.replyKey }]) {
      const changed = { ...received, header: { ...header, ...change } }
      expect(codeOf(await decide('b', changed))).to.equal('HEADER_INVALID')
    }
  })

  it('bids anew for another attempt', async () => {
    const one = await decide('a')
    const { header } = received
    const next = { ...received, header: { ...header, attempt: 1 } }
    const two = await decide('a', next)
    expect(codeOf(two)).to.equal('bid')
    expect(two).not.to.deep.equal(one)
  })

  it('decides again after a pass: it may have become free', async () => {
    node.load = { inFlight: 4, slots: 4, stepMs: 1 }
    expect(codeOf(await decide('a'))).to.equal('PROVIDER_BUSY')
    node.load = { inFlight: 3, slots: 4, stepMs: 1 }
    expect(codeOf(await decide('b'))).to.equal('bid')
  })

  it('volunteers once per seat', async () => {
    const bidder = node.bidder ?? expect.fail()
    const at = { seat: ownerOf('a'), ...world.fix.turn() }
    expect((await bidder.volunteer(received, at))?.kind).to.equal('bid')
    expect(await bidder.volunteer(received, at)).to.equal(undefined)
  })

  it('does not bid when the bid cannot be stored', async () => {
    node.records.broken = true
    let failed = false
    await decide('a').catch(() => (failed = true))
    expect(failed).to.equal(true)
    node.records.broken = false
    expect(codeOf(await decide('a'))).to.equal('bid')
  })
})
