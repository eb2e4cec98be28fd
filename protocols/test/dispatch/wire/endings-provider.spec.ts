import { expect } from 'chai'
import { OPEN_TIMEOUT_MS } from '../../../src/dispatch/constants.ts'
import { stepPrice } from '../../../src/market/index.ts'
import { JobWorld, PRICES, eventsOf } from '../../support/job-world.ts'
import { expectUsable, forever, free, holdAt } from '../../support/job-helpers.ts'
import { ENGINE_BROKE, gate } from '../../support/scripted-engine.ts'

describe('a provider that ends a job', () => {
  it('says so when the engine breaks, and what was not receipted is free', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    world.engine.script = { failAt: { tokens: 80, error: ENGINE_BROKE } }
    const run = await world.submit(link)
    const segment = await run.ended
    expect(segment.failure?.code).to.equal('ENGINE_CRASHED')
    expect(segment.progress.receiptedOut).to.equal(64)
    await free(world)
    await expectUsable(world, link)
  })

  it('codes an error of the engine that has no code', async () => {
    const world = new JobWorld()
    world.engine.script = { failAt: { tokens: 8, error: new Error('ä'.repeat(600)) } }
    const segment = await (await world.submit(await world.connect())).ended
    expect(segment.failure?.code).to.equal('ENGINE_FAILED')
    await free(world)
  })

  it('gives up an engine that does not open in time', async () => {
    const world = new JobWorld()
    world.engine.script = { openGate: forever, deaf: true }
    const run = await world.submit(await world.connect())
    await world.until(() => world.engine.specs.length === 1, 'opening')
    await world.endWithin(run, OPEN_TIMEOUT_MS + 500)
    expect(run.state.failure?.code).to.equal('TIMED_OUT')
    await free(world)
  })

  it('that stops ends what runs and what opens, and takes nothing more', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    world.engine.script = holdAt(8)
    const running = await world.submit(link)
    await world.until(() => running.state.progress.ids.length === 8)
    world.engine.script = { openGate: forever }
    const opening = await world.submit(link)
    await world.until(() => world.engine.specs.length === 2, 'opening')
    await world.server.stop()
    expect(world.server.inFlight).to.equal(0)
    expect((await running.ended).failure?.code).to.equal('SHUTTING_DOWN')
    expect((await opening.ended).failure?.code).to.equal('SHUTTING_DOWN')
    const late = await world.submit(link)
    expect((await late.ended).failure?.code).to.equal('SHUTTING_DOWN')
    const [row] = await world.ledger.listChannels()
    expect(row?.open).to.deep.equal([])
  })

  it('ends at the deadline when the answer is longer than the time', async () => {
    const world = new JobWorld()
    world.engine.script = holdAt(8)
    const run = await world.submit(await world.connect(), { lifeMs: 20_000 })
    await world.until(() => run.state.progress.ids.length === 8)
    await world.endWithin(run, 21_000)
    expect(run.state.failure?.code).to.equal('JOB_EXPIRED')
    await free(world)
  })

  it('finishes no job whose receipt it cannot store', async () => {
    const world = new JobWorld()
    const held = gate()
    world.engine.script = { gate: () => held.wait }
    const run = await world.submit(await world.connect(), { maxTokens: 8 })
    const events = eventsOf(run)
    await world.until(() => run.state.state === 'accepted')
    world.jobLog.disk.failing = true
    held.open()
    await world.endWithin(run, 40_000)
    expect(run.state.state).to.equal('failed')
    expect((await events).some(({ type }) => type === 'receipt')).to.equal(false)
    await free(world)
    const [row] = await world.ledger.listChannels()
    expect(row?.open).to.deep.equal([])
  })
})

describe('a client whose money ends', () => {
  it('fails with BALANCE_INSUFFICIENT before anything is sent', async () => {
    const world = new JobWorld()
    const poor = world.newPayer('poor', 1n)
    const link = await world.connect({}, poor)
    const run = await world.submit(link, {}, poor)
    expect((await run.ended).failure?.code).to.equal('BALANCE_INSUFFICIENT')
    expect(world.wire).to.deep.equal([])
  })

  it('stops after the steps that its channel covers', async () => {
    const world = new JobWorld()
    const { priceIn, priceOut } = PRICES
    const poor = world.newPayer('poor', stepPrice(priceIn, priceOut, 16, 64))
    const link = await world.connect({}, poor)
    const segment = await (await world.submit(link, {}, poor)).ended
    expect(segment.failure?.code).to.equal('BALANCE_INSUFFICIENT')
    expect(segment.progress.receiptedOut).to.equal(64)
    await free(world)
    expect(world.engine.steps).to.deep.equal([64])
  })

  it('fails with BUDGET when the next step is above the budget, and before any award for the first', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    const { priceIn, priceOut } = PRICES
    const first = stepPrice(priceIn, priceOut, 16, 64)
    const part = await (await world.submit(link, { budget: first })).ended
    expect(part.failure?.code).to.equal('BUDGET')
    expect(part.progress.receiptedOut).to.equal(64)
    await free(world)
    const sent = world.wire.length
    const none = await (await world.submit(link, { budget: first - 1n })).ended
    expect(none.failure?.code).to.equal('BUDGET')
    expect(world.wire).to.have.length(sent)
    await expectUsable(world, link)
  })
})
