import { expect } from 'chai'
import { ChannelBook } from '../../src/settlement/channel-book.ts'
import type { ChannelRow } from '../../src/settlement/index.ts'
import { expectCode } from '../support/expect-code.ts'
import { settle } from '../support/fake-clock.ts'
import { MemoryLedger } from '../support/memory-stores.ts'
import { gate } from '../support/scripted-engine.ts'

const key = (n: number): { payer: `0x${string}`; provider: `0x${string}` } => ({
  payer: `0x${n.toString(16).padStart(40, '0')}`,
  provider: `0x${'02'.repeat(20)}`,
})

const addOne = (row: ChannelRow): ChannelRow => ({ ...row, settled: row.settled + 1n })

describe('channel book', () => {
  it('lets one writer at a time change a channel', async () => {
    const book = new ChannelBook(new MemoryLedger())
    const held = gate()
    const first = book.change(key(1), 'durable', async (row) => {
      await held.wait
      return addOne(row)
    })
    const second = book.change(key(1), 'durable', addOne)
    const elsewhere = await book.change(key(2), 'durable', addOne)
    expect(elsewhere.settled).to.equal(1n)
    held.open()
    await first
    expect((await second).settled).to.equal(2n)
  })

  it('leaves the row as it was when a change or its write fails', async () => {
    const ledger = new MemoryLedger()
    const book = new ChannelBook(ledger)
    await book.change(key(1), 'durable', addOne)
    await book
      .change(key(1), 'durable', () => Promise.reject(new Error('no')))
      .catch(() => undefined)
    ledger.disk.failing = true
    await expectCode('STORE_CORRUPT', () => book.change(key(1), 'durable', addOne))
    expect((await book.read(key(1))).settled).to.equal(1n)
  })

  it('writes nothing when nothing changed', async () => {
    const ledger = new MemoryLedger()
    await new ChannelBook(ledger).change(key(1), 'durable', (row) => row)
    expect(ledger.saves).to.deep.equal([])
  })

  it('waits for a durable write and not for a lazy one', async () => {
    const ledger = new MemoryLedger()
    ledger.disk.held = true
    const book = new ChannelBook(ledger)
    expect((await book.change(key(1), 'lazy', addOne)).settled).to.equal(1n)
    expect(ledger.disk.synced.size).to.equal(0)
    let durable = false
    void book.change(key(1), 'durable', addOne).then(() => {
      durable = true
    })
    await settle()
    expect(durable).to.equal(true)
    expect(ledger.disk.synced.size).to.equal(1)
  })

  it('refuses to go on after a lazy write failed', async () => {
    const ledger = new MemoryLedger()
    const book = new ChannelBook(ledger)
    ledger.disk.failing = true
    await book.read(key(1)).catch(() => undefined)
    ledger.disk.failing = false
    await book.read(key(1))
    ledger.disk.failing = true
    await book.change(key(1), 'lazy', addOne)
    await settle()
    await expectCode('STORE_CORRUPT', () => book.read(key(1)))
  })

  it('forgets idle rows, never one with a write under way', async () => {
    const ledger = new MemoryLedger()
    ledger.disk.held = true
    const book = new ChannelBook(ledger)
    await book.change(key(0), 'lazy', addOne)
    for (let n = 1; n <= 1_100; n += 1) await book.read(key(n))
    // Were the row dropped, the store that has not synced it would still answer; so look for loads.
    let loads = 0
    const load = ledger.loadChannel.bind(ledger)
    ledger.loadChannel = (one) => {
      loads += 1
      return load(one)
    }
    await book.read(key(0))
    expect(loads).to.equal(0)
    await book.read(key(1))
    expect(loads).to.equal(1)
  })
})
