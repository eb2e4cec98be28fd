/** Tests: scoreAnswers. */
import { expect } from 'chai'
import fc from 'fast-check'
import { scoreAnswers } from '../../../src/bench/duckling/score-answers.ts'

const sum = { kind: 'sums', question: '1 + 1 = ?', answer: '1 plus 1 is 2.' }
const word = { kind: 'spelling', question: 'Spell the word egg.', answer: 'e-g-g' }

describe('scoreAnswers', () => {
  it('counts right and wrong by kind, and all together', () => {
    const given = ['1 plus 1 is 2.', 'e-g', '1 plus 1 is 3.', 'e-g-g', '1 plus 1 is 2.']
    const scores = scoreAnswers([sum, word, sum, word, sum], given)
    expect(scores.kinds).to.deep.equal({
      sums: { right: 2, asked: 3 },
      spelling: { right: 1, asked: 2 },
    })
    expect(scores.total).to.deep.equal({ right: 3, asked: 5 })
  })

  it('takes an answer for wrong that differs by a space, a letter case, or by more text', () => {
    const given = ['e-g-g ', 'E-g-g', 'e-g-g e-g-g', '']
    const { total } = scoreAnswers([word, word, word, word], given)
    expect(total).to.deep.equal({ right: 0, asked: 4 })
  })

  it('shows the first three wrong answers of each kind with what was given', () => {
    const draws = [word, word, word, word, word, sum]
    const { mistakes } = scoreAnswers(draws, ['e-g-g', 'a', 'b', 'c', 'd', '2'])
    expect(mistakes.map(({ given }) => given)).to.deep.equal(['a', 'b', 'c', '2'])
    expect(mistakes[3]).to.deep.equal({ ...sum, given: '2' })
  })

  it('refuses answers that do not belong to the questions', () => {
    expect(() => scoreAnswers([sum, word], ['e-g-g'])).to.throw(RangeError, '1 answers')
  })

  it('gives totals that are the sums of the kinds, whatever was asked', () => {
    const outcome = fc.record({ kind: fc.constantFrom('a', 'b', '__proto__'), right: fc.boolean() })
    fc.assert(
      fc.property(fc.array(outcome), (outcomes) => {
        const draws = outcomes.map(({ kind }) => ({ kind, question: 'q', answer: 'yes' }))
        const { kinds, total } = scoreAnswers(
          draws,
          outcomes.map(({ right }) => (right ? 'yes' : 'no')),
        )
        for (const [kind, score] of Object.entries(kinds)) {
          const of = outcomes.filter((each) => each.kind === kind)
          expect(score.asked).to.equal(of.length)
          expect(score.right).to.equal(of.filter(({ right }) => right).length)
        }
        const asked = Object.values(kinds).reduce((all, score) => all + score.asked, 0)
        expect([total.asked, asked]).to.deep.equal([outcomes.length, outcomes.length])
      }),
    )
  })
})
