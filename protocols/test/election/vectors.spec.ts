/** The golden vectors that the chain computes too (rules E-4 to E-7). */
import { expect } from 'chai'
import { initialMix, lnWad, nextMix, seatScore, seedOf } from '../../src/election/index.ts'
import { electionVectors, readElectionVectors } from './vectors.ts'
import type { ElectionVectors } from './vectors.ts'

describe('vectors/election.json', () => {
  const vectors = JSON.parse(readElectionVectors()) as ElectionVectors

  it('is what test/election/vectors.ts writes', () => {
    expect(electionVectors() === readElectionVectors()).to.equal(true)
  })

  it('has 2 000 logarithms, all as lnWad computes them', () => {
    const { x, ln } = vectors.lnWad
    expect(x).to.have.length(2_000)
    expect(x.map((value) => String(lnWad(BigInt(value))))).to.deep.equal(ln)
  })

  it('has 20 mixes from the chain to the seed', () => {
    const { chainIds, registries, mix0, preimages, mix1, epochs, seeds } = vectors.mix
    expect(registries).to.have.length(20)
    for (const [i, registry] of registries.entries()) {
      const first = initialMix(BigInt(chainIds[i] ?? 0), registry)
      const second = nextMix(first, preimages[i] ?? '0x')
      expect([first, second]).to.deep.equal([mix0[i], mix1[i]])
      expect(seedOf(second, epochs[i] ?? -1)).to.equal(seeds[i])
    }
  })

  it('has 10 000 scores, all as seatScore computes them', () => {
    const { seeds, shards, turns, owners, weights, scores } = vectors.scores
    expect(scores).to.have.length(10_000)
    for (const [i, seed] of seeds.entries()) {
      const weight = BigInt(weights[i] ?? '')
      const score = seatScore(seed, shards[i] ?? -1, turns[i] ?? -1, owners[i] ?? '0x', weight)
      if (String(score) !== scores[i]) expect.fail(`score ${String(i)} differs`)
    }
  })
})

describe('election hashes and logarithm against values from elsewhere', () => {
  const registry = '0x5fbdb2315678afecb367f032d93f642f64180aa3'

  it('abi.encode is the one of the chain: values computed with viem', () => {
    const mix = initialMix(31_337, registry)
    expect(mix).to.equal('0x845890022f3c6c304eb8060de0089a2f58bb9fb453ba7f4e2855805b2966d6d5')
    const next = nextMix(mix, `0x${'01'.repeat(32)}`)
    expect(next).to.equal('0x654622df30e73a1c1948d18c2b6b50c290ad6d7cf8e595bf3f3bd7e7ede486a0')
    expect(seedOf(next, 7)).to.equal(
      '0x2c98adb4868f96237b54b396bb5745f07940c2f78b32979ff4420cf9545d2ac9',
    )
  })

  it('a score from the same hash computed with viem', () => {
    const seed = `0x${'11'.repeat(32)}` as const
    // keccak256(abi.encode(seed, uint8 3, uint32 9, registry)) mod 10^18 + 1
    const x = 179856943322333094n
    const weight = 1_000n * 10n ** 18n
    expect(seatScore(seed, 3, 9, registry, weight)).to.equal((-lnWad(x) * 2n ** 96n) / weight)
  })

  it('the logarithms that Solady tests its own with', () => {
    const known: [bigint, bigint][] = [
      [1n, -41446531673892822313n],
      [42n, -37708862055609454007n],
      [10_000n, -32236191301916639577n],
      [1_000_000_000n, -20723265836946411157n],
      [10n ** 18n, 0n],
      [2718281828459045235n, 999999999999999999n],
      [11723640096265400935n, 2461607324344817918n],
      [2n ** 128n, 47276307437780177293n],
      [2n ** 170n, 76388489021297880288n],
      [2n ** 255n - 1n, 135305999368893231589n],
    ]
    for (const [x, ln] of known) expect(lnWad(x)).to.equal(ln)
  })
})
