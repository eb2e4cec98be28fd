import { expect } from 'chai'
import fc from 'fast-check'
import { TextPacker, firstCharBytes, textOfToken, tokenBytes } from '../src/text-tokens.ts'
import type { TextToken } from '../src/text-tokens.ts'

function pack(pieces: readonly string[]): TextToken[] {
  const packer = new TextPacker()
  return [...pieces.flatMap((piece) => packer.push(piece)), ...packer.flush()]
}

/** Also lone halves of characters, as JSON may carry them. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }))
  .map((units) => String.fromCharCode(...units))

describe('tokens of a text', () => {
  it('are as many whole characters as fit into four bytes, big-endian, filled with 0xff', () => {
    const tokens = pack(['Hello, é€🦆!'])
    expect(tokens.map(({ id, text }) => [text, id.toString(16)])).to.deep.equal([
      ['Hell', '48656c6c'],
      ['o, ', '6f2c20ff'],
      ['é', 'c3a9ffff'],
      ['€', 'e282acff'],
      ['🦆', 'f09fa686'],
      ['!', '21ffffff'],
    ])
    expect(pack([])).to.deep.equal([])
  })

  it('are the same wherever the text was cut', () => {
    const cut = fc.tuple(anyText, fc.array(fc.nat(), { maxLength: 8 }))
    fc.assert(
      fc.property(cut, ([text, at]) => {
        const ends = [...at.map((end) => end % (text.length + 1)), text.length].sort(
          (a, b) => a - b,
        )
        const pieces = ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end))
        expect(pack(pieces)).to.deep.equal(pack([text]))
      }),
    )
  })

  it('give the text back, lone halves of characters as U+FFFD', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = pack([text])
        expect(tokens.map(({ text: piece }) => piece).join('')).to.equal(text.toWellFormed())
        for (const { id, text: piece } of tokens) expect(textOfToken(id)).to.equal(piece)
      }),
    )
  })

  it('leave no room for the character that follows', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = pack([text])
        for (const [i, { text: piece }] of tokens.entries()) {
          const next = tokens[i + 1]
          if (next === undefined) break
          expect(tokenBytes(piece) + firstCharBytes(next.text)).to.be.above(4)
        }
      }),
    )
  })

  it('holds a token back while the next character may join it', () => {
    const packer = new TextPacker()
    expect(packer.push('abc')).to.deep.equal([])
    expect(packer.push('\ud83e').map(({ text }) => text)).to.deep.equal([])
    expect(packer.push('\udd86').map(({ text }) => text)).to.deep.equal(['abc', '🦆'])
    expect(packer.flush()).to.deep.equal([])
  })
})

describe('textOfToken', () => {
  it('reads four bytes of UTF-8 and their filling', () => {
    expect(textOfToken(0x61626364)).to.equal('abcd')
    expect(textOfToken(0x61ffffff)).to.equal('a')
    // A byte order mark and NUL are text like any other.
    expect(textOfToken(0xefbbbfff)).to.equal('\ufeff')
    expect(textOfToken(0)).to.equal('\0\0\0\0')
  })

  it('is undefined for what is no text', () => {
    for (const id of [0xffff_ffff, 0x61ff62ff, 0xff616263, 0xc3616263, 0x616263c3, 0xeda080ff]) {
      expect(textOfToken(id), id.toString(16)).to.equal(undefined)
    }
  })
})

describe('firstCharBytes', () => {
  it('counts what UTF-8 takes', () => {
    expect(['', 'a', 'é', '€', '🦆b'].map(firstCharBytes)).to.deep.equal([0, 1, 2, 3, 4])
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x10_ffff }), (code) => {
        const char = String.fromCodePoint(code).toWellFormed()
        expect(firstCharBytes(char)).to.equal(tokenBytes(char))
      }),
    )
  })
})
