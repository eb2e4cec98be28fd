/** Tests: EngineHost with real workers and the real model. */
import { expect } from 'chai'
import { EngineHost } from '../../src/engine/index.ts'
import type { GenerationRequest, PackedModel } from '../../src/engine/index.ts'
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
      const { decodeMs, decodeRuns, decodedTokens } = engine.stats()
      const mean = (decodedTokens - before.decodedTokens) / (decodeRuns - before.decodeRuns)
      expect(mean, 'rows in a run').to.be.above(4)
      expect(decodeMs, 'the time of these runs is told').to.be.above(before.decodeMs)
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
})
