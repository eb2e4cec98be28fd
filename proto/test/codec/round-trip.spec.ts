import { isDeepStrictEqual } from 'node:util'
import { expect } from 'chai'
import fc from 'fast-check'
import { CODECS } from '../../vectors/build.ts'
import { ARBITRARIES } from '../support/arbitraries.ts'

describe('codecs: round trip', () => {
  it('covers every codec', () => {
    expect(Object.keys(ARBITRARIES).sort()).to.deep.equal([...CODECS.keys()].sort())
  })

  for (const codec of CODECS.values()) {
    it(`${codec.name}: decode(encode(value)) is the value, in plain bytes that own their memory`, () => {
      const values = ARBITRARIES[codec.name] ?? fc.constant(undefined)
      fc.assert(
        fc.property(values, (value) => {
          const bytes = codec.encode(value)
          expect(Object.getPrototypeOf(bytes)).to.equal(Uint8Array.prototype)
          expect(bytes.buffer.byteLength).to.equal(bytes.length)
          return isDeepStrictEqual(codec.decode(bytes), value)
        }),
        { numRuns: 60 },
      )
    })
  }

  it('reads a Buffer and a view into a larger buffer alike', () => {
    const codec = CODECS.get('envelope')
    const value = { body: Uint8Array.of(1, 2, 3), sig: new Uint8Array(64).fill(7) }
    const bytes = codec?.encode(value) ?? new Uint8Array()
    const padded = new Uint8Array(bytes.length + 20)
    padded.set(bytes, 10)
    expect(codec?.decode(Buffer.from(bytes))).to.deep.equal(value)
    expect(codec?.decode(padded.subarray(10, 10 + bytes.length))).to.deep.equal(value)
  })

  it('gives blobs that do not change when the frame buffer is reused', () => {
    const codec = CODECS.get('envelope')
    const value = { body: Uint8Array.of(1, 2, 3), sig: new Uint8Array(64).fill(7) }
    const bytes = codec?.encode(value) ?? new Uint8Array()
    for (const buffer of [Buffer.from(bytes), Uint8Array.from(bytes)]) {
      const decoded = codec?.decode(buffer) as typeof value
      buffer.fill(0)
      expect(decoded).to.deep.equal(value)
      expect(Object.getPrototypeOf(decoded.body)).to.equal(Uint8Array.prototype)
    }
  })
})
