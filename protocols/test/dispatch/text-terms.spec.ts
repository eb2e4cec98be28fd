import { TextPacker } from '@duckmesh/proto'
import { expect } from 'chai'
import fc from 'fast-check'
import { checkReceipt, startClientSegment, stepClient } from '../../src/dispatch/index.ts'
import { addChunk, buildReceipt, startProgress } from '../../src/dispatch/progress.ts'
import { checkTextChunk, textPromptTokens } from '../../src/dispatch/text-terms.ts'
import { firstStepPrice } from '../../src/dispatch/index.ts'
import { FACTS, NOW, TERMS, nextChunk } from '../support/machine-fixtures.ts'

function idsOf(text: string): number[] {
  const packer = new TextPacker()
  return [...packer.push(text), ...packer.flush()].map(({ id }) => id)
}

describe('textPromptTokens', () => {
  it('counts roles, contents and eight bytes a message in fours, rounded up, and the prefix', () => {
    // 4 + 5 + 8 = 17 bytes.
    expect(textPromptTokens([{ role: 'user', content: 'Hello' }], 0)).to.equal(5)
    expect(textPromptTokens([{ role: 'user', content: 'Hello' }], 64)).to.equal(69)
    const two = [
      { role: 'system', content: 'é€🦆' },
      { role: 'user', content: '' },
    ]
    expect(textPromptTokens(two, 0)).to.equal(Math.ceil((6 + 9 + 8 + 4 + 8) / 4))
  })
})

describe('checkTextChunk', () => {
  it('takes what the packer makes, in chunks cut anywhere', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 })
    fc.assert(
      fc.property(text, fc.nat(), (whole, cut) => {
        const ids = idsOf(whole)
        const at = cut % ids.length
        const parts = [ids.slice(0, at), ids.slice(at)]
        let previous: number | undefined
        for (const part of parts) {
          const bytes = part.flatMap((id) => [24, 16, 8, 0].map((bit) => (id >>> bit) & 0xff))
          const textDelta = Buffer.from(bytes.filter((byte) => byte !== 0xff)).toString()
          expect(checkTextChunk(previous, { ids: part, textDelta })).to.equal(null)
          previous = part.at(-1)
        }
      }),
    )
  })

  it('refuses text that is not that of the ids', () => {
    const ids = idsOf('eight by')
    expect(checkTextChunk(undefined, { ids, textDelta: 'eight by' })).to.equal(null)
    for (const textDelta of ['', 'eight b', 'eight by.', 'Eight by']) {
      expect(checkTextChunk(undefined, { ids, textDelta })).to.contain('not that of the ids')
    }
  })

  it('refuses an id that is no text', () => {
    expect(checkTextChunk(undefined, { ids: [0xffff_ffff], textDelta: '' })).to.contain('no text')
    expect(checkTextChunk(undefined, { ids: [7_000_000, 0xc3616263], textDelta: '' })).to.contain(
      'no text',
    )
  })

  it('refuses tokens with room in them: they would be more than the text has', () => {
    const thin = [0x61ffffff, 0x62ffffff]
    expect(checkTextChunk(undefined, { ids: thin, textDelta: 'ab' })).to.contain('has room')
    expect(checkTextChunk(0x616263ff, { ids: [0x64ffffff], textDelta: 'd' })).to.contain('has room')
    // Two bytes do not fit behind three.
    expect(checkTextChunk(0x616263ff, { ids: [0xc3a9ffff], textDelta: 'é' })).to.equal(null)
  })
})

describe('a segment of a text model', () => {
  const facts = { ...FACTS, textPromptTokens: 9 }

  it('ends with CHUNK_INVALID when a chunk is not cut by the rule, and pays nothing more', () => {
    const posted = startClientSegment(facts, NOW)
    const awarded = stepClient(posted, { type: 'award', prepaid: firstStepPrice(TERMS) }, NOW).state
    const accepted = stepClient(awarded, { type: 'accept', valid: true }, NOW).state
    // The ids of the fixture count upwards: no text.
    const chunk = nextChunk(accepted.progress, 4)
    const { effects, state } = stepClient(accepted, { type: 'chunk', chunk }, NOW)
    expect(state.state).to.equal('failed')
    expect(state.failure?.code).to.equal('CHUNK_INVALID')
    expect(effects.map(({ type }) => type)).to.deep.equal(['sendCancel', 'end'])
    const plain = stepClient({ ...accepted, facts: FACTS }, { type: 'chunk', chunk }, NOW)
    expect(plain.state.state).to.equal('running')
  })

  it('takes a first receipt with the counted prompt, and no other', () => {
    const ids = idsOf('x'.repeat(64 * 4))
    const progress = addChunk({ ...startProgress(facts), prepaid: 1_000_000n }, ids)
    const check = (tokensIn: number): string | null =>
      checkReceipt(facts, progress, buildReceipt(facts, progress, tokensIn, false))
    expect(check(9)).to.equal(null)
    expect(check(8)).to.contain('tokensIn is 8, not 9')
    expect(check(10)).to.contain('tokensIn is 10, not 9')
    const first = buildReceipt(facts, progress, 9, false)
    const later = { ...progress, seq: 1, due: first.amount, tokensIn: 9 }
    expect(checkReceipt(facts, later, buildReceipt(facts, later, 9, false))).to.equal(null)
  })
})
