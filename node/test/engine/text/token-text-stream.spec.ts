import { expect } from 'chai'
import fc from 'fast-check'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ChatTokenizer } from '../../../src/engine/text/chat-tokenizer.ts'
import { TokenTextStream } from '../../../src/engine/text/token-text-stream.ts'
import { DUCKLING_SOURCE } from '../support/duckling.ts'

describe('engine/text/token-text-stream', () => {
  let tokenizer: ChatTokenizer
  before(async () => {
    const [json, config] = await Promise.all(
      ['tokenizer.json', 'tokenizer_config.json'].map(
        async (file) =>
          JSON.parse(await readFile(path.join(DUCKLING_SOURCE, file), 'utf8')) as unknown,
      ),
    )
    tokenizer = new ChatTokenizer(json, config)
  })

  const pieces = (ids: number[]): string[] => {
    const stream = new TokenTextStream((some) => tokenizer.decode(some))
    return [...ids.map((id) => stream.push([id])), stream.flush()]
  }

  it('gives a character of several tokens whole, with the last of them', () => {
    const ids = tokenizer.encodeText('é🦆')
    expect(ids.length).to.be.above(2)
    expect(pieces(ids).filter((piece) => piece !== '')).to.deep.equal(['é', '🦆'])
  })

  it('gives back every text, in whole characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        const text = raw.replaceAll('\uFFFD', '')
        const parts = pieces(tokenizer.encodeText(text))
        expect(parts.join('')).to.equal(text)
        expect(parts.some((part) => part.includes('\uFFFD'))).to.equal(false)
      }),
    )
  })

  it('gives what decoding everything at once gives, for any ids', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 4, max: 1023 }), { maxLength: 80 }), (ids) => {
        expect(pieces(ids).join('')).to.equal(tokenizer.decode(ids))
      }),
    )
  })

  it('gives the same when ids come in groups', () => {
    const ids = tokenizer.encodeText('Grüße 🦆🦆, and a long enough text to move the window on.')
    const stream = new TokenTextStream((some) => tokenizer.decode(some))
    const grouped = stream.push(ids.slice(0, 9)) + stream.push(ids.slice(9)) + stream.flush()
    expect(grouped).to.equal(pieces(ids).join(''))
  })
})
