/** Tests: Scheduler, on a model that counts. */
import { expect } from 'chai'
import type { GenerationRequest } from '../../../src/engine/index.ts'
import { GenerationState } from '../../../src/engine/run/generation-state.ts'
import { PrefixCache } from '../../../src/engine/run/prefix-cache.ts'
import { PREFILL_CHUNK } from '../../../src/engine/run/prompt-pieces.ts'
import { MAX_ROWS } from '../../../src/engine/run/row-picker.ts'
import { Scheduler } from '../../../src/engine/run/scheduler.ts'
import { FakeModel, RecordingSink } from '../support/fake-model.ts'
import type { FakeCache } from '../support/fake-model.ts'
import { request } from '../support/requests.ts'

const EOS = 999

describe('engine/run/scheduler', () => {
  let model: FakeModel
  let sink: RecordingSink
  let scheduler: Scheduler<FakeCache>
  beforeEach(() => {
    model = new FakeModel()
    sink = new RecordingSink()
    scheduler = new Scheduler(model, sink, new PrefixCache(model, { maxBytes: 0 }))
  })

  function generation(
    id: number,
    promptIds: number[],
    changes: Partial<GenerationRequest> = {},
  ): GenerationState<FakeCache> {
    return new GenerationState<FakeCache>(id, promptIds, request('', changes), {
      contextLength: 512,
      eosTokenIds: [EOS],
      decode: (ids) => ids.map((each) => `${each} `).join(''),
    })
  }

  async function runUntilIdle(): Promise<void> {
    while (scheduler.busy) await scheduler.tick()
  }

  it('draws exactly what a step grants and feeds nothing beyond it', async () => {
    const answer = generation(1, [10, 11])
    scheduler.startStep(answer, 3)
    await runUntilIdle()
    expect(sink.drawn.get(1)).to.deep.equal([12, 13, 14])
    expect(sink.ends).to.deep.equal([[1, null]])
    // The last token drawn waits: feeding it would compute logits of a step nobody has paid.
    expect(answer.cache?.fed).to.deep.equal([10, 11, 12, 13])
    expect(model.calls).to.deep.equal(['prefill 2', 'decode 1', 'decode 1'])
  })

  it('counts the runs that draw tokens, their tokens and their time', async () => {
    let now = 0
    const clocked = new Scheduler(
      model,
      sink,
      new PrefixCache(model, { maxBytes: 0 }),
      () => (now += 5),
    )
    clocked.startStep(generation(1, [10, 11]), 3)
    clocked.startStep(generation(2, [20, 21]), 3)
    while (clocked.busy) await clocked.tick()
    // The first token of each comes out of its prompt; the clock is read before and after a run.
    expect(clocked.counters).to.deep.equal({
      decodeRuns: 2,
      decodedTokens: 4,
      decodeMs: 10,
      prefixHitTokens: 0,
    })
  })

  it('goes on where the last step ended', async () => {
    const answer = generation(1, [10, 11])
    for (const granted of [2, 1, 3]) {
      scheduler.startStep(answer, granted)
      await runUntilIdle()
    }
    expect(sink.drawn.get(1)).to.deep.equal([12, 13, 14, 15, 16, 17])
    expect(answer.cache?.fed).to.deep.equal([10, 11, 12, 13, 14, 15, 16])
  })

  it('computes nothing at all before the first step', () => {
    generation(1, [10, 11])
    expect(scheduler.busy).to.equal(false)
    expect(model.calls).to.deep.equal([])
  })

  it('feeds a long prompt in chunks, and one chunk of one prompt per tick', async () => {
    const long = Array.from({ length: 150 }, (_, i) => i)
    scheduler.startStep(generation(1, long), 1)
    scheduler.startStep(generation(2, long), 1)
    await scheduler.tick()
    await scheduler.tick()
    expect(model.calls).to.deep.equal([`prefill ${PREFILL_CHUNK}`, `prefill ${PREFILL_CHUNK}`])
    await runUntilIdle()
    expect(model.calls.slice(2)).to.deep.equal([
      'prefill 64',
      'prefill 64',
      'prefill 22',
      'prefill 22',
    ])
    expect(sink.order).to.deep.equal([1, 2])
  })

  it('lets a running answer wait for one chunk at most', async () => {
    scheduler.startStep(generation(1, [10, 11]), 20)
    await scheduler.tick()
    const long = Array.from({ length: 300 }, () => 5)
    scheduler.startStep(generation(2, long), 1)
    scheduler.startStep(generation(3, long), 1)
    await runUntilIdle()
    const decodes = model.calls.map((call) => (call.startsWith('decode') ? 'd' : 'p')).join('')
    expect(decodes).to.match(/^p(pd){10}d{9}$/)
  })

  it('feeds short prompts that came together in one run', async () => {
    const lengths = [12, 14, 9, 13, 30, 12]
    lengths.forEach((length, i) => {
      const prompt = Array.from({ length }, () => 100 * i)
      scheduler.startStep(generation(i, prompt), 1)
    })
    await runUntilIdle()
    expect(model.calls).to.deep.equal(['together 12+14+9+13', 'prefill 30', 'prefill 12'])
    expect(lengths.map((_, i) => sink.drawn.get(i))).to.deep.equal(
      lengths.map((_, i) => [100 * i + 1]),
    )
  })

  it('shares the places between clients when not all fit', async () => {
    const greedy = Array.from({ length: 2 * MAX_ROWS }, (_, i) =>
      generation(i, [10, 11], { client: 'greedy', maxTokens: 400 }),
    )
    const modest = generation(900, [10, 11], { client: 'modest', maxTokens: 400 })
    for (const each of [...greedy, modest]) scheduler.startStep(each, 300)
    while (sink.drawn.size < 2 * MAX_ROWS + 1) await scheduler.tick()
    const before = sink.drawn.get(900)?.length ?? 0
    for (let tick = 0; tick < 80; tick++) await scheduler.tick()
    const drawn = (id: number): number => sink.drawn.get(id)?.length ?? 0
    expect(drawn(900) - before).to.equal(80)
    const others = greedy.map(({ id }) => drawn(id))
    expect(Math.max(...others) - Math.min(...others)).to.be.at.most(16)
    expect(model.calls.filter((call) => call === `decode ${MAX_ROWS}`).length).to.be.at.least(80)
  })

  it('feeds the prompt of the client first that was served least', async () => {
    const long = Array.from({ length: 200 }, () => 5)
    for (const id of [1, 2, 3]) scheduler.startStep(generation(id, long, { client: 'a' }), 1)
    await scheduler.tick()
    scheduler.startStep(generation(4, long, { client: 'b' }), 1)
    await runUntilIdle()
    // b is lifted to a's counter when it comes, then has half of the turns.
    expect(sink.order[0]).to.equal(4)
  })

  it('gives each answer one token per tick, also while a prompt is fed', async () => {
    scheduler.startStep(generation(1, [10, 11]), 6)
    scheduler.startStep(generation(2, [20, 21]), 6)
    await scheduler.tick()
    await scheduler.tick()
    scheduler.startStep(
      generation(
        3,
        Array.from({ length: 128 }, () => 5),
      ),
      2,
    )
    await runUntilIdle()
    expect(sink.drawn.get(1)).to.deep.equal([12, 13, 14, 15, 16, 17])
    expect(sink.drawn.get(2)).to.deep.equal([22, 23, 24, 25, 26, 27])
    expect(sink.drawn.get(3)).to.deep.equal([6, 7])
    expect(model.calls.filter((call) => call === 'decode 2').length).to.be.at.least(3)
    const betweenTurns = sink.order.map((id, i) => (id === sink.order[i + 1] ? 1 : 0))
    expect(betweenTurns.filter((same) => same === 1).length).to.be.below(3)
  })

  it('ends with the end token, which is among the ids', async () => {
    scheduler.startStep(generation(1, [996, 997]), 64)
    await runUntilIdle()
    expect(sink.drawn.get(1)).to.deep.equal([998, EOS])
    expect(sink.ends).to.deep.equal([[1, 'stop']])
  })

  it('ends at maxTokens, which counts the prefix', async () => {
    scheduler.startStep(generation(1, [10], { prefixIds: [11, 12], maxTokens: 4 }), 64)
    await runUntilIdle()
    expect(sink.drawn.get(1)).to.deep.equal([13, 14])
    expect(sink.ends).to.deep.equal([[1, 'length']])
  })

  it('draws nothing when maxTokens is 0 or the prefix is complete', async () => {
    scheduler.startStep(generation(1, [10], { maxTokens: 0 }), 5)
    scheduler.startStep(generation(2, [10], { prefixIds: [11, EOS] }), 5)
    scheduler.startStep(generation(3, [10], { prefixIds: [11, 12], stop: ['11 12'] }), 5)
    await runUntilIdle()
    expect(model.calls).to.deep.equal([])
    expect(sink.ends).to.deep.equal([
      [1, 'length'],
      [2, 'stop'],
      [3, 'stop'],
    ])
  })

  it('ends when the context is full', async () => {
    const prompt = Array.from({ length: 509 }, () => 4)
    scheduler.startStep(generation(1, prompt, { maxTokens: 400 }), 64)
    await runUntilIdle()
    expect(sink.drawn.get(1)?.length).to.equal(3)
    expect(sink.ends).to.deep.equal([[1, 'length']])
  })

  it('throws away what was running for an answer that was removed', async () => {
    const [gone, stays] = [generation(1, [10, 11]), generation(2, [20, 21])]
    scheduler.startStep(gone, 5)
    scheduler.startStep(stays, 2)
    model.onCall = () => {
      scheduler.remove(gone)
    }
    await runUntilIdle()
    expect(sink.drawn.has(1)).to.equal(false)
    expect(sink.ends).to.deep.equal([[2, null]])
  })

  it('fails the answer whose model call failed, and goes on with the next step', async () => {
    scheduler.startStep(generation(1, [10, 11]), 2)
    model.fault = new RangeError('out of memory')
    await runUntilIdle()
    expect(sink.failures).to.deep.equal([[1, 'out of memory']])
    model.fault = null
    scheduler.startStep(generation(2, [20, 21]), 1)
    await runUntilIdle()
    expect(sink.drawn.get(2)).to.deep.equal([22])
  })
})
