/** Tests: EngineHost and its workers: admission, crashes, restarts, stops, models that do not load. */
import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineHost } from '../../src/engine/index.ts'
import type { EngineError, PackedModel } from '../../src/engine/index.ts'
import { MAX_MISSED_PINGS, PING_INTERVAL_MS } from '../../src/engine/watchdog.ts'
import { spawnWorker } from '../../src/engine/worker-handle.ts'
import type { EngineComponents, WorkerHandle } from '../../src/engine/worker-handle.ts'
import { packedDuckling } from './support/duckling.ts'
import { expectCode } from './support/expect-code.ts'
import { longRequest, NEVER, readAll, readStep, request } from './support/requests.ts'

const STORY = 'Tell me a story about a brave duck.'

describe('engine/engine-host and its workers', () => {
  let pack: PackedModel & { remove: () => Promise<void> }
  before(async () => {
    pack = await packedDuckling()
  })
  after(async () => {
    await pack.remove()
  })
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
