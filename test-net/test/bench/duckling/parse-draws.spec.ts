/** Tests: parseDraws, and the draws of the model card. */
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { parseDraws } from '../../../src/bench/duckling/parse-draws.ts'

const LINE = '{"kind": "sums", "question": "1 + 1 = ?", "answer": "1 plus 1 is 2."}'
const CARD_DRAWS = new URL('../../../../training/duckling/draws.jsonl', import.meta.url)

describe('parseDraws', () => {
  it('reads a draw of each line and passes over empty ones', () => {
    const draw = { kind: 'sums', question: '1 + 1 = ?', answer: '1 plus 1 is 2.' }
    expect(parseDraws(`${LINE}\n\n${LINE}\r\n`)).to.deep.equal([draw, draw])
  })

  it('names the line that is no draw', () => {
    const wrong = ['{"kind": "sums"', '[]', 'null', '7', '{"kind":"a","question":"b","answer":2}']
    for (const line of wrong) {
      expect(() => parseDraws(`${LINE}\n\n${line}\n`), line).to.throw(TypeError, 'Line 3')
    }
  })

  it('refuses a file without draws', () => {
    expect(() => parseDraws('\n \n')).to.throw(TypeError, 'no draws')
  })

  it('finds 500 draws of ten kinds in the repository, and no question with two answers', async () => {
    const draws = parseDraws(await readFile(CARD_DRAWS, 'utf8'))
    expect(draws).to.have.length(500)
    expect(new Set(draws.map(({ kind }) => kind))).to.have.property('size', 10)
    const answers = new Map(draws.map(({ answer, question }) => [question, answer]))
    for (const { answer, question } of draws) expect(answers.get(question)).to.equal(answer)
  })
})
