/** Tests: how a provider learns that it is accused. */
import { DuckMeshError } from '@duckmesh/protocols'
import { expect } from 'chai'
import type { Accusation } from '../../src/chain/index.ts'
import { AccusationWatch } from '../../src/peer/evidence-watch.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { settle } from '../settle.ts'
import { hexOfDigit } from '../storage/rows.ts'

const EVERY_MS = 1_000

const slash = (digit: string, block: number): Accusation => ({
  kind: 'slash',
  id: hexOfDigit(digit, 32),
  amount: 10n ** 21n,
  by: hexOfDigit('b', 20),
  block,
  reason: '',
})
const dispute = (digit: string, block: number): Accusation => ({
  ...slash(digit, block),
  kind: 'dispute',
  reason: 'not the model',
})

describe('AccusationWatch', () => {
  let clock: ManualClock
  let logger: NotedLogs
  let head: number
  let told: Accusation[]
  let asked: [number, number][]
  let isGone: boolean
  const meta = new Map<string, string>()
  let writes: number

  beforeEach(() => {
    clock = new ManualClock()
    logger = new NotedLogs()
    head = 100
    told = []
    asked = []
    isGone = false
    writes = 0
    meta.clear()
  })

  function watch(): AccusationWatch {
    const gone = () => Promise.reject(new DuckMeshError('CHAIN_UNREACHABLE', 'Gone.'))
    const chain = {
      head: () => (isGone ? gone() : Promise.resolve(head)),
      between: (from: number, to: number) => {
        asked.push([from, to])
        return Promise.resolve(told.filter(({ block }) => block >= from && block <= to))
      },
    }
    const store = {
      getMeta: (key: string) => Promise.resolve(meta.get(key)),
      setMeta: (key: string, value: string) => {
        writes += 1
        meta.set(key, value)
        return Promise.resolve()
      },
    }
    return new AccusationWatch({ chain, clock, logger, meta: store }, EVERY_MS)
  }

  async function look(ms = EVERY_MS): Promise<void> {
    clock.advance(ms)
    for (let i = 0; i < 100; i++) await settle()
  }

  it('warns of each dispute and slash once, and lists the newest first', async () => {
    const watching = watch()
    await watching.start()
    told = [dispute('1', 40)]
    await look(0)
    head = 110
    told.push(slash('1', 104), slash('2', 109))
    await look()
    await look()
    expect(watching.list.map(({ block, kind }) => [kind, block])).to.deep.equal([
      ['slash', 109],
      ['slash', 104],
      ['dispute', 40],
    ])
    expect(logger.of('provider.accused')).to.deep.equal([
      {
        id: hexOfDigit('1', 32),
        amount: '1000000000000000000000',
        by: hexOfDigit('b', 20),
        block: 40,
        reason: 'not the model',
      },
    ])
    expect(logger.of('provider.slashed')).to.have.length(2)
    expect(logger.lines.every(({ level }) => level === 'warn')).to.equal(true)
    watching.stop()
  })

  it('goes on after a restart where it was, with what it knew', async () => {
    const first = watch()
    await first.start()
    told = [slash('1', 40)]
    await look(0)
    first.stop()
    head = 101
    told.push(slash('2', 101))
    asked = []
    const second = watch()
    await second.start()
    expect(second.list).to.deep.equal([slash('1', 40)])
    await look(0)
    expect(asked).to.deep.equal([[85, 101]])
    expect(second.list.map(({ block }) => block)).to.deep.equal([101, 40])
    expect(logger.of('provider.slashed')).to.have.length(2)
    second.stop()
  })

  it('asks in pieces that a public endpoint answers, and not from the beginning of a long chain', async () => {
    head = 1_000_000
    const watching = watch()
    await watching.start()
    await look(0)
    expect(asked[0]?.[0]).to.equal(950_000)
    expect(asked.at(-1)?.[1]).to.equal(head)
    expect(asked).to.have.length(26)
    for (const [from, to] of asked) expect(to - from).to.be.below(2_000)
    asked = []
    head += 10
    await look()
    expect(asked).to.deep.equal([[head - 10 + 1 - 16, head]])
    watching.stop()
  })

  it('writes nothing while nothing is new', async () => {
    const watching = watch()
    await watching.start()
    await look(0)
    const before = writes
    for (let i = 0; i < 5; i++) {
      head += 1
      await look()
    }
    expect(writes).to.equal(before)
    told = [slash('3', head)]
    await look()
    expect(writes).to.equal(before + 1)
    watching.stop()
  })

  it('looks again after the chain was gone, and forgets the list of another chain', async () => {
    head = 10_000
    const watching = watch()
    await watching.start()
    told = [slash('1', 9_999)]
    await look(0)
    isGone = true
    await look()
    expect(watching.list).to.have.length(1)
    isGone = false
    head = 5
    told = []
    await look()
    expect(watching.list).to.deep.equal([])
    watching.stop()
    asked = []
    await look()
    expect([asked.length, clock.pending.length]).to.deep.equal([0, 0])
  })
})
