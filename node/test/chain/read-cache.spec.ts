import { expect } from 'chai'
import { CACHE_ENTRIES } from '../../src/chain/constants.ts'
import { ReadCache } from '../../src/chain/read-cache.ts'
import { SerialQueue } from '../../src/chain/serial-queue.ts'
import { ManualClock } from '../manual-clock.ts'

const ttl = (): number => 10

describe('ReadCache', () => {
  it('reads once for concurrent calls and until the time is over', async () => {
    const clock = new ManualClock()
    const cache = new ReadCache<number>(clock)
    let reads = 0
    const read = (): Promise<number> => Promise.resolve(++reads)
    expect(await Promise.all([cache.get('a', ttl, read), cache.get('a', ttl, read)])).to.deep.equal(
      [1, 1],
    )
    clock.advance(9)
    expect(await cache.get('a', ttl, read)).to.equal(1)
    clock.advance(1)
    expect(await cache.get('a', ttl, read)).to.equal(2)
    expect(await cache.get('b', ttl, read)).to.equal(3)
  })

  it('keeps no failure, and the last value beside it', async () => {
    const clock = new ManualClock()
    const cache = new ReadCache<number>(clock)
    await cache.get('a', ttl, () => Promise.resolve(1))
    clock.advance(10)
    const failed = await cache
      .get('a', ttl, () => Promise.reject(new RangeError('x')))
      .catch(String)
    expect(failed).to.contain('RangeError')
    expect(cache.last('a')).to.equal(1)
    expect(await cache.get('a', ttl, () => Promise.resolve(2))).to.equal(2)
  })

  it('does not keep what a read found that began before the key was forgotten', async () => {
    const cache = new ReadCache<string>(new ManualClock())
    const { promise, resolve } = Promise.withResolvers<string>()
    const early = cache.get('a', ttl, () => promise)
    cache.forget('a')
    const late = cache.get('a', ttl, () => Promise.resolve('new'))
    expect(await late).to.equal('new')
    resolve('old')
    expect(await early).to.equal('old')
    expect(await cache.get('a', ttl, () => Promise.resolve('newer'))).to.equal('new')
  })

  it('holds a bounded number of entries', async () => {
    const cache = new ReadCache<number>(new ManualClock())
    for (let n = 0; n <= CACHE_ENTRIES; n++)
      await cache.get(String(n), ttl, () => Promise.resolve(n))
    expect([cache.last('0'), cache.last('1')]).to.deep.equal([undefined, 1])
  })
})

describe('SerialQueue', () => {
  it('runs one task at a time, in order, also after one that failed', async () => {
    const queue = new SerialQueue()
    const log: string[] = []
    const task =
      (name: string, fails = false) =>
      async (): Promise<void> => {
        log.push(`+${name}`)
        await Promise.resolve()
        log.push(`-${name}`)
        if (fails) throw new RangeError(name)
      }
    const results = await Promise.allSettled([
      queue.run(task('a', true)),
      queue.run(task('b')),
      queue.run(task('c')),
    ])
    expect(log.join('')).to.equal('+a-a+b-b+c-c')
    expect(results.map((result) => result.status)).to.deep.equal([
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
  })
})
