import { expect } from 'chai'
import type { Hex } from '@duckmesh/proto'
import { UnpaidRecords } from '../../../src/market/auction/unpaid-records.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { MemoryRecords } from './auction-fixture.ts'

const PAYER: Hex = `0x${'aa'.repeat(20)}`
const OTHER: Hex = `0x${'bb'.repeat(20)}`
const KEY = `unpaid:${PAYER}`

/** Notes when records expire, and can hold reads back. */
class WatchedRecords extends MemoryRecords {
  readonly expiries: number[] = []
  reads = 0
  writes = 0
  gate: Promise<undefined> | undefined

  override async save(key: string, bytes: Uint8Array, expiryMs: number): Promise<void> {
    await super.save(key, bytes, expiryMs)
    this.expiries.push(expiryMs)
    this.writes += 1
  }

  override async find(key: string): Promise<Uint8Array | undefined> {
    this.reads += 1
    await this.gate
    return super.find(key)
  }
}

describe('UnpaidRecords', () => {
  let clock: FakeClock
  let records: WatchedRecords
  let deadline: number

  beforeEach(() => {
    clock = new FakeClock()
    records = new WatchedRecords()
    deadline = clock.now() / 1_000 + 60
  })

  function start(logger = memoryLogger()): UnpaidRecords {
    return new UnpaidRecords({ clock, logger, records })
  }

  async function owe(unpaid: UnpaidRecords, matches: number, payer = PAYER): Promise<void> {
    for (let n = 0; n < matches; n += 1) await unpaid.matched(payer, `job ${n}`, deadline)
  }

  const overdue = (): void => {
    clock.set((deadline + 10) * 1_000 + 1)
  }

  it('are known after a restart, to the match', async () => {
    await owe(start(), 9)
    await clock.advance(2_000)
    const again = start()
    expect(await again.owes(PAYER)).to.equal(false)
    overdue()
    expect(await again.owes(PAYER)).to.equal(true)
    expect(await again.owes(OTHER)).to.equal(false)
    await again.settled(PAYER, 'job 4')
    expect(await again.owes(PAYER)).to.equal(false)
    await clock.advance(2_000)
    expect(await start().owes(PAYER)).to.equal(false)
  })

  it('are written once for all changes of two seconds, and not at all when all is settled', async () => {
    const unpaid = start()
    await owe(unpaid, 9)
    await clock.advance(1_999)
    expect(records.writes).to.equal(0)
    await clock.advance(1)
    expect(records.writes).to.equal(1)
    await owe(unpaid, 1, OTHER)
    await unpaid.settled(OTHER, 'job 0')
    await clock.advance(2_000)
    expect(records.writes).to.equal(1)
    expect([...records.records.keys()]).to.deep.equal([KEY])
  })

  it('are emptied on disk by the last settlement', async () => {
    const unpaid = start()
    await owe(unpaid, 1)
    await clock.advance(2_000)
    await unpaid.settled(PAYER, 'job 0')
    await clock.advance(2_000)
    expect(records.records.get(KEY)).to.have.length(0)
  })

  it('expire on disk when the last match is forgiven', async () => {
    const unpaid = start()
    await unpaid.matched(PAYER, 'late', deadline + 100)
    await owe(unpaid, 2)
    await clock.advance(2_000)
    expect(records.expiries).to.deep.equal([(deadline + 110) * 1_000 + 600_000])
    const again = start()
    clock.set((deadline + 110) * 1_000 + 600_000)
    expect(await again.owes(PAYER)).to.equal(false)
    // What is forgiven is not written again.
    await again.matched(PAYER, 'new', deadline + 5_000)
    await clock.advance(2_000)
    expect(records.records.get(KEY)).to.have.length(4 + 8 + 3)
  })

  it('are written by a stop, and nothing after it', async () => {
    const unpaid = start()
    await owe(unpaid, 9)
    await unpaid.stop()
    await unpaid.settled(PAYER, 'job 0')
    await clock.advance(10_000)
    expect(records.writes).to.equal(1)
    overdue()
    expect(await start().owes(PAYER)).to.equal(true)
  })

  it('are read once, also when several ask at the same time, and nothing gets lost', async () => {
    await owe(start(), 8)
    await clock.advance(2_000)
    const read = Promise.withResolvers<undefined>()
    records.gate = read.promise
    const unpaid = start()
    const before = records.reads
    const all = [unpaid.owes(PAYER), unpaid.matched(PAYER, 'ninth', deadline), unpaid.owes(PAYER)]
    read.resolve(undefined)
    await Promise.all(all)
    expect(records.reads - before).to.equal(1)
    overdue()
    expect(await unpaid.owes(PAYER)).to.equal(true)
  })

  it('are forgiven when the disk fails, and told', async () => {
    const logger = memoryLogger()
    const unpaid = start(logger)
    records.broken = true
    await owe(unpaid, 9)
    await clock.advance(2_000)
    overdue()
    expect(await unpaid.owes(PAYER), 'still in memory').to.equal(true)
    records.broken = false
    records.records.set(KEY, Uint8Array.of(0, 0, 0, 9, 1))
    expect(await start(logger).owes(PAYER)).to.equal(false)
    await settle()
    const events = logger.entries.map(({ event }) => event)
    expect(events).to.deep.equal(['market.unpaid_not_stored', 'market.unpaid_not_read'])
  })

  it('of a payer whom thousands pushed out of memory come from disk', async () => {
    const unpaid = start()
    await owe(unpaid, 9)
    await clock.advance(2_000)
    for (let n = 0; n <= 4_096; n += 1) {
      await unpaid.owes(`0x${n.toString(16).padStart(40, '0')}`)
    }
    overdue()
    expect(await unpaid.owes(PAYER)).to.equal(true)
  })
})
