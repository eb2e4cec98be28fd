import { expect } from 'chai'
import fc from 'fast-check'
import { TokenHasher, tokenHash } from '../src/token-hash.ts'
import { packTokenIds } from '../src/token-ids.ts'
import { expectProtoError } from './support/expect-error.ts'

const ids = fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 40 })

describe('token hash', () => {
  it('is the same however the ids are split, at every step', () => {
    fc.assert(
      fc.property(fc.array(ids, { maxLength: 6 }), (chunks) => {
        const hasher = new TokenHasher()
        const soFar: number[] = []
        for (const chunk of chunks) {
          soFar.push(...chunk)
          expect(hasher.update(chunk).digest()).to.equal(tokenHash(soFar))
        }
      }),
      { numRuns: 30 },
    )
  })

  it('differs for another order, another id and another salt', () => {
    const salt = new Uint8Array(32).fill(1)
    const hashes = [
      tokenHash([1, 2]),
      tokenHash([2, 1]),
      tokenHash([1, 3]),
      tokenHash([1, 2], salt),
      tokenHash([1, 2], new Uint8Array(32)),
    ]
    expect(new Set(hashes).size).to.equal(hashes.length)
  })

  it('refuses ids that are no uint32 and then goes on as if they never came', () => {
    const hasher = new TokenHasher().update([1])
    for (const bad of [-1, 2 ** 32, 0.5, Number.NaN]) {
      expectProtoError(() => hasher.update([2, bad]), 'FIELD_OUT_OF_RANGE', 'ids[1]')
    }
    expect(hasher.digest()).to.equal(tokenHash([1]))
  })

  it('packs ids as uint32 big-endian', () => {
    expect([...packTokenIds([1, 0x01020304])]).to.deep.equal([0, 0, 0, 1, 1, 2, 3, 4])
  })
})
