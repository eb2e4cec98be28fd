import { expect } from 'chai'
import type { ClientRun } from '../../../src/dispatch/index.ts'
import { CANCEL_TIMEOUT_MS } from '../../../src/dispatch/constants.ts'
import { stepPrice } from '../../../src/market/index.ts'
import { creditOf } from '../../../src/settlement/index.ts'
import { JobWorld, PRICES, PROVIDER, eventsOf } from '../../support/job-world.ts'
import { expectUsable, free, holdAt } from '../../support/job-helpers.ts'
import type { Link } from '../../support/job-world.ts'
import { gate } from '../../support/scripted-engine.ts'

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
    expect(await vouchersOf(run), 'told all the same').to.deep.equal([row?.paid])
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

  it('while the provider books the voucher is not forgotten', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    world.engine.script = holdAt(0)
    const chain = gate()
    const channel = world.port.channel.bind(world.port)
    world.port.channel = async (...key) => {
      const answer = await channel(...key)
      // The second look is the provider's.
      if (world.port.reads > 1) await chain.wait
      return answer
    }
    const run = await world.submit(link)
    await world.until(() => world.port.reads === 2, 'the provider asks the chain')
    run.cancel()
    await world.until(() => world.wire.includes('c:cancel'))
    chain.open()
    expect((await run.ended).finishReason).to.equal('cancelled')
    expect(run.state.progress.ids).to.deep.equal([])
    await free(world)
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

  it('between a receipt and the next voucher signs nothing more', async () => {
    const world = new JobWorld()
    const { channels } = world.payer
    const real = channels.paymentsTo(PROVIDER)
    const job: { run?: ClientRun } = {}
    channels.paymentsTo = () => ({
      ...real,
      receipted: async (...args) => {
        await real.receipted(...args)
        job.run?.streamClosed()
      },
    })
    job.run = await world.submit(await world.connect())
    expect((await job.run.ended).failure?.code).to.equal('PROVIDER_LOST')
    expect(world.wire).to.not.include('c:voucher')
    const [row] = await world.payer.ledger.listChannels()
    expect(row?.paid).to.equal(job.run.state.progress.prepaid)
  })

  it('while a voucher is signed tells it unsent, and the next hello brings it to the provider', async () => {
    const world = new JobWorld()
    const { channels } = world.payer
    const real = channels.paymentsTo(PROVIDER)
    const job: { run?: ClientRun } = {}
    channels.paymentsTo = () => ({
      ...real,
      pay: async (...args) => {
        const frame = await real.pay(...args)
        if (world.wire.includes('p:receipt')) job.run?.streamClosed()
        return frame
      },
    })
    job.run = await world.submit(await world.connect())
    expect((await job.run.ended).failure?.code).to.equal('PROVIDER_LOST')
    expect(world.wire).to.not.include('c:voucher')
    const [row] = await world.payer.ledger.listChannels()
    const told = await vouchersOf(job.run)
    expect(told.at(-1), 'the highest that was signed').to.equal(row?.paid)
    expect(row && row.paid > job.run.state.progress.prepaid).to.equal(true)
    channels.paymentsTo = () => real
    await world.connect()
    const { lastVoucher } = await world.channels.standing(world.payer.address)
    expect(lastVoucher?.voucher.cumulative).to.equal(row?.paid)
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

/** The totals of the vouchers that a run told, wei. */
async function vouchersOf(run: ClientRun): Promise<bigint[]> {
  const events = await eventsOf(run)
  return events.flatMap((event) => (event.type === 'voucher' ? [event.cumulative] : []))
}
