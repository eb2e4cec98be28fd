/** Tests: two places are timed in turn and compared before they are timed. */
import { expect } from 'chai'
import { comparePlaces } from '../../../src/engine/device/compare-places.ts'
import type { Workload } from '../../../src/engine/device/workloads.ts'

/** A place where every run takes so long, on a clock that only runs move. */
class Bench {
  ms = 0
  readonly order: string[] = []
  ended = 0

  place(who: string, msOfRun: number, numbers: number[], name: Workload['name']): Workload {
    return {
      name,
      run: () => {
        this.order.push(who)
        this.ms += msOfRun
        return Promise.resolve(Float32Array.from(numbers))
      },
      end: () => {
        this.ended++
      },
    }
  }
}

describe('engine/device/compare-places', () => {
  it('says how many times as fast the first place is, and the largest difference', async () => {
    const bench = new Bench()
    const judged: [number, string][] = []
    const found = await comparePlaces(
      [bench.place('d', 10, [1, 2], 'prompt'), bench.place('d', 4, [5, 5], 'one')],
      [bench.place('p', 5, [1, 2.5], 'prompt'), bench.place('p', 8, [5, 5.25], 'one')],
      { judge: (difference, name) => judged.push([difference, name]), now: () => bench.ms },
    )
    expect(found).to.deep.equal({ maxDifference: 0.5, speed: { prompt: 0.5, one: 2 } })
    expect(judged).to.deep.equal([
      [0.5, 'prompt'],
      [0.25, 'one'],
    ])
    expect(bench.order.slice(0, 6)).to.deep.equal(['d', 'p', 'd', 'p', 'd', 'p'])
    expect(bench.ended).to.equal(4)
  })

  it('times a very slow place once and not again', async () => {
    const bench = new Bench()
    const [slow, fast] = [60_000, 1]
    const { speed } = await comparePlaces(
      [bench.place('d', slow, [1], 'text')],
      [bench.place('p', fast, [1], 'text')],
      { judge: () => undefined, now: () => bench.ms },
    )
    expect(speed.text).to.equal(fast / slow)
    expect(bench.order).to.deep.equal(['d', 'p', 'd', 'p'])
  })

  it('has numbers judged before anything is timed; none, or too few, differ without bound', async () => {
    for (const wrong of [[Number.NaN, 2], [1], [1, 2, 3], [1, Infinity]]) {
      const bench = new Bench()
      const judging = comparePlaces(
        [bench.place('d', 1, wrong, 'one')],
        [bench.place('p', 1, [1, 2], 'one')],
        {
          judge: (difference) => {
            expect(difference, String(wrong)).to.equal(Infinity)
            throw new RangeError('too much')
          },
          now: () => bench.ms,
        },
      )
      const error = await judging.catch((thrown: unknown) => thrown)
      expect(error).to.be.instanceOf(RangeError)
      expect(bench.order).to.deep.equal(['d', 'p'])
    }
  })
})
