import { expect } from 'chai'
import fc from 'fast-check'
import { EngineError } from '../../../src/engine/index.ts'
import { parseSafetensors } from '../../../src/engine/pack/safetensors.ts'
import { expectCode } from '../support/expect-code.ts'
import { safetensors, tinyFile } from '../support/tiny-safetensors.ts'

describe('engine/pack/safetensors', () => {
  it('reads names, shapes and bytes', () => {
    const tensors = parseSafetensors(tinyFile())
    expect([...tensors.keys()]).to.deep.equal(['a', 'b'])
    expect(tensors.get('a')?.shape).to.deep.equal([2, 2])
    expect(tensors.get('b')?.data.length).to.equal(8)
  })

  it('refuses a file cut off at any byte', () => {
    const file = tinyFile()
    for (let length = 0; length < file.length; length++) {
      expect(() => parseSafetensors(file.subarray(0, length))).to.throw(EngineError)
    }
  })

  it('either reads or refuses with a code, whatever bytes are changed', () => {
    const change = fc.tuple(
      fc.nat({ max: tinyFile().length - 1 }),
      fc.integer({ min: 0, max: 255 }),
    )
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
        const file = tinyFile()
        for (const [index, value] of changes) file[index] = value
        expectReadOrCorrupt(file)
      }),
      { numRuns: 500 },
    )
  })

  it('either reads or refuses with a code, whatever the header says', () => {
    fc.assert(
      fc.property(fc.json(), fc.uint8Array({ maxLength: 64 }), (json, data) => {
        expectReadOrCorrupt(safetensors(JSON.parse(json), data))
      }),
    )
  })

  it('either reads or refuses with a code, whatever an entry says', () => {
    const entry = fc.record({
      dtype: fc.constantFrom('F32', 'F16', 'U8', 'X', ''),
      shape: fc.array(fc.oneof(fc.nat(8), fc.maxSafeInteger()), { maxLength: 4 }),
      data_offsets: fc.array(fc.oneof(fc.nat(64), fc.maxSafeInteger()), { maxLength: 3 }),
    })
    fc.assert(
      fc.property(fc.dictionary(fc.string(), entry), (header) => {
        expectReadOrCorrupt(safetensors(header, new Uint8Array(64)))
      }),
    )
  })

  const refused: [string, unknown][] = [
    ['overlap', { a: entry([0, 16]), b: entry([8, 24]) }],
    ['a hole', { a: entry([0, 16]), b: entry([20, 36]) }],
    ['data beyond the tensors', { a: entry([0, 16]) }],
    ['a wrong byte count', { a: { ...entry([0, 16]), shape: [3] } }],
    ['an unknown field', { a: { ...entry([0, 16]), extra: 1 } }],
  ]
  for (const [name, header] of refused) {
    it(`refuses ${name}`, async () => {
      await expectCode('MODEL_CORRUPT', () => parseSafetensors(safetensors(header, bytes(36))))
    })
  }

  it('refuses a header length that would need gigabytes', async () => {
    const file = tinyFile()
    new DataView(file.buffer).setBigUint64(0, 2n ** 63n, true)
    await expectCode('MODEL_CORRUPT', () => parseSafetensors(file))
  })
})

function entry(offsets: [number, number]): object {
  return { dtype: 'F32', shape: [(offsets[1] - offsets[0]) / 4], data_offsets: offsets }
}

function bytes(length: number): Uint8Array {
  return new Uint8Array(length)
}

function expectReadOrCorrupt(file: Uint8Array): void {
  try {
    for (const { data } of parseSafetensors(file).values()) {
      expect(data.byteOffset + data.length).to.be.at.most(file.byteOffset + file.length)
    }
  } catch (error) {
    expect(error).to.be.instanceOf(EngineError)
    expect((error as EngineError).code).to.equal('MODEL_CORRUPT')
  }
}
