/** Whatever mix of liars is there: a pull completes while one honest holder is, and blames nobody honest. */
import { expect } from 'chai'
import fc from 'fast-check'
import { FetchWorld, gone, never } from './support/fetch-world.ts'
import type { Twist } from './support/fetch-world.ts'
import { testModel } from './support/models.ts'
import { endless, forger, other, wrongBlocks } from './support/twists.ts'

const MIB = 1024 * 1024
const SIZES = [2 * MIB + 5, 3 * MIB, 70]
const model = testModel('duckling', SIZES)

/** Different liars may tell the same forged list, or each one of its own. */
const forgeries = ['a', 'b'].map((label) => testModel(`forged ${label}`, SIZES))

/** One behaviour up to a number of answers, then another one. */
function change(first: Twist, answers: number, then: Twist): Twist {
  let given = 0
  return (query, answer) => (given++ < answers ? first : then)(query, answer)
}

const honestly: Twist = (_, answer) => answer

const twist: fc.Arbitrary<() => Twist> = fc.oneof(
  fc.constant(() => wrongBlocks),
  fc.constant(() => never),
  fc.constant(() => gone),
  fc.constant(() => endless(() => MIB, 1)),
  fc.constant(() => other('pieceHashes', (list) => ({ ...list, size: list.size + 1 }))),
  fc.constant(() => other('block', (block) => ({ ...block, bytes: block.bytes.slice(1) }))),
  fc.constantFrom(...forgeries).map((forged) => () => forger(forged)),
  fc
    .tuple(fc.constantFrom(...forgeries), fc.nat({ max: 20 }), fc.constantFrom<Twist>(never, gone))
    .map(
      ([forged, answers, then]) =>
        () =>
          change(forger(forged), answers, then),
    ),
  fc.tuple(fc.nat({ max: 30 }), fc.constantFrom<Twist>(never, gone, wrongBlocks)).map(
    ([answers, then]) =>
      () =>
        change(honestly, answers, then),
  ),
)

describe('pullModel among liars', function () {
  this.timeout(120_000)

  it('completes and blames nobody honest', async () => {
    const liars = fc.array(twist, { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(liars, fc.integer({ min: 1, max: 2 }), async (twists, honest) => {
        const world = new FetchWorld()
        for (const [i, make] of twists.entries()) {
          await world.holder(`fox ${String(i)}`, model, make())
        }
        const ducks: string[] = []
        for (let i = 0; i < honest; i++) {
          ducks.push((await world.holder(`duck ${String(i)}`, model)).peer.toString())
        }
        expect(await world.pulled({ modelId: model.modelId })).to.equal('done')
        expect(world.sink.has(model)).to.equal(true)
        expect(world.sink.open).to.equal(0)
        expect(world.blamed().filter((peer) => ducks.includes(peer))).to.deep.equal([])
      }),
      { numRuns: 60 },
    )
  })

  it('completes though sixty peers that never answer were found first', async () => {
    const world = new FetchWorld()
    for (let i = 0; i < 60; i++) await world.holder(`fox ${String(i)}`, model, never)
    await world.holder('duck', model)
    expect(await world.pulled({ modelId: model.modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
  })

  it('completes though ten peers tell a list each and then say no more', async () => {
    const world = new FetchWorld()
    for (let i = 0; i < 10; i++) {
      const forge = forger(testModel(`forged ${String(i)}`, SIZES))
      const fox: Twist = (query, answer) =>
        query.kind === 'block' ? never() : forge(query, answer)
      await world.holder(`fox ${String(i)}`, model, fox)
    }
    await world.holder('duck', model)
    expect(await world.pulled({ modelId: model.modelId })).to.equal('done')
    expect(world.sink.has(model)).to.equal(true)
  })
})
