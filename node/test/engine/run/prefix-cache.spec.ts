/** Tests: PrefixCache, on a model whose keys are the ids themselves. */
import { expect } from 'chai'
import fc from 'fast-check'
import { BLOCK_TOKENS, PrefixCache } from '../../../src/engine/run/prefix-cache.ts'
import { FakeCache, FakeModel } from '../support/fake-model.ts'

const BLOCK_BYTES = 4 * BLOCK_TOKENS
const ids = (length: number, from = 0): number[] => Array.from({ length }, (_, i) => from + i)

describe('engine/run/prefix-cache', () => {
  let prefixes: PrefixCache<FakeCache>
  beforeEach(() => {
    prefixes = new PrefixCache(new FakeModel(), { maxBytes: 10 * BLOCK_BYTES })
  })

  function keep(prompt: number[], client = ''): void {
    const cache = new FakeCache()
    cache.fed.push(...prompt)
    prefixes.keep(cache, client, prompt)
  }

  function restored(prompt: number[], client = ''): number[] {
    const cache = new FakeCache()
    prefixes.restore(cache, client, prompt)
    return cache.fed
  }

  it('gives back whole blocks that both prompts begin with', () => {
    keep(ids(50))
    expect(restored([...ids(40), ...ids(20, 500)])).to.deep.equal(ids(32))
    expect(restored(ids(40, 1))).to.deep.equal([])
  })

  it('always leaves two tokens to be fed', () => {
    keep(ids(64))
    expect(restored(ids(64))).to.deep.equal(ids(48))
    expect(restored(ids(65))).to.deep.equal(ids(48))
    expect(restored(ids(66))).to.deep.equal(ids(64))
    expect(restored(ids(17))).to.deep.equal([])
  })

  it('keeps nothing of a block after another beginning', () => {
    keep([...ids(16), ...ids(16, 300)])
    expect(restored([...ids(16, 900), ...ids(16, 300), 1, 2])).to.deep.equal([])
  })

  it('shows one client nothing of another', () => {
    keep(ids(50), 'a')
    expect(restored(ids(50), 'b')).to.deep.equal([])
    expect(restored(ids(50), 'a').length).to.equal(48)
  })

  it('stays within its memory, drops what was used longest ago, and ends of prompts first', () => {
    keep(ids(80))
    keep(ids(80, 1000))
    restored(ids(82))
    keep(ids(32, 2000))
    expect(prefixes.stats.bytes).to.be.at.most(10 * BLOCK_BYTES)
    expect(restored(ids(82, 1000)).length).to.equal(48)
    expect(restored(ids(82)).length).to.equal(80)
    expect(restored(ids(34, 2000)).length).to.equal(32)
  })

  it('is off without memory', () => {
    prefixes = new PrefixCache(new FakeModel(), { maxBytes: 0 })
    keep(ids(50))
    expect(restored(ids(50))).to.deep.equal([])
    expect(prefixes.stats).to.deep.equal({ bytes: 0, hitTokens: 0, missTokens: 0 })
  })

  it('never gives a token that is not the prompt’s, and counts what it gave', () => {
    const prompt = fc.array(fc.nat(2), { minLength: 1, maxLength: 80 })
    fc.assert(
      fc.property(fc.array(prompt, { maxLength: 12 }), (prompts) => {
        prefixes = new PrefixCache(new FakeModel(), { maxBytes: 6 * BLOCK_BYTES })
        let hits = 0
        for (const each of prompts) {
          const found = restored(each)
          hits += found.length
          expect(found).to.deep.equal(each.slice(0, found.length))
          keep(each)
          expect(prefixes.stats.bytes).to.be.at.most(6 * BLOCK_BYTES)
        }
        expect(prefixes.stats.hitTokens).to.equal(hits)
      }),
    )
  })
})
