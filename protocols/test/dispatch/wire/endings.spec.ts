import { expect } from 'chai'
import type { ClientRun } from '../../../src/dispatch/index.ts'
import { CANCEL_TIMEOUT_MS, OPEN_TIMEOUT_MS } from '../../../src/dispatch/constants.ts'
import { stepPrice } from '../../../src/market/index.ts'
import { creditOf } from '../../../src/settlement/index.ts'
import { JobWorld, PRICES, eventsOf } from '../../support/job-world.ts'
import type { Link } from '../../support/job-world.ts'
import { ENGINE_BROKE, gate } from '../../support/scripted-engine.ts'

const forever = new Promise<void>(() => undefined)

/** The engine waits from this token on. */
function holdAt(tokens: number): { gate: (now: number) => Promise<void> | undefined } {
  return { gate: (now) => (now < tokens ? undefined : forever) }
}

async function free(world: JobWorld): Promise<void> {
  await world.until(() => world.server.inFlight === 0, 'slot free')
  expect(world.engine.open_).to.equal(0)
}

/** Both books say the same of the channel, and a next job runs on it. */
async function expectUsable(world: JobWorld, link: Link): Promise<void> {
  const [mine] = await world.payer.ledger.listChannels()
  const [theirs] = await world.ledger.listChannels()
  expect(mine?.settled ?? 0n).to.equal(theirs?.settled ?? 0n)
  world.engine.script = {}
  const run = await world.submit(link, { maxTokens: 70 })
  expect((await run.ended).failure).to.equal(undefined)
}

describe('cancelling a job', () => {
  it('before the award is signed costs nothing', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    const run = await world.submit(link)
    run.cancel()
    expect((await run.ended).state).to.equal('cancelled')
    expect(world.wire).to.deep.equal([])
    expect(await world.payer.ledger.listChannels()).to.deep.equal([])
    await expectUsable(world, link)
  })

  it('while the first voucher is signed sends no award, and the money is credit', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    const chain = gate()
    world.port.gate = chain.wait
    const run = await world.submit(link)
    await world.until(() => world.port.reads > 0, 'the chain is asked')
    run.cancel()
    chain.open()
    expect((await run.ended).state).to.equal('cancelled')
    expect(world.wire).to.deep.equal([])
    const [row] = await world.payer.ledger.listChannels()
    expect(row?.paid).to.equal(stepPrice(PRICES.priceIn, PRICES.priceOut, 16, 64))
    expect(row && creditOf(row)).to.equal(row?.paid)
    const next = await world.submit(link, { maxTokens: 70 })
    expect((await next.ended).state).to.equal('finalized')
  })

  it('while the provider opens the prompt runs no step', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    const opening = gate()
    world.engine.script = { openGate: opening.wait }
    const run = await world.submit(link)
    await world.until(() => world.engine.specs.length === 1, 'opening')
    run.cancel()
    expect((await run.ended).state).to.equal('cancelled')
    opening.open()
    await free(world)
    expect(world.engine.steps).to.deep.equal([])
    await expectUsable(world, link)
  })

  for (const tokens of [0, 24, 64, 96]) {
    it(`after ${tokens} tokens bills exactly those`, async () => {
      const world = new JobWorld()
      const link = await world.connect()
      world.engine.script = { ...holdAt(tokens), tokensIn: 9 }
      const run = await world.submit(link)
      const ready = (): boolean => {
        const { progress, state } = run.state
        return state !== 'posted' && state !== 'awarded' && progress.ids.length === tokens
      }
      await world.until(ready, 'tokens')
      await world.until(() => world.engine.steps.length === (tokens < 64 ? 1 : 2), 'step')
      run.cancel()
      const segment = await run.ended
      expect(segment.state).to.equal('cancelled')
      expect(segment.finishReason).to.equal('cancelled')
      const { priceIn, priceOut } = PRICES
      const first = stepPrice(priceIn, priceOut, 9, Math.min(64, tokens))
      const second = stepPrice(priceIn, priceOut, 0, Math.max(0, tokens - 64))
      expect(segment.progress.due).to.equal(first + second)
      await free(world)
      await expectUsable(world, link)
    })
  }

  it('frees the slot when the engine looks away, at the deadline at the latest', async () => {
    const world = new JobWorld()
    world.engine.script = { ...holdAt(0), deaf: true }
    const run = await world.submit(await world.connect(), { lifeMs: 60_000 })
    await world.until(() => run.state.state === 'accepted')
    run.cancel()
    await world.endWithin(run, CANCEL_TIMEOUT_MS + 1_000)
    expect(run.state.state).to.equal('cancelled')
    await world.clock.advance(60_000)
    await free(world)
  })

  it('twice is the same as once', async () => {
    const world = new JobWorld()
    world.engine.script = holdAt(8)
    const run = await world.submit(await world.connect())
    await world.until(() => run.state.progress.ids.length === 8)
    run.cancel()
    run.cancel()
    await run.ended
    expect(world.wire.filter((kind) => kind === 'c:cancel')).to.have.length(1)
  })
})

describe('a stream that breaks', () => {
  async function running(world: JobWorld, link: Link, tokens: number): Promise<ClientRun> {
    world.engine.script = holdAt(tokens)
    const run = await world.submit(link)
    await world.until(() => run.state.progress.ids.length === tokens, 'tokens')
    return run
  }

  it('on the provider side mid-step ends the client with PROVIDER_LOST', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    const run = await running(world, link, 16)
    link.provider.abort(new Error('cable'))
    expect((await run.ended).failure?.code).to.equal('PROVIDER_LOST')
    expect(link.connection.closed).to.equal(true)
  })

  it('on the client side lets the paid step finish and keeps its receipt', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    const held = gate()
    world.engine.script = { gate: (now) => (now < 16 ? undefined : held.wait) }
    const run = await world.submit(link)
    await world.until(() => run.state.progress.ids.length === 16, 'tokens')
    link.client.abort(new Error('tab closed'))
    held.open()
    await free(world)
    const row = await world.jobLog.getSegment(run.key)
    expect(row?.failure?.code).to.equal('CLIENT_LOST')
    expect(row?.completionIds).to.have.length(64)
    expect(row?.receipts).to.have.length(1)
    expect(world.engine.steps).to.deep.equal([64])
  })

  it('mid-step leaves a channel that the next stream brings into line', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    const held = gate()
    world.engine.script = { gate: (now) => (now < 16 ? undefined : held.wait) }
    const run = await world.submit(link)
    await world.until(() => run.state.progress.ids.length === 16, 'tokens')
    link.client.abort(new Error('cable'))
    await run.ended
    held.open()
    await free(world)
    // The client holds no receipt: what it prepaid stays reserved until the hello tells.
    const [before] = await world.payer.ledger.listChannels()
    expect(before?.open).to.have.length(1)
    const again = await world.connect()
    const [after] = await world.payer.ledger.listChannels()
    expect(after?.open).to.deep.equal([])
    await expectUsable(world, again)
  })

  it('is not settled by the hello of a second one beside it', async () => {
    const world = new JobWorld()
    const run = await running(world, await world.connect(), 16)
    await world.connect()
    // A second stream while the first one runs: nothing is settled by its hello.
    const [during] = await world.payer.ledger.listChannels()
    expect(during?.open).to.have.length(1)
    expect(during?.settled).to.equal(0n)
    run.cancel()
    expect((await run.ended).state).to.equal('cancelled')
  })

  it('before the start of the first step runs nothing', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    const opening = gate()
    world.engine.script = { openGate: opening.wait }
    const run = await world.submit(link)
    await world.until(() => world.engine.specs.length === 1, 'opening')
    link.client.abort(new Error('gone'))
    await world.until(() => world.server.inFlight === 0, 'slot free')
    opening.open()
    await free(world)
    expect(world.engine.steps).to.deep.equal([])
    expect((await run.ended).state).to.equal('failed')
  })

  it('signs nothing on a stream that is closed already', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    link.client.abort(new Error('gone'))
    const run = await world.submit(link)
    expect((await run.ended).failure?.code).to.equal('PROVIDER_LOST')
    expect(await world.payer.ledger.listChannels()).to.deep.equal([])
  })

  it('closed in good order by the provider ends the connection for new jobs', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    await link.provider.close()
    await world.until(() => link.connection.closed, 'closed')
    const run = await world.submit(link)
    expect((await run.ended).failure?.code).to.equal('PROVIDER_LOST')
  })

  it('closed by the client stops its pings', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    await link.connection.close()
    await link.served
    expect(world.clock.pending).to.equal(0)
  })
})

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
