/** Tests: what an answer is does not depend on what runs beside it, on the cache, the threads or a restart. */
import { expect } from 'chai'
import fc from 'fast-check'
import { parseLlamaConfig } from '../../../src/engine/pack/llama-config.ts'
import type { LlamaConfig } from '../../../src/engine/pack/llama-config.ts'
import { buildGraph } from '../../../src/engine/pack/pack-folder.ts'
import { adaptToMachine } from '../../../src/engine/run/adapt-to-machine.ts'
import type { WeightFormat } from '../../../src/engine/pack/llama-layer.ts'
import { GenerationState } from '../../../src/engine/run/generation-state.ts'
import type { KvCache } from '../../../src/engine/run/kv-cache.ts'
import { OnnxModel } from '../../../src/engine/run/onnx-model.ts'
import { PrefixCache } from '../../../src/engine/run/prefix-cache.ts'
import { Scheduler } from '../../../src/engine/run/scheduler.ts'
import { DUCKLING_SOURCE, readJson } from '../support/duckling.ts'
import { RecordingSink } from '../support/fake-model.ts'
import { request, sampler } from '../support/requests.ts'

/** A prompt: some blocks shared with others, then tokens of its own. */
interface Job {
  shared: number
  own: number[]
  maxTokens: number
  seed: number
  hot: boolean
  /** Tick at which it comes, tokens per step, and ticks after which it is taken away (0: never). */
  arrives: number
  stepSize: number
  leaves: number
}

const job = fc.record<Job>({
  shared: fc.constantFrom(0, 0, 16, 48, 64, 100),
  own: fc.array(fc.integer({ min: 4, max: 1023 }), { minLength: 1, maxLength: 80 }),
  maxTokens: fc.integer({ min: 1, max: 40 }),
  seed: fc.nat(255),
  hot: fc.boolean(),
  arrives: fc.nat(12),
  stepSize: fc.constantFrom(1, 7, 64),
  leaves: fc.constantFrom(0, 0, 0, 3, 9),
})

const SHARED = Array.from({ length: 100 }, (_, i) => 4 + ((i * 389) % 1000))

describe('engine: bit identity', () => {
  let config: LlamaConfig
  const graphs = new Map<WeightFormat, Uint8Array>()
  const models: OnnxModel[] = []
  /** Told how many rows its runs may have, as an engine tells it. */
  const load = async (threads = 1, weights: WeightFormat = 'f32'): Promise<OnnxModel> => {
    const graph = graphs.get(weights) ?? (await buildGraph(DUCKLING_SOURCE, weights))
    graphs.set(weights, graph)
    const model = await OnnxModel.load(graph, config, { threads })
    models.push(model)
    const { rows } = await adaptToMachine(model, config)
    expect(rows, 'batches leave every bit as it is').to.not.equal('one')
    return model
  }
  before(async () => {
    config = parseLlamaConfig(await readJson(DUCKLING_SOURCE, 'config.json'))
  })
  after(async () => {
    await Promise.all(models.map((model) => model.release()))
  })

  function state(id: number, { shared, own, maxTokens, seed, hot }: Job): GenerationState<KvCache> {
    const params = sampler({
      temperature: hot ? 1.3 : 0,
      repetitionPenalty: hot ? 1.1 : 1,
      seed: new Uint8Array(32).fill(seed),
    })
    const prompt = [...SHARED.slice(0, shared), ...own]
    return new GenerationState<KvCache>(id, prompt, request('', { maxTokens, sampler: params }), {
      contextLength: 512,
      eosTokenIds: [1],
      decode: () => '',
    })
  }

  /** Runs jobs as they arrive, step by step; gives the ids of each and how much the cache gave. */
  async function run(model: OnnxModel, jobs: readonly Job[], cacheBytes: number) {
    const sink = new RecordingSink()
    const prefixes = new PrefixCache(model, { maxBytes: cacheBytes })
    const scheduler = new Scheduler(model, sink, prefixes)
    const open = new Map(jobs.map((each, id) => [id, { each, state: state(id, each), since: 0 }]))
    for (let tick = 0; open.size > 0; tick++) {
      for (const [id, item] of open) {
        if (tick < item.each.arrives) continue
        const { finishReason } = item.state
        const gone = item.each.leaves > 0 && ++item.since > item.each.leaves
        if (finishReason === null && !gone && !item.state.wantsToken) {
          scheduler.startStep(item.state, item.each.stepSize)
        } else if (finishReason !== null || gone) {
          scheduler.remove(item.state)
          if (item.state.cache !== null) model.discard(item.state.cache)
          open.delete(id)
        }
      }
      if (scheduler.busy) await scheduler.tick()
    }
    expect(sink.failures).to.deep.equal([])
    return { drawn: jobs.map((_, id) => sink.drawn.get(id) ?? []), ...prefixes.stats }
  }

  for (const weights of ['f32', 'q4'] as const) {
    describe(`of ${weights} weights`, () => {
      it('draws together what it draws alone, in any order of arrival, from the cache or not', async () => {
        const [model, threaded] = [await load(1, weights), await load(2, weights)]
        let hits = 0
        await fc.assert(
          fc.asyncProperty(fc.array(job, { minLength: 2, maxLength: 9 }), async (jobs) => {
            const together = await run(model, jobs, 4 * 1024 * 1024)
            hits += together.hitTokens
            for (const [id, each] of jobs.entries()) {
              const solo = await run(
                threaded,
                [{ ...each, arrives: 0, stepSize: 64, leaves: 0 }],
                0,
              )
              const drawn = together.drawn[id] ?? []
              if (each.leaves === 0) expect(drawn).to.deep.equal(solo.drawn[0])
              else expect(drawn).to.deep.equal(solo.drawn[0]?.slice(0, drawn.length))
            }
          }),
          { numRuns: 12 },
        )
        expect(hits, 'the cache was used').to.be.above(0)
      })

      it('gives equal logits, not only equal tokens: batch sizes, padding, neighbours, threads, restart', async () => {
        const [a, b] = [await load(1, weights), await load(2, weights)]
        for (const rows of [2, 3, 8, 17]) {
          const prompts = Array.from({ length: rows }, (_, row) =>
            SHARED.slice(row, row + 3 + ((row * 31) % 60)),
          )
          const batch = prompts.map((ids) => ({ cache: a.createCache(), ids }))
          const solo = prompts.map((ids) => ({ cache: b.createCache(), ids }))
          const together = await a.prefillTogether(batch)
          for (const [row, { cache, ids }] of solo.entries()) {
            expect(same(await b.prefill(cache, ids), together[row])).to.equal(true)
          }
          for (let step = 0; step < 4; step++) {
            const logits = await a.decode(
              batch.map(({ cache }, row) => ({ cache, id: 4 + row + step })),
            )
            for (const [row, { cache }] of solo.entries()) {
              const [alone] = await b.decode([{ cache, id: 4 + row + step }])
              expect(same(alone, logits[row])).to.equal(true)
            }
          }
          for (const { cache } of [...batch, ...solo])
            for (const model of [a, b]) model.discard(cache)
        }
      })
    })
  }

  it('finds on this machine that batches and cuts leave every bit as it is', async () => {
    const model = await load()
    const traits = await adaptToMachine(model, config)
    expect(traits).to.deep.equal({ rows: 'any', cuts: true, blockTokens: 16 })
  })

  it('answers row by row where batches would not, with the same numbers', async () => {
    const [model, other] = [await load(), await load()]
    other.setRows('one')
    const jobs = [0, 1, 2].map((i) => ({ cache: model.createCache(), ids: SHARED.slice(i, 9 + i) }))
    const twins = jobs.map(({ ids }) => ({ cache: other.createCache(), ids }))
    const [one, two] = [await model.prefillTogether(jobs), await other.prefillTogether(twins)]
    expect(one.every((logits, row) => same(logits, two[row]))).to.equal(true)
    const decoded = await model.decode(jobs.map(({ cache }) => ({ cache, id: 7 })))
    const apart = await other.decode(twins.map(({ cache }) => ({ cache, id: 7 })))
    expect(decoded.every((logits, row) => same(logits, apart[row]))).to.equal(true)
  })

  it('keeps the rows right when one ends while the graph computes', async () => {
    const model = await load()
    const caches = [0, 1, 2].map(() => model.createCache())
    for (const [i, cache] of caches.entries()) await model.prefill(cache, SHARED.slice(i, i + 20))
    const [first, second, third] = caches
    if (!first || !second || !third) throw new RangeError('three caches were made')
    const running = model.decode(caches.map((cache) => ({ cache, id: 9 })))
    model.discard(first)
    await running
    const after = await model.decode([
      { cache: third, id: 11 },
      { cache: second, id: 12 },
    ])
    const fresh = model.createCache()
    await model.prefill(fresh, SHARED.slice(2, 22))
    await model.decode([{ cache: fresh, id: 9 }])
    const [alone] = await model.decode([{ cache: fresh, id: 11 }])
    expect(same(alone, after[0])).to.equal(true)
  })
})

function same(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  if (a === undefined || b === undefined) return false
  return Buffer.compare(bytes(a), bytes(b)) === 0
}

function bytes({ buffer, byteLength, byteOffset }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
