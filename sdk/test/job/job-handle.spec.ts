import { ERROR_CODES } from '@duckmesh/protocols'
import type { ErrorCode } from '@duckmesh/protocols'
import { expect } from 'chai'
import type { JobEvent } from '../../src/job/interface.ts'
import { JobHandle } from '../../src/job/job-handle.ts'
import { expectCode } from '../support/expect-code.ts'
import { settle } from '../support/fake-clock.ts'
import { address } from '../support/offers.ts'
import { JOB, ScriptedRun, receipt, segmentOutcome } from '../support/scripted-run.ts'

/** Who an event is about. */
const SOURCE = { segment: 0, provider: address(2) }

async function eventsOf(job: JobHandle): Promise<JobEvent[]> {
  const events: JobEvent[] = []
  for await (const event of job) events.push(event)
  return events
}

/** A run that said two words and was paid for. */
function finishedRun(): ScriptedRun {
  const run = new ScriptedRun()
  run.say('Quack ', 1, 2)
  run.tell({ type: 'receipt', receipt: receipt(0, 42n), ...SOURCE })
  run.say('quack', 3)
  run.finish({ state: 'finalized', finishReason: 'stop' }, 42n)
  return run
}

describe('JobHandle', () => {
  it('tells its lane and mode, and the state that the last event brought', async () => {
    const run = new ScriptedRun('direct', { mode: 0, replicas: 3 })
    const job = new JobHandle(run)
    expect(job).to.include({ jobId: JOB, lane: 'direct', mode: 0, state: 'posted' })
    run.enter('matched')
    await settle()
    expect(job.state).to.equal('matched')
    run.enter('running')
    run.finish({ state: 'expired', failure: { code: 'JOB_EXPIRED', detail: 'Late.' } })
    await job.ended
    expect(job.state).to.equal('expired')
    expect((await job.settled).state).to.equal('expired')
  })

  it('tells each event once, in order, to those who wait and those who come late', async () => {
    const run = new ScriptedRun()
    const job = new JobHandle(run)
    const early = eventsOf(job)
    run.say('a', 1)
    await settle()
    run.say('b', 2)
    run.finish({ state: 'finalized' })
    const types = [
      { type: 'text', text: 'a', ids: [1], ...SOURCE },
      { type: 'text', text: 'b', ids: [2], ...SOURCE },
    ]
    expect(await early).to.deep.equal(types)
    expect(await eventsOf(job)).to.deep.equal(types)
  })

  it('gives the result before, while and after somebody iterates', async () => {
    const run = new ScriptedRun()
    const job = new JobHandle(run)
    const before = job.result()
    const events = eventsOf(job)
    run.say('Quack', 1, 2)
    run.tell({ type: 'receipt', receipt: receipt(0, 7n), ...SOURCE })
    run.finish({ state: 'finalized', finishReason: 'length' }, 7n)
    const result = await before
    expect(result).to.deep.include({
      jobId: JOB,
      lane: 'auction',
      mode: 1,
      replicas: 1,
      agreed: null,
      auctions: [],
      provider: address(2),
      providers: [address(2)],
      text: 'Quack',
      finishReason: 'length',
      usage: { promptTokens: 4, completionTokens: 2 },
      paid: 7n,
      receipts: [receipt(0, 7n)],
      states: [{ state: 'posted', atMs: 1_000 }],
    })
    expect((await events).map(({ type }) => type)).to.deep.equal(['text', 'receipt'])
    expect(await job.result()).to.deep.equal(result)
  })

  it('has the whole text although the reader left after the first word', async () => {
    const job = new JobHandle(finishedRun())
    for await (const event of job) {
      expect(event.type).to.equal('text')
      break
    }
    const { finishReason, text } = await job.result()
    expect(text).to.equal('Quack quack')
    expect(finishReason).to.equal('stop')
  })

  it('fails with the code of the job, its id and what it cost', async () => {
    const run = new ScriptedRun()
    const job = new JobHandle(run)
    run.say('half', 1, 2, 3)
    const detail = 'Nothing came for 2000 ms.'
    run.finish({ state: 'failed', failure: { code: 'PROVIDER_STALLED', detail } }, 9n)
    const error = await expectCode('PROVIDER_STALLED', () => job.result())
    expect(error.jobId).to.equal(JOB)
    expect(error.details).to.deep.equal({ paid: 9n, tokens: 3 })
    expect(error.message).to.equal(`${detail} ${ERROR_CODES.PROVIDER_STALLED.todo}`)
    await job.ended
  })

  it('names who delivered, and everybody who was paid once', async () => {
    const [lost, last] = [address(5), address(6)]
    const run = new ScriptedRun()
    const segments = [
      segmentOutcome({ provider: lost, state: 'failed', paid: 2n, ids: [1] }),
      segmentOutcome({ provider: address(7), segment: 1, state: 'failed' }),
      segmentOutcome({
        provider: last,
        segment: 2,
        paid: 3n,
        ids: [2],
        receipts: [receipt(0, 3n)],
      }),
      segmentOutcome({ provider: last, segment: 3, state: 'failed', paid: 1n }),
    ]
    run.finish({ state: 'finalized', segments, ids: [1, 2] }, 6n)
    const result = await new JobHandle(run).result()
    expect(result.provider).to.equal(last)
    expect(result.providers).to.deep.equal([lost, last])
    expect(result.receipts).to.deep.equal([receipt(0, 3n)])
  })

  it('names who brought the last token when only the last receipt is missing', async () => {
    const run = new ScriptedRun()
    const segments = [
      segmentOutcome({ provider: address(5), state: 'failed' }),
      segmentOutcome({ provider: address(6), segment: 1, state: 'failed', ids: [1] }),
    ]
    run.finish({ state: 'finalized', segments, ids: [1] })
    expect((await new JobHandle(run).result()).provider).to.equal(address(6))
  })

  it('fails a job whose members disagree with RESULTS_DIFFER', async () => {
    const run = new ScriptedRun('auction', { mode: 0, replicas: 3 })
    const failure = { code: 'RESULTS_DIFFER' as ErrorCode, detail: 'The 3 members differ.' }
    run.finish({ state: 'disputed', agreed: false, failure }, 9n)
    const error = await expectCode('RESULTS_DIFFER', () => new JobHandle(run).result())
    expect(error.details['paid']).to.equal(9n)
  })

  it('does not say twice what to do when the detail says it already', async () => {
    const run = new ScriptedRun()
    const { todo } = ERROR_CODES.PRICE_MISMATCH
    const failure = { code: 'PRICE_MISMATCH' as const, detail: `Too old. ${todo}` }
    run.finish({ state: 'failed', failure })
    const error = await expectCode('PRICE_MISMATCH', () => new JobHandle(run).result())
    expect(error.message).to.equal(`Too old. ${todo}`)
  })

  it('cancels on request and when its signal aborts, and lets go of the signal at the end', async () => {
    const run = new ScriptedRun()
    const controller = new AbortController()
    const job = new JobHandle(run, controller.signal)
    job.cancel()
    expect(run.cancels).to.equal(1)
    controller.abort()
    expect(run.cancels).to.equal(2)

    const done = finishedRun()
    const late = new AbortController()
    await new JobHandle(done, late.signal).ended
    late.abort()
    expect(done.cancels).to.equal(0)
  })

  it('cancels at once when its signal was aborted before', () => {
    const run = new ScriptedRun()
    new JobHandle(run, AbortSignal.abort())
    expect(run.cancels).to.equal(1)
  })
})
