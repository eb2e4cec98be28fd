/** Tests: pullModel, against honest holders and all kinds of others. */
import { expect } from 'chai'
import type { FetchQuery } from '../../src/fetch/interface.ts'
import { FetchWorld, gone, never } from './support/fetch-world.ts'
import type { Twist } from './support/fetch-world.ts'
import { testModel } from './support/models.ts'
import { endless, flip, forger, other, turn, wrongBlocks } from './support/twists.ts'

const MIB = 1024 * 1024
/** Several windows would be slow to hash; these sizes have every kind of end. */
const SIZES = [5 * MIB + 12_345, 100, MIB, 0, 2 * MIB]

describe('pullModel', function () {
  this.timeout(30_000)
  const model = testModel('duckling', SIZES)
  const { modelId } = model
  let world: FetchWorld

  beforeEach(() => {
    world = new FetchWorld()
  })

  afterEach(() => {
    expect(world.sink.open, 'partials that were not closed').to.equal(0)
  })

  it('fetches a model from one holder', async () => {
    await world.holder('duck', model)
    expect(await world.pulled({ modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
    expect(world.sink.appended).to.equal(model.bytes)
    const last = world.events.filter((event) => event.type === 'progress').at(-1)
    expect(last).to.include({ have: model.bytes, bytes: model.bytes, holders: 1 })
  })

  it('shares the pieces among several holders, each piece once', async () => {
    const holders = await Promise.all(
      ['duck', 'goose', 'swan'].map((label) => world.holder(label, model)),
    )
    expect(await world.pulled({ modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
    const blocks = holders.map(({ queries }) => blocksOf(queries))
    for (const asked of blocks) expect(asked.length).to.be.greaterThan(0)
    expect(new Set(blocks.flat()).size).to.equal(blocks.flat().length)
  })

  it('fetches nothing of a model that is there', async () => {
    const duck = await world.holder('duck', model)
    await world.pulled({ modelId })
    duck.queries.length = 0
    expect(await world.pulled({ modelId })).to.equal('done')
    expect(duck.queries.map(({ kind }) => kind)).to.deep.equal(['manifest'])
  })

  it('blames who sends wrong bytes, and takes them from others', async () => {
    const fox = await world.holder('fox', model, wrongBlocks)
    await world.holder('duck', model)
    expect(await world.pulled({ modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
    expect(world.blamed()).to.deep.equal([fox.peer.toString()])
  })

  const lies: [name: string, twist: Twist][] = [
    ['another manifest', other('manifestPart', (part) => ({ ...part, bytes: flip(part.bytes) }))],
    ['a manifest that grows', endless((offset) => MIB - offset)],
    ['a manifest by the byte', endless(() => MIB, 1)],
    [
      'more pieces than there are',
      other('pieceHashes', (list) => ({ ...list, hashes: new Uint8Array(32 * 4096) })),
    ],
    ['a blob of another size', other('pieceHashes', (list) => ({ ...list, size: list.size + 1 }))],
    ['short blocks', other('block', (block) => ({ ...block, bytes: block.bytes.slice(0, -1) }))],
    [
      'long blocks',
      other('block', (block) => ({ ...block, bytes: new Uint8Array(block.bytes.length + 1) })),
    ],
    [
      'answers to other questions',
      (_, answer) =>
        answer.kind === 'block'
          ? { kind: 'manifestPart', manifestPart: { id: 1, size: 1, bytes: Uint8Array.of(1) } }
          : answer,
    ],
  ]
  for (const [name, twist] of lies) {
    it(`blames who tells ${name}`, async () => {
      const fox = await world.holder('fox', model, twist)
      const duck = await world.holder('duck', model, async (query, answer) => {
        // The liar gets its turn first.
        if (query.kind === 'manifest') for (let i = 0; i < 20; i++) await turn()
        return answer
      })
      expect(await world.pulled({ modelId })).to.equal('done')
      expect(world.sink.has(model)).to.equal(true)
      expect(world.blamed()).to.deep.equal([fox.peer.toString()])
      expect(duck.queries.length).to.be.greaterThan(3)
    })
  }

  it('blames all who told a list that the blob contradicts, and only them', async () => {
    // Three agree on a lie about everything; one is honest. Their blocks fit their list.
    const forged = testModel('forged', SIZES)
    const twist = forger(forged)
    const foxes = await Promise.all(
      ['fox', 'wolf', 'lynx'].map((l) => world.holder(l, model, twist)),
    )
    await world.holder('duck', model)
    expect(await world.pulled({ modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
    expect(world.blamed().sort()).to.deep.equal(foxes.map(({ peer }) => peer.toString()).sort())
  })

  it('goes on with another list when those who told the first one go silent midway', async () => {
    const forged = testModel('forged', SIZES)
    const forge = forger(forged)
    let blocks = 0
    const twist: Twist = (query, answer) =>
      query.kind === 'block' && ++blocks > 8 ? never() : forge(query, answer)
    await Promise.all(['fox', 'wolf'].map((label) => world.holder(label, model, twist)))
    await world.holder('duck', model)
    expect(await world.pulled({ modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
    expect(blocks).to.be.greaterThan(8)
  })

  it('takes pieces of a silent holder over by others', async () => {
    const fox = await world.holder('fox', model, (query, answer) =>
      query.kind === 'block' ? never() : answer,
    )
    await world.holder('duck', model)
    expect(await world.pulled({ modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
    expect(world.blamed()).to.deep.equal([])
    expect(blocksOf(fox.queries).length).to.be.greaterThan(0)
  })

  it('asks a holder that fails again after a rest', async () => {
    let failures = 0
    await world.holder('duck', model, (query, answer) =>
      query.kind === 'block' && ++failures % 12 === 0 ? gone() : answer,
    )
    expect(await world.pulled({ modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
    expect(failures).to.be.greaterThan(12)
  })

  it('waits for a holder that hashes a large blob for longer than an answer may take', async () => {
    const duck = await world.holder('duck', model)
    const startMs = world.clock.now()
    const release: (() => void)[] = []
    let isHashed = false
    duck.source.wait = () =>
      isHashed ? Promise.resolve() : new Promise((resolve) => void release.push(resolve))
    world.clock.after(40_000, () => {
      isHashed = true
      for (const resolve of release) resolve()
    })
    expect(await world.pulled({ modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
    expect(world.clock.now() - startMs).to.be.at.least(40_000)
    expect(world.events.filter(({ type }) => type === 'failed')).to.deep.equal([])
  })

  it('gives up with NO_HOLDERS when all are gone, and goes on where it was later', async () => {
    const duck = await world.holder('duck', model)
    world.sink.onAppend = () => {
      if (world.sink.appended >= 3 * MIB) duck.twist = gone
    }
    expect(await world.pulled({ modelId })).to.equal('NO_HOLDERS')
    const before = world.sink.appended
    expect(before).to.be.within(3 * MIB, model.bytes - 1)
    duck.twist = (_, answer) => answer
    world.sink.onAppend = () => undefined
    expect(await world.pulled({ modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
    expect(world.sink.appended, 'nothing is fetched twice').to.equal(model.bytes)
  })

  it('gives up with NO_HOLDERS when nobody has the model, or nobody is there', async () => {
    expect(await world.pulled({ modelId })).to.equal('NO_HOLDERS')
    await world.holder('duck', testModel('another', [10]))
    expect(await world.pulled({ modelId })).to.equal('NO_HOLDERS')
    expect(world.blamed()).to.deep.equal([])
  })

  it('starts a blob again when what an earlier process left of it is wrong, and blames nobody', async () => {
    await world.holder('duck', model)
    const [first = ''] = model.blobs.keys()
    world.sink.partials.set(first, [new Uint8Array(MIB + 77)])
    expect(await world.pulled({ modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
    expect(world.blamed()).to.deep.equal([])
  })

  it('resumes in the middle of a piece', async () => {
    await world.holder('duck', model)
    const [[first, bytes] = expect.fail()] = model.blobs
    world.sink.partials.set(first, [bytes.slice(0, MIB + 77)])
    expect(await world.pulled({ modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
    expect(world.sink.appended).to.equal(model.bytes - MIB - 77)
  })

  it('ends with CANCELLED when its signal aborts, before it began or midway', async () => {
    await world.holder('duck', model)
    expect(await world.pulled({ modelId, signal: AbortSignal.abort() })).to.equal('CANCELLED')
    const stop = new AbortController()
    world.sink.onAppend = () => {
      stop.abort()
    }
    expect(await world.pulled({ modelId, signal: stop.signal })).to.equal('CANCELLED')
    expect(world.clock.pending, 'timers left').to.equal(0)
  })

  it('never keeps more than a window of pieces in memory', async () => {
    // A small piece count would never fill the window: many pieces, of which the first one is late.
    const large = testModel('large', [80 * MIB])
    let held = true
    await world.holder('fox', large, async (query, answer) => {
      while (held && query.kind === 'block' && query.offset < MIB) await turn()
      return answer
    })
    const duck = await world.holder('duck', large, async (query, answer) => {
      if (query.kind === 'block' && query.offset < MIB) await never()
      if (query.kind === 'block') furthest = Math.max(furthest, query.offset)
      return answer
    })
    let furthest = 0
    const done = world.pulled({ modelId: large.modelId })
    for (let i = 0; i < 2_000; i++) await turn()
    held = false
    const reached = furthest
    expect(await done).to.equal('done')
    expect(world.sink.has(large)).to.equal(true)
    expect(reached).to.be.within(20 * MIB, 33 * MIB)
    expect(duck.queries.length).to.be.greaterThan(4)
  })
})

function blocksOf(queries: readonly FetchQuery[]): string[] {
  return queries.flatMap((query) =>
    query.kind === 'block' ? [`${query.sha256} ${String(query.offset)}`] : [],
  )
}
