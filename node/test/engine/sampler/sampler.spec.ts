import { expect } from 'chai'
import fc from 'fast-check'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { checkSamplerParams } from '../../../src/engine/sampler/check-sampler-params.ts'
import { exp2Weight } from '../../../src/engine/sampler/exp2-weight.ts'
import { candidateTokens, sampleToken } from '../../../src/engine/sampler/sampler.ts'
import { seededUniform } from '../../../src/engine/sampler/seeded-uniform.ts'
import { expectCode } from '../support/expect-code.ts'
import { sampler } from '../support/requests.ts'
import { naiveSample } from './naive-sampler.ts'
import type { SamplerVector } from './naive-sampler.ts'

const VECTORS = path.join(import.meta.dirname, '../../../../proto/vectors/sampler.json')

const vectorArbitrary = fc.record({
  logits: fc.array(fc.float({ min: -30, max: 30, noNaN: true }), { minLength: 1, maxLength: 40 }),
  temperature: fc.constantFrom(0, 0.2, 0.7, 1, 1.7),
  topP: fc.double({ min: 0, max: 1, noNaN: true }),
  topK: fc.nat(45),
  minP: fc.double({ min: 0, max: 1, noNaN: true }),
  repetitionPenalty: fc.constantFrom(0.8, 1, 1.1, 2),
  logitBias: fc.uniqueArray(fc.tuple(fc.nat(39), fc.double({ min: -20, max: 20, noNaN: true })), {
    selector: ([id]) => id,
    maxLength: 3,
  }),
  context: fc.array(fc.nat(50), { maxLength: 8 }),
  seed: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => Buffer.from(b).toString('hex')),
  t: fc.nat(2 ** 32 - 1),
})

describe('engine/sampler', () => {
  it('agrees with every golden vector, and so does the naive sampler', async () => {
    const { cases } = JSON.parse(await readFile(VECTORS, 'utf8')) as { cases: SamplerVector[] }
    expect(cases.length).to.be.at.least(40)
    for (const vector of cases) {
      const { candidates, token } = vector
      expect(solve(vector), vector.name).to.deep.equal({ candidates, token })
      expect(naiveSample(vector), vector.name).to.deep.equal({ candidates, token })
    }
  })

  it('agrees with the naive sampler on any input', () => {
    fc.assert(
      fc.property(vectorArbitrary, (raw) => {
        const logitBias = raw.logitBias.filter(([id]) => id < raw.logits.length)
        const vector = { ...raw, logitBias }
        expect(solve(vector)).to.deep.equal(naiveSample(vector))
      }),
      { numRuns: 500 },
    )
  })

  it('gives one token to one (seed, t), whatever was drawn before', () => {
    const logits = Float32Array.from({ length: 50 }, (_, i) => (i * 7919) % 5)
    const draw = (t: number): number => sampleToken(logits, sampler({ temperature: 1 }), [], t)
    expect([5, 3, 5].map(draw)).to.deep.equal([draw(5), draw(3), draw(5)])
    expect(new Set(Array.from({ length: 40 }, (_, t) => draw(t))).size).to.be.above(5)
  })

  it('draws in proportion to e^(l/T)', () => {
    const logits = Float32Array.of(0, Math.log(2), Math.log(5))
    const counts = [0, 0, 0]
    for (let t = 0; t < 8000; t++) {
      const id = sampleToken(logits, sampler({ temperature: 1 }), [], t)
      counts[id] = (counts[id] ?? 0) + 1
    }
    // Four standard deviations; the seed is fixed, so this cannot flicker.
    const expected = [1000, 2000, 5000]
    counts.forEach((count, id) => {
      const share = expected[id] ?? 0
      expect(count).to.be.closeTo(share, 4 * Math.sqrt(share * (1 - share / 8000)))
    })
  })

  it('weighs monotonically and within 2^30', () => {
    expect(exp2Weight(0)).to.equal(2 ** 30)
    expect(exp2Weight(-65536)).to.equal(2 ** 29)
    expect(exp2Weight(-29 * 65536)).to.equal(2)
    expect(exp2Weight(-29 * 65536 - 1)).to.equal(0)
    fc.assert(
      fc.property(fc.integer({ min: -30 * 65536, max: -1 }), (q) => {
        expect(exp2Weight(q)).to.be.at.most(exp2Weight(q + 1))
        expect(exp2Weight(q)).to.be.closeTo(2 ** (30 + q / 65536), 2 ** (30 + q / 65536) * 2e-5 + 2)
      }),
    )
  })

  it('takes U_t from the first 53 bits of sha256(seed, t)', () => {
    // sha256 of 36 zero bytes starts 6db65fd59fd356f6.
    const expected = 0x6db65fd59fd356f6n >> 11n
    expect(seededUniform(new Uint8Array(32), 0)).to.equal(expected)
  })

  it('leaves out logits that are no numbers, and says when none is left', async () => {
    const logits = Float32Array.of(NaN, -1, Infinity, -Infinity)
    expect(sampleToken(logits, sampler(), [], 0)).to.equal(1)
    expect(sampleToken(logits, sampler({ temperature: 1 }), [], 0)).to.equal(1)
    await expectCode('SAMPLER_FAILED', () => sampleToken(Float32Array.of(NaN), sampler(), [], 0))
  })

  const refused = {
    'a negative temperature': { temperature: -1 },
    'no temperature': { temperature: NaN },
    'top-p above 1': { topP: 1.1 },
    'a fraction of a token': { topK: 1.5 },
    'a negative min-p': { minP: -0.1 },
    'a penalty of 0': { repetitionPenalty: 0 },
    'a short seed': { seed: new Uint8Array(31) },
    'a bias on an unknown token': { logitBias: new Map([[1024, 1]]) },
    'an endless bias': { logitBias: new Map([[1, Infinity]]) },
  }
  for (const [name, changes] of Object.entries(refused)) {
    it(`refuses ${name}`, async () => {
      await expectCode('REQUEST_INVALID', () => {
        checkSamplerParams(sampler(changes), 1024)
      })
    })
  }
})

function solve(vector: Omit<SamplerVector, 'candidates' | 'token' | 'name'>): {
  candidates: [number, number][]
  token: number
} {
  const seed = Uint8Array.from(Buffer.from(vector.seed, 'hex'))
  const params = { ...vector, logitBias: new Map(vector.logitBias), seed }
  const logits = Float32Array.from(vector.logits)
  const candidates = candidateTokens(logits, params, vector.context)
  return {
    candidates: candidates.map(({ id, weight }) => [id, weight]),
    token: sampleToken(logits, params, vector.context, vector.t),
  }
}
