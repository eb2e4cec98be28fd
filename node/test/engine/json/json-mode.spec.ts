/** Tests: JSON mode, from bytes to answers. */
import { expect } from 'chai'
import fc from 'fast-check'
import { EngineHost } from '../../../src/engine/index.ts'
import { JsonGuide, TokenOrder } from '../../../src/engine/json/json-guide.ts'
import { JSON_START, MAX_DEPTH, nextJsonState } from '../../../src/engine/json/json-state.ts'
import type { JsonState } from '../../../src/engine/json/json-state.ts'
import { tokenBytes } from '../../../src/engine/json/token-bytes.ts'
import { DUCKLING_SOURCE, packedDuckling, readJson } from '../support/duckling.ts'
import { NEVER, readAll, request, sampler } from '../support/requests.ts'

function read(bytes: Uint8Array): JsonState | null {
  let state: JsonState | null = JSON_START
  for (const byte of bytes) state = state === null ? null : nextJsonState(state, byte)
  return state
}

const text = (json: string): Uint8Array => new TextEncoder().encode(json)

describe('engine/json', () => {
  it('reads every object that JSON.stringify writes, in any layout, to its end', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })),
        fc.nat(3),
        (value, n) => {
          const state = read(text(JSON.stringify(value, null, n)))
          expect(state?.mode).to.equal('done')
        },
      ),
    )
  })

  it('never takes for whole what JSON.parse refuses, nor goes on where nothing can follow', () => {
    const piece = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        '"',
        ':',
        ',',
        ' ',
        '\n',
        '-',
        '0',
        '12',
        '.',
        'e',
        '+',
        'true',
        'nul',
      ],
      ...['\\', '\\u', 'a', 'ä', '"a":', 'false', 'null', '1.5e-3', '\u0001', '"k":{"x":[1,2]}'],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const json = `{${pieces.join('')}`
        const state = read(text(json))
        const parses = isObject(json)
        expect(state?.mode === 'done').to.equal(parses && !/\s$/.test(json))
      }),
      { numRuns: 2000 },
    )
  })

  it('refuses bytes that are no UTF-8, nesting without end and endless white space', () => {
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x28], [0xf5]]) {
      expect(read(Uint8Array.from([...text('{"'), ...bytes]))).to.equal(null)
    }
    expect(read(text('{"ä€😀"'))?.mode).to.equal('colon')
    expect(read(text(`{"a":${'['.repeat(MAX_DEPTH - 1)}`))?.mode).to.equal('firstItem')
    expect(read(text(`{"a":${'['.repeat(MAX_DEPTH)}`))).to.equal(null)
    expect(read(text(`{${' '.repeat(25)}`))).to.equal(null)
    expect(read(text(' {'))).to.equal(null)
  })

  it('leaves exactly the tokens that a byte-by-byte check leaves', async () => {
    const bytes = await ducklingBytes()
    const order = new TokenOrder(bytes)
    for (const beginning of [
      '',
      '{',
      '{"',
      '{"a',
      '{"a":',
      '{"a":1',
      '{"a":"\\',
      '{"a":[tr',
      '{"a":-',
    ]) {
      const guide = new JsonGuide(bytes, order, [1])
      for (const byte of text(beginning)) guide.push(idOfByte(bytes, byte))
      const masked = guide.mask(new Float32Array(bytes.length).fill(1))
      const allowed = [...masked.keys()].filter((id) => masked[id] === 1)
      const expected = bytes.flatMap((token, id) => {
        if (token === null || token.length === 0) return []
        return read(Uint8Array.from([...text(beginning), ...token])) === null ? [] : [id]
      })
      expect(allowed, beginning).to.deep.equal(expected)
    }
  })

  it('leaves only the end behind a whole object', async () => {
    const bytes = await ducklingBytes()
    const guide = new JsonGuide(bytes, new TokenOrder(bytes), [1])
    for (const byte of text('{}')) guide.push(idOfByte(bytes, byte))
    const masked = guide.mask(new Float32Array(bytes.length))
    expect([...masked.keys()].filter((id) => masked[id] === 0)).to.deep.equal([1])
  })

  it('knows the bytes of byte-level vocabularies only', async () => {
    const bytes = await ducklingBytes()
    expect(bytes[1]).to.equal(null)
    expect(bytes.filter((token) => token?.length === 1).length).to.equal(256)
    expect(tokenBytes({ decoder: { type: 'Metaspace' } }, new Map())).to.equal(null)
    expect(tokenBytes({}, new Map())).to.equal(null)
  })

  it('makes a model answer in JSON, alone, resumed and together, hot or cold', async () => {
    const pack = await packedDuckling()
    const engine = new EngineHost({ folders: [pack.folder] })
    await engine.start()
    const ask = async (seed: number, prefixIds: number[] = []) => {
      const hot = sampler({
        temperature: seed === 0 ? 0 : 1.5,
        seed: new Uint8Array(32).fill(seed),
      })
      const wanted = { format: 'json', maxTokens: 120, sampler: hot, prefixIds } as const
      return readAll(await engine.open(pack.modelId, request('Who are you?', wanted), NEVER))
    }
    const together = await Promise.all([0, 1, 2, 3, 4, 5].map((seed) => ask(seed)))
    for (const answer of together) {
      expect(read(text(answer.text)), answer.text).to.not.equal(null)
      if (answer.finishReason === 'stop') expect(isObject(answer.text)).to.equal(true)
    }
    expect(together.some(({ finishReason }) => finishReason === 'stop')).to.equal(true)
    expect(await ask(2)).to.deep.equal(together[2])
    const whole = together[1]?.ids ?? []
    const rest = await ask(1, whole.slice(0, 9))
    expect([...whole.slice(0, 9), ...rest.ids]).to.deep.equal(whole)
    await engine.stop()
    await pack.remove()
  })
})

function isObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

async function ducklingBytes(): Promise<(Uint8Array | null)[]> {
  const json = (await readJson(DUCKLING_SOURCE, 'tokenizer.json')) as {
    model: { vocab: Record<string, number> }
  }
  const bytes = tokenBytes(json, new Map(Object.entries(json.model.vocab)))
  if (bytes === null) throw new TypeError('Duckling is byte-level')
  return bytes
}

function idOfByte(bytes: readonly (Uint8Array | null)[], byte: number): number {
  return bytes.findIndex((token) => token?.length === 1 && token[0] === byte)
}
