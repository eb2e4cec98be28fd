import { expect } from 'chai'
import { signedReceiptCodec } from '@duckmesh/proto'
import { stepPrice } from '../../../src/market/index.ts'
import { JobWorld, PRICES, PROVIDER, eventsOf } from '../../support/job-world.ts'

const { priceIn, priceOut } = PRICES

describe('a job over the wire', () => {
  it('runs three prepaid steps with real signatures and settles to the wei', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    world.engine.script = { tokensIn: 11 }
    const run = await world.submit(link, { maxTokens: 160, inBucket: 16 })
    const [events, segment] = await Promise.all([eventsOf(run), run.ended])

    const amounts = [
      stepPrice(priceIn, priceOut, 11, 64),
      stepPrice(priceIn, priceOut, 0, 64),
      stepPrice(priceIn, priceOut, 0, 32),
    ]
    const due = amounts.reduce((sum, one) => sum + one)
    expect(segment.state).to.equal('finalized')
    expect(segment.finishReason).to.equal('length')
    expect(segment.progress.due).to.equal(due)
    expect(segment.progress.ids).to.have.length(160)
    const states = events.flatMap((event) => (event.type === 'state' ? [event.state] : []))
    const path = ['posted', 'awarded', 'accepted', 'running', 'completed', 'finalized']
    expect(states).to.deep.equal(path)
    const receipts = events.flatMap((event) => (event.type === 'receipt' ? [event.receipt] : []))
    expect(receipts.map(({ amount }) => amount)).to.deep.equal(amounts)
    expect(receipts.map(({ last }) => last)).to.deep.equal([false, false, true])
    const vouchers = events.flatMap((event) => (event.type === 'voucher' ? [event.amount] : []))
    expect(vouchers).to.have.length(3)
    const text = events.flatMap((event) => (event.type === 'text' ? [event.text] : [])).join('')
    expect(text.trim().split(' ')).to.have.length(160)

    const [mine] = await world.payer.ledger.listChannels()
    const [theirs] = await world.ledger.listChannels()
    expect(theirs?.settled).to.equal(due)
    expect(mine).to.deep.equal(theirs)
    expect(mine?.open).to.deep.equal([])
    expect(world.engine.steps).to.deep.equal([64, 64, 32])
    expect(world.engine.open_).to.equal(0)
    expect(world.states).to.deep.equal(path.slice(1))
    await world.until(() => world.clock.pending <= 1, 'timers stopped')
  })

  it('tells how long its steps take, newer ones weighing a fifth', async () => {
    const world = new JobWorld()
    expect(world.server.stepMs).to.equal(0)
    const times = [100, 200]
    // Time passes while the engine makes the first tokens of each step.
    const gate = (tokens: number): Promise<void> | undefined =>
      tokens % 64 === 0 ? world.clock.advance(times.shift() ?? 0) : undefined
    world.engine.script = { gate, group: 64 }
    const run = await world.submit(await world.connect(), { maxTokens: 128 })
    await run.ended
    await world.until(() => world.server.inFlight === 0)
    expect(world.server.stepMs).to.equal(120)
  })

  it('keeps a row on both sides with states, ids and every signed receipt', async () => {
    const world = new JobWorld()
    const run = await world.submit(await world.connect(), { maxTokens: 100 })
    await run.ended
    await world.until(() => world.server.inFlight === 0)
    for (const log of [world.payer.jobLog, world.jobLog]) {
      const row = await log.getSegment(run.key)
      expect(row?.state).to.equal('finalized')
      expect(row?.completionIds).to.deep.equal(run.state.progress.ids)
      const receipts = row?.receipts.map((bytes) => signedReceiptCodec.decode(bytes).receipt)
      expect(receipts?.map(({ seq }) => seq)).to.deep.equal([0, 1])
    }
  })

  it('sends each voucher before its step and nothing more', async () => {
    const world = new JobWorld()
    const run = await world.submit(await world.connect(), { maxTokens: 128 })
    await run.ended
    const money = world.wire.filter((kind) => kind !== 'p:chunk')
    expect(money).to.deep.equal(['c:award', 'p:accept', 'p:receipt', 'c:voucher', 'p:receipt'])
  })

  it('ends with stop inside a step and uses what is left over in the next job', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    world.engine.script = { stopAfter: 5 }
    const first = await world.submit(link)
    expect((await first.ended).finishReason).to.equal('stop')
    const [before] = await world.payer.ledger.listChannels()
    const left = (before?.paid ?? 0n) - (before?.settled ?? 0n)
    expect(left > 0n).to.equal(true)
    const second = await world.submit(link)
    await second.ended
    const [after] = await world.payer.ledger.listChannels()
    const price = stepPrice(priceIn, priceOut, 16, 64)
    expect(after?.paid).to.equal((before?.paid ?? 0n) + price - left)
  })

  it('runs twenty jobs in a row on one channel; totals agree to the wei', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    let due = 0n
    for (let job = 0; job < 20; job += 1) {
      world.engine.script = { stopAfter: 1 + ((job * 37) % 150), tokensIn: 1 + job }
      const run = await world.submit(link, { inBucket: 32 })
      const segment = await run.ended
      expect(segment.state).to.equal('finalized')
      due += segment.progress.due
    }
    await world.until(() => world.server.inFlight === 0)
    const [mine] = await world.payer.ledger.listChannels()
    const [theirs] = await world.ledger.listChannels()
    expect(mine?.settled).to.equal(due)
    expect(theirs).to.deep.equal(mine)
    const oneStep = stepPrice(priceIn, priceOut, 32, 64)
    expect((mine?.paid ?? 0n) - due <= oneStep).to.equal(true)
  })

  it('runs concurrent jobs on one channel; each is paid for itself', async () => {
    const world = new JobWorld(8)
    const link = await world.connect()
    world.engine.script = { tokensIn: 4, group: 1 }
    const runs = await Promise.all(
      [70, 100, 130, 160, 64].map((maxTokens) => world.submit(link, { maxTokens })),
    )
    const segments = await Promise.all(runs.map((run) => run.ended))
    await world.until(() => world.server.inFlight === 0)
    for (const segment of segments) expect(segment.state).to.equal('finalized')
    const due = segments.reduce((sum, { progress }) => sum + progress.due, 0n)
    const [mine] = await world.payer.ledger.listChannels()
    const [theirs] = await world.ledger.listChannels()
    expect(mine?.settled).to.equal(due)
    expect(theirs?.settled).to.equal(due)
    expect(theirs?.paid).to.equal(mine?.paid)
    expect(mine?.provider).to.equal(PROVIDER)
  })

  it('streams with a pipe of one frame: backpressure reaches the engine', async () => {
    const world = new JobWorld()
    const link = await world.connect({ capacity: 1 })
    world.engine.script = { group: 1 }
    const run = await world.submit(link)
    expect((await run.ended).state).to.equal('finalized')
  })
})
