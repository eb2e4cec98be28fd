/** Tests: RelayBatcher. */
import type { Hex } from '@duckmesh/proto'
import { expect } from 'chai'
import { DuckMeshError } from '../../src/errors.ts'
import { RelayBatcher } from '../../src/settlement/index.ts'
import type { RelayGroup, RelayedGroup } from '../../src/settlement/index.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { expectCode } from '../support/expect-code.ts'
import { memoryLogger } from '../support/memory-logger.ts'
import { gate } from '../support/scripted-engine.ts'

const HASH: Hex = `0x${'7e'.repeat(32)}`
const addressOf = (n: number): Hex => `0x${n.toString(16).padStart(40, '0')}`

function groupOf(n: number, count = 1): RelayGroup {
  const provider = addressOf(n)
  const voucher = { payer: provider, provider, cumulative: 1n, epoch: 0 }
  return { provider, vouchers: new Array(count).fill({ voucher, signature: '0x' }) }
}

class Desk {
  readonly clock = new FakeClock()
  readonly sent: Hex[][] = []
  failure: Error | undefined
  wait: Promise<void> | undefined
  readonly batcher: RelayBatcher

  constructor(gatherMs = 500) {
    const port = { redeemMany: (groups: readonly RelayGroup[]) => this.#redeem(groups) }
    const components = { clock: this.clock, logger: memoryLogger(), port }
    this.batcher = new RelayBatcher(components, { gatherMs })
  }

  async #redeem(groups: readonly RelayGroup[]): Promise<RelayedGroup[]> {
    this.sent.push(groups.map(({ provider }) => provider))
    await this.wait
    if (this.failure !== undefined) throw this.failure
    return groups.map(() => ({ hash: HASH, skipped: [] }))
  }
}

describe('RelayBatcher', () => {
  it('sends what came within the gathering time in one transaction, in the order it came', async () => {
    const { batcher, clock, sent } = new Desk()
    const first = batcher.add(groupOf(1))
    await clock.advance(499)
    const second = batcher.add(groupOf(2))
    expect(sent).to.deep.equal([])
    await clock.advance(1)
    expect(sent).to.deep.equal([[addressOf(1), addressOf(2)]])
    expect(await Promise.all([first, second])).to.deep.equal([
      { hash: HASH, skipped: [] },
      { hash: HASH, skipped: [] },
    ])
    void batcher.add(groupOf(3))
    await clock.advance(500)
    expect(sent[1]).to.deep.equal([addressOf(3)])
    expect(clock.pending).to.equal(0)
  })

  it('sends at once when the contract takes no more providers', async () => {
    const { batcher, sent } = new Desk()
    for (let n = 1; n <= 65; n += 1) void batcher.add(groupOf(n))
    await settle()
    expect(sent.map(({ length }) => length)).to.deep.equal([64])
  })

  it('begins another transaction when the contract takes no more vouchers', async () => {
    const { batcher, clock, sent } = new Desk()
    for (let n = 1; n <= 4; n += 1) void batcher.add(groupOf(n, 256))
    await settle()
    expect(sent, '3 x 256 and not 4').to.deep.equal([[1, 2, 3].map(addressOf)])
    await clock.advance(500)
    expect(sent[1]).to.deep.equal([addressOf(4)])
  })

  it('has one group of a provider under way, from the request to the block', async () => {
    const { batcher, clock } = new Desk()
    const first = batcher.add(groupOf(1))
    await expectCode('RATE_LIMITED', () => batcher.add(groupOf(1)))
    await clock.advance(500)
    await first
    const again = batcher.add(groupOf(1))
    await clock.advance(500)
    expect((await again).hash).to.equal(HASH)
  })

  it('takes 256 groups at most while transactions are under way', async () => {
    const desk = new Desk()
    const { batcher, sent } = desk
    const block = gate()
    desk.wait = block.wait
    const added = Array.from({ length: 256 }, (_, n) => batcher.add(groupOf(n + 1)))
    await settle()
    expect(sent).to.have.length(4)
    await expectCode('RATE_LIMITED', () => batcher.add(groupOf(257)))
    block.open()
    await Promise.all(added)
    void batcher.add(groupOf(257))
  })

  it('tells all of a batch when its transaction failed, and goes on', async () => {
    const desk = new Desk()
    const { batcher, clock, sent } = desk
    desk.failure = new DuckMeshError('CHAIN_REVERTED', 'No.')
    const codes = [1, 2].map((n) => expectCode('CHAIN_REVERTED', () => batcher.add(groupOf(n))))
    await clock.advance(500)
    await Promise.all(codes)
    desk.failure = undefined
    const again = batcher.add(groupOf(1))
    await clock.advance(500)
    expect((await again).hash).to.equal(HASH)
    expect(sent).to.have.length(2)
  })

  it('refuses at its end what was not sent, and waits for what was', async () => {
    const desk = new Desk()
    const { batcher, clock } = desk
    const block = gate()
    desk.wait = block.wait
    const sent = batcher.add(groupOf(1))
    await clock.advance(500)
    const waiting = expectCode('SHUTTING_DOWN', () => batcher.add(groupOf(2)))
    let stopped = false
    const stopping = batcher.stop().then(() => {
      stopped = true
    })
    await waiting
    await expectCode('SHUTTING_DOWN', () => batcher.add(groupOf(3)))
    await settle()
    expect(stopped).to.equal(false)
    block.open()
    await stopping
    expect((await sent).hash).to.equal(HASH)
    expect(clock.pending).to.equal(0)
  })
})
