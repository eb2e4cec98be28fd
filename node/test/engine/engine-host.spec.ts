/** Tests: EngineHost with real workers and the real model. */
import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineHost } from '../../src/engine/index.ts'
import type { EngineError, GenerationRequest, PackedModel } from '../../src/engine/index.ts'
import { MAX_MISSED_PINGS, PING_INTERVAL_MS } from '../../src/engine/watchdog.ts'
import { spawnWorker } from '../../src/engine/worker-handle.ts'
import type { EngineComponents, WorkerHandle } from '../../src/engine/worker-handle.ts'
import { goldenCases, packedDuckling } from './support/duckling.ts'
import { expectCode } from './support/expect-code.ts'
import { longRequest, NEVER, readAll, readStep, request, sampler } from './support/requests.ts'

const STORY = 'Tell me a story about a brave duck.'

describe('engine/engine-host', () => {
  let pack: PackedModel & { remove: () => Promise<void> }
  let engine: EngineHost
  before(async () => {
    pack = await packedDuckling()
    engine = new EngineHost({ folders: [pack.folder] })
    await engine.start()
  })
  after(async () => {
    await engine.stop()
    await pack.remove()
  })
  afterEach(() => {
    expect(engine.stats().openGenerations, 'every test gives its slots back').to.equal(0)
  })

  const open = (wanted: GenerationRequest, signal = NEVER) =>
    engine.open(pack.modelId, wanted, signal)

  async function answer(wanted: GenerationRequest) {
    return readAll(await open(wanted))
  }

  describe('answers', () => {
    it('gives the golden ids and texts', async () => {
      for (const { prompt, promptIds, completionIds, text } of await goldenCases()) {
        const generation = await open(request(prompt))
        expect(generation.tokensIn).to.equal(promptIds.length)
        expect(await readAll(generation)).to.deep.equal({
          ids: completionIds,
          text,
          finishReason: 'stop',
        })
      }
    })

    it('lists the model under the names of its manifest', () => {
      const { modelId, cid } = pack
      expect(engine.models().map((model) => model.modelId)).to.deep.equal([modelId])
      expect(engine.models()[0]).to.include({ cid, contextLength: 512, task: 'text-generation' })
    })

    it('gives the same sampled story for one seed and another for another', async () => {
      const story = (fill: number): GenerationRequest =>
        request(STORY, {
          sampler: sampler({ temperature: 0.9, topP: 0.95, seed: new Uint8Array(32).fill(fill) }),
        })
      const [first, again, other] = [
        await answer(story(1)),
        await answer(story(1)),
        await answer(story(2)),
      ]
      expect(again).to.deep.equal(first)
      expect(other.text).to.not.equal(first.text)
    })

    it('draws the same tokens whatever runs beside it, and lets both streams progress', async () => {
      const wanted = [1, 2, 3].map((fill) =>
        request(STORY, {
          sampler: sampler({ temperature: 0.9, seed: new Uint8Array(32).fill(fill) }),
        }),
      )
      const solo = []
      for (const each of wanted) solo.push(await answer(each))
      const arrivals: number[] = []
      const generations = await Promise.all(wanted.map((each) => open(each)))
      const together = await Promise.all(
        generations.map(async (generation, index) => {
          const ids: number[] = []
          for await (const batch of generation.step(96, NEVER)) {
            arrivals.push(index)
            ids.push(...batch.ids)
          }
          return ids
        }),
      )
      expect(together).to.deep.equal(solo.map(({ ids }) => ids))
      // Every stream shows its first token before any shows its last.
      const lastFirst = Math.max(...[0, 1, 2].map((index) => arrivals.indexOf(index)))
      const firstLast = Math.min(...[0, 1, 2].map((index) => arrivals.lastIndexOf(index)))
      expect(lastFirst).to.be.below(firstLast)
    })

    it('draws sixteen answers in batches, each as it is alone, in few messages', async () => {
      const story = (i: number): GenerationRequest =>
        request(`${STORY} Number ${i}.`, {
          client: `client ${i % 3}`,
          maxTokens: 40,
          sampler: sampler({ temperature: 0.9, seed: new Uint8Array(32).fill(i) }),
        })
      const wanted = Array.from({ length: 16 }, (_, i) => story(i))
      const before = engine.stats()
      const together = await Promise.all(wanted.map((each) => answer(each)))
      const { decodeRuns, decodedTokens } = engine.stats()
      const mean = (decodedTokens - before.decodedTokens) / (decodeRuns - before.decodeRuns)
      expect(mean, 'rows in a run').to.be.above(4)
      for (const i of [0, 5, 15]) expect(together[i]).to.deep.equal(await answer(story(i)))
    })

    it('takes the beginning of a prompt from the cache, with the same answer', async () => {
      const long = `${'The brave duck swims in the pond. '.repeat(6)}${STORY}`
      const asked = request(long, { client: 'cached', maxTokens: 30 })
      const first = await answer(asked)
      const before = engine.stats().prefixHitTokens
      expect(await answer(asked)).to.deep.equal(first)
      expect(engine.stats().prefixHitTokens - before).to.be.above(32)
      expect(await answer(request(long, { client: 'stranger', maxTokens: 30 }))).to.deep.equal(
        first,
      )
    })

    it('resumes from any prefix to the undisturbed answer', async () => {
      const params = sampler({ temperature: 0.9, repetitionPenalty: 1.1 })
      const whole = await answer(request(STORY, { sampler: params }))
      for (const kept of [1, 5, whole.ids.length - 1]) {
        const prefixIds = whole.ids.slice(0, kept)
        const generation = await open(request(STORY, { sampler: params, prefixIds }))
        const rest = await readAll(generation)
        expect([...prefixIds, ...rest.ids]).to.deep.equal(whole.ids)
        expect(whole.text.endsWith(rest.text)).to.equal(true)
        expect(rest.finishReason).to.equal(whole.finishReason)
      }
    })

    it('stops before a stop string that crosses tokens', async () => {
      const { text, finishReason, ids } = await answer(
        request('What is the capital of Norway?', { stop: ['y is O'] }),
      )
      expect({ text, finishReason }).to.deep.equal({
        text: 'The capital of Norwa',
        finishReason: 'stop',
      })
      expect(ids.length).to.be.below(11)
    })

    it('gives the whole text when a stop string is never met', async () => {
      const { text } = await answer(request('What is 7 plus 8?', { stop: ['15!', 'xyz'] }))
      expect(text).to.equal('7 plus 8 is 15.')
    })

    it('draws nothing for maxTokens 0', async () => {
      const nothing = { ids: [], text: '', finishReason: 'length' }
      expect(await answer(request(STORY, { maxTokens: 0 }))).to.deep.equal(nothing)
    })

    it('ends at the limit', async () => {
      const { ids, finishReason } = await answer(request(STORY, { maxTokens: 7 }))
      expect(ids.length).to.equal(7)
      expect(finishReason).to.equal('length')
    })
  })

  describe('steps', () => {
    it('draws no more than was asked for, and gives the same in any step size', async () => {
      const whole = await answer(request(STORY))
      for (const size of [1, 3, 8]) {
        const generation = await open(request(STORY))
        const before = engine.stats().tokensOut
        const step = await readStep(generation, size)
        expect(step.ids.length).to.equal(size)
        // An answer opened and finished meanwhile gives a worker that runs ahead time to do so.
        const other = await answer(request('What is 6 times 7?'))
        expect(engine.stats().tokensOut - before).to.equal(size + other.ids.length)
        const rest = await readAll(generation, size)
        expect([...step.ids, ...rest.ids]).to.deep.equal(whole.ids)
        expect(step.text + rest.text).to.equal(whole.text)
      }
    })

    it('gives nothing for a step of 0 and says the end again after the end', async () => {
      const generation = await open(request('What is 6 times 7?'))
      expect(await readStep(generation, 0)).to.deep.equal({ ids: [], text: '', finishReason: null })
      await readAll(generation)
      const ended = { ids: [], text: '', finishReason: 'stop' }
      expect(await readStep(generation, 64)).to.deep.equal(ended)
    })

    it('refuses a second step beside a running one', async () => {
      const generation = await open(longRequest())
      const running = generation.step(64, NEVER)
      await running.next()
      await expectCode('STEP_IN_PROGRESS', () => readStep(generation, 1))
      generation.close()
    })

    it('refuses a step that is no number', async () => {
      const generation = await open(request(STORY))
      await expectCode('REQUEST_INVALID', () => readStep(generation, -1))
      await expectCode('REQUEST_INVALID', () => readStep(generation, NaN))
      generation.close()
    })

    it('frees the slot when a step is cancelled', async () => {
      const cancel = new AbortController()
      const generation = await open(request(STORY))
      const running = generation.step(90, cancel.signal)
      await running.next()
      cancel.abort()
      await expectCode('CANCELLED', async () => {
        for (;;) if ((await running.next()).done === true) break
      })
      expect(engine.stats().openGenerations).to.equal(0)
      await expectCode('CANCELLED', () => readStep(generation, 1))
    })

    it('frees the slot when the reader walks away, or closes', async () => {
      const abandoned = await open(request(STORY))
      for await (const batch of abandoned.step(90, NEVER)) if (batch.ids.length > 0) break
      await expectCode('GENERATION_CLOSED', () => readStep(abandoned, 1))
      const closed = await open(request(STORY))
      closed.close()
      closed.close()
      await expectCode('GENERATION_CLOSED', () => readStep(closed, 1))
    })

    it('stops at once when cancelled, also while nobody reads', async () => {
      const cancel = new AbortController()
      const running = (await open(longRequest())).step(400, cancel.signal)
      await running.next()
      cancel.abort()
      expect(engine.stats().openGenerations).to.equal(0)
      await expectCode('CANCELLED', () => running.next())
    })

    it('lets the main thread work between the tokens of an answer', async () => {
      const order: string[] = []
      const generation = await open(longRequest())
      for await (const batch of generation.step(400, NEVER)) {
        order.push(batch.ids.length > 0 ? 'tokens' : 'nothing')
        setImmediate(() => order.push('main'))
      }
      order.push('end')
      // A loop turn came between the first tokens and the end: nothing held the thread.
      expect(order.indexOf('main')).to.be.within(1, order.indexOf('end') - 1)
    })
  })

  describe('refusals', () => {
    const refused: [string, string, GenerationRequest][] = [
      ['an empty prompt', 'PROMPT_EMPTY', request(' \n')],
      ['no message', 'PROMPT_EMPTY', request('', { messages: [] })],
      ['a prompt beyond the context', 'PROMPT_TOO_LONG', request('duck '.repeat(600))],
      ['a huge prompt', 'PROMPT_TOO_LONG', request('x'.repeat(5_000_000))],
      [
        'a strange role',
        'REQUEST_INVALID',
        request('', { messages: [{ role: '<|end|>', content: 'x' }] }),
      ],
      ['a foreign prefix', 'REQUEST_INVALID', request('x', { prefixIds: [4096] })],
      ['a fraction of a token', 'REQUEST_INVALID', request('x', { maxTokens: 1.5 })],
      ['an empty stop string', 'REQUEST_INVALID', request('x', { stop: [''] })],
      [
        'a short seed',
        'REQUEST_INVALID',
        request('x', { sampler: sampler({ seed: new Uint8Array(8) }) }),
      ],
    ]
    for (const [name, code, wanted] of refused) {
      it(`refuses ${name} with ${code}`, async () => {
        await expectCode(code, () => open(wanted))
      })
    }

    it('says by how much a prompt is too long', async () => {
      const { details } = await expectCode('PROMPT_TOO_LONG', () =>
        open(request('a b '.repeat(300))),
      )
      expect(details).to.include({ limit: 511 })
      expect(details['tokens']).to.be.above(511)
    })

    it('refuses an unknown model and a call that was cancelled before', async () => {
      await expectCode('UNKNOWN_MODEL', () => engine.open('0x00', request('x'), NEVER))
      await expectCode('CANCELLED', () => open(request('x'), AbortSignal.abort()))
    })
  })

  describe('with its own worker', () => {
    let own: EngineHost
    const workers: WorkerHandle[] = []
    const tasks: { task: () => void; delayMs: number }[] = []
    const watches: { task: () => void; delayMs: number }[] = []
    const components: EngineComponents = {
      spawn(init, listener) {
        const worker = spawnWorker(init, listener)
        workers.push(worker)
        return worker
      },
      schedule(task, delayMs) {
        const scheduled = { task, delayMs }
        const list = delayMs < PING_INTERVAL_MS ? tasks : watches
        list.push(scheduled)
        return () => {
          if (watches.includes(scheduled)) watches.splice(watches.indexOf(scheduled), 1)
        }
      },
    }
    const start = async (maxOpen: number): Promise<void> => {
      own = new EngineHost({ folders: [pack.folder], maxOpen, threads: 2, components })
      await own.start()
    }
    afterEach(async () => {
      await own.stop()
      workers.length = 0
      tasks.length = 0
      watches.length = 0
    })

    it('refuses one generation too many, and admits again after a close', async () => {
      await start(2)
      const opened = [1, 2].map(() => own.open(pack.modelId, request('x'), NEVER))
      const [first] = await Promise.all(opened)
      const { details } = await expectCode('ENGINE_BUSY', () =>
        own.open(pack.modelId, request('x'), NEVER),
      )
      expect(details).to.deep.equal({ open: 2, limit: 2 })
      first?.close()
      await own.open(pack.modelId, request('x'), NEVER)
    })

    it('lets a request wait for a place, and refuses it when the engine stops', async () => {
      await start(1)
      const first = await own.open(pack.modelId, request('x'), NEVER)
      const waiting = own.open(pack.modelId, request('What is 6 times 7?', { waitMs: 9e6 }), NEVER)
      expect(own.stats()).to.include({ openGenerations: 1, queued: 1 })
      first.close()
      expect((await readAll(await waiting)).text).to.equal('6 times 7 is 42.')
      await own.open(pack.modelId, request('x'), NEVER)
      const late = own.open(pack.modelId, request('x', { waitMs: 9e6 }), NEVER)
      const stopping = own.stop()
      await expectCode('ENGINE_STOPPED', () => late)
      await stopping
    })

    it('loses nobody when the worker dies in the middle of sixteen answers', async () => {
      await start(16)
      const long = Array.from({ length: 16 }, () => own.open(pack.modelId, longRequest(), NEVER))
      const running = await Promise.all(long)
      const ends = running.map(async (generation) => {
        const ids: number[] = []
        try {
          for await (const batch of generation.step(400, NEVER)) {
            ids.push(...batch.ids)
            if (ids.length > 3) void workers[0]?.terminate()
          }
        } catch (error) {
          return (error as EngineError).code
        }
        return 'ended'
      })
      expect(new Set(await Promise.all(ends))).to.deep.equal(new Set(['ENGINE_CRASHED']))
      expect(own.stats()).to.include({ openGenerations: 0, crashes: 1 })
      const { decodedTokens } = own.stats()
      tasks[0]?.task()
      const next = await own.open(pack.modelId, request('What is 6 times 7?'), NEVER)
      expect((await readAll(next)).text).to.equal('6 times 7 is 42.')
      expect(decodedTokens).to.be.above(0)
      expect(own.stats().decodedTokens, 'counters outlive the worker').to.be.above(decodedTokens)
    })

    it('fails what is open when the worker dies, restarts it, and answers the next', async () => {
      await start(8)
      const [running, idle] = [
        await own.open(pack.modelId, longRequest(), NEVER),
        await own.open(pack.modelId, request(STORY), NEVER),
      ]
      const step = running.step(400, NEVER)
      const first = step.next()
      void workers[0]?.terminate()
      await expectCode('ENGINE_CRASHED', async () => {
        await first
        for (;;) if ((await step.next()).done === true) break
      })
      await expectCode('ENGINE_CRASHED', () => readStep(idle, 1))
      expect(own.stats()).to.include({ openGenerations: 0, crashes: 1 })
      expect(tasks.map(({ delayMs }) => delayMs)).to.deep.equal([100])
      const next = own.open(pack.modelId, request('What is 6 times 7?'), NEVER)
      tasks[0]?.task()
      expect((await readAll(await next)).text).to.equal('6 times 7 is 42.')
      expect(workers.length).to.equal(2)
    })

    it('waits longer after each crash in a row, and lets go of who cancels meanwhile', async () => {
      await start(8)
      for (let crash = 0; crash < 3; crash++) {
        const generation = await own.open(pack.modelId, request(STORY), NEVER)
        await workers.at(-1)?.terminate()
        await expectCode('ENGINE_CRASHED', () => readStep(generation, 1))
        if (crash < 2) tasks.at(-1)?.task()
      }
      expect(tasks.map(({ delayMs }) => delayMs)).to.deep.equal([100, 200, 400])
      const cancel = new AbortController()
      const waiting = own.open(pack.modelId, request(STORY), cancel.signal)
      cancel.abort()
      await expectCode('CANCELLED', () => waiting)
      expect(own.stats().openGenerations).to.equal(0)
    })

    it('asks a busy worker, which answers, and gives up one that does not', async () => {
      await start(8)
      const generation = await own.open(pack.modelId, request(STORY), NEVER)
      for (let asked = 0; asked <= 2 * MAX_MISSED_PINGS; asked++) {
        watches.shift()?.task()
        await readStep(generation, 1)
      }
      expect(own.stats().crashes).to.equal(0)
      // Nobody lets the worker speak from here on.
      for (let asked = 0; asked <= MAX_MISSED_PINGS; asked++) watches.shift()?.task()
      await expectCode('ENGINE_CRASHED', () => readStep(generation, 1))
      expect(own.stats()).to.include({ openGenerations: 0, crashes: 1 })
      tasks[0]?.task()
      const next = await own.open(pack.modelId, request('What is 6 times 7?'), NEVER)
      expect((await readAll(next)).text).to.equal('6 times 7 is 42.')
    })

    it('fails what is open when it is stopped, and refuses afterwards', async () => {
      await start(8)
      const generation = await own.open(pack.modelId, request(STORY), NEVER)
      await own.stop()
      await expectCode('ENGINE_STOPPED', () => readStep(generation, 1))
      await expectCode('ENGINE_STOPPED', () => own.open(pack.modelId, request('x'), NEVER))
    })

    it('does not offer a corrupt model, and says why', async () => {
      const damaged = await packedDuckling()
      await writeFile(path.join(damaged.folder, 'tokenizer.json'), '{}')
      own = new EngineHost({ folders: [damaged.folder], components })
      await expectCode('MODEL_CORRUPT', () => own.start())
      expect(own.models()).to.deep.equal([])
      own = new EngineHost({ folders: [damaged.folder, pack.folder], components })
      await own.start()
      expect(own.models().map(({ cid }) => cid)).to.deep.equal([pack.cid])
      expect(own.failures().map(({ error }) => error.code)).to.deep.equal(['MODEL_CORRUPT'])
      await damaged.remove()
    })

    it('gives a model up whose worker never comes up', async () => {
      own = new EngineHost({
        folders: [pack.folder],
        components: {
          spawn(_init, listener) {
            queueMicrotask(() => {
              listener.down('cannot load the runtime')
            })
            return { send: () => undefined, terminate: () => Promise.resolve() }
          },
          schedule(task, delayMs) {
            if (delayMs < PING_INTERVAL_MS) queueMicrotask(task)
            return () => undefined
          },
        },
      })
      const { details } = await expectCode('ENGINE_CRASHED', () => own.start())
      expect(details).to.deep.equal({ reason: 'cannot load the runtime' })
    })
  })
})
