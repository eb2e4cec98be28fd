import type { ReadClient } from '@duckmesh/contracts'
import { expect } from 'chai'
import { createClient, custom } from 'viem'
import { ChainView } from '../../src/chain/chain-view.ts'
import { FRESH_MS, LOOK_EVERY_MS, STALE_MS } from '../../src/chain/constants.ts'
import { ManualClock } from '../manual-clock.ts'
import { rejection } from '../reject.ts'
import { silent } from './local-chain.ts'

/** An RPC whose blocks the test decides; `down` makes it fail. */
class FakeRpc {
  head = 5
  down = false
  /** Hashes differ from this block on. */
  forkedAt = Infinity
  asked = 0
  readonly client: ReadClient = createClient({
    transport: custom({ request: (call) => this.#answer(call as Call) }, { retryCount: 0 }),
  })

  async #answer({ params }: Call): Promise<unknown> {
    this.asked++
    if (this.down) throw new Error('down')
    const [tag] = params
    const number = tag === 'latest' ? this.head : Number(tag)
    const mark = number >= this.forkedAt ? 'f' : '0'
    const hash = `0x${mark}${number.toString(16).padStart(63, '0')}`
    return { number: `0x${number.toString(16)}`, hash, timestamp: '0x64', transactions: [] }
  }
}

interface Call {
  params: [string, boolean]
}

function setUp(count = 1): { rpcs: FakeRpc[]; clock: ManualClock; view: ChainView } {
  const rpcs = Array.from({ length: count }, () => new FakeRpc())
  const clock = new ManualClock(1_000)
  const clients = rpcs.map((rpc) => rpc.client) as [ReadClient, ...ReadClient[]]
  return { rpcs, clock, view: new ChainView({ clock, logger: silent, clients }) }
}

describe('ChainView', () => {
  it('is blind before the first look, then fresh, stale and blind by the time since', async () => {
    const { clock, view } = setUp()
    expect([view.state, view.head]).to.deep.equal(['BLIND', undefined])
    await view.refresh()
    expect(view.head).to.deep.equal({ number: 5n, timestamp: 100n, seenAtMs: 1_000 })
    clock.advance(FRESH_MS)
    expect(view.state).to.equal('FRESH')
    clock.advance(1)
    expect(view.state).to.equal('STALE')
    clock.advance(STALE_MS - FRESH_MS)
    expect(view.state).to.equal('BLIND')
  })

  it('stays fresh while a quiet chain stands still', async () => {
    const { clock, view } = setUp()
    await view.refresh()
    clock.advance(FRESH_MS + 1)
    await view.requireFresh()
    expect([view.state, view.head?.number]).to.deep.equal(['FRESH', 5n])
  })

  it('agrees with an RPC that is some blocks behind, on the block that both have', async () => {
    const { rpcs, view } = setUp(3)
    const [first] = rpcs
    if (first !== undefined) first.head = 3
    await view.refresh()
    expect(view.head?.number).to.equal(3n)
  })

  it('refuses RPCs that show different blocks, or one that does not answer', async () => {
    const { rpcs, view } = setUp(2)
    const [, second] = rpcs
    if (second === undefined) return expect.fail()
    second.forkedAt = 4
    const fork = await rejection(view.refresh())
    expect(fork.code).to.equal('CHAIN_UNREACHABLE')
    expect(fork.details['blockNumber']).to.equal(5n)
    second.forkedAt = Infinity
    second.down = true
    expect(await rejection(view.refresh())).to.have.property('stage', 'chain')
    expect(view.state).to.equal('BLIND')
    second.down = false
    await view.refresh()
    expect(view.state).to.equal('FRESH')
  })

  it('looks by itself until it is stopped, also after a look that failed', async () => {
    const { rpcs, clock, view } = setUp()
    const [rpc] = rpcs
    if (rpc === undefined) return expect.fail()
    rpc.down = true
    await rejection(view.start())
    rpc.down = false
    clock.advance(LOOK_EVERY_MS)
    await clock.timerSet()
    expect(view.state).to.equal('FRESH')
    rpc.down = true
    clock.advance(LOOK_EVERY_MS)
    await clock.timerSet()
    expect(view.state, 'one missed look').to.equal('FRESH')
    const { asked } = rpc
    view.stop()
    clock.advance(10 * LOOK_EVERY_MS)
    expect(rpc.asked).to.equal(asked)
  })

  it('asks once for looks at the same time', async () => {
    const { rpcs, view } = setUp()
    await Promise.all([view.refresh(), view.refresh(), view.requireFresh()])
    expect(rpcs[0]?.asked).to.equal(1)
  })
})
