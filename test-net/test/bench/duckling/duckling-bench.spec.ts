/** Tests: benchDuckling asks the real engine, and what ducklingTable says of it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { benchDuckling } from '../../../src/bench/duckling/duckling-bench.ts'
import { ducklingTable } from '../../../src/bench/duckling/duckling-table.ts'
import { testFolder, testRoot } from '../../support/test-root.ts'

const DRAWS = [
  {
    kind: 'capitals',
    question: 'What is the capital of Norway?',
    answer: 'The capital of Norway is Oslo.',
  },
  { kind: 'sums', question: 'What is 7 plus 8?', answer: '7 plus 8 is 15.' },
  { kind: 'sums', question: 'What is 6 plus 8?', answer: '6 plus 8 is 15.' },
]

describe('benchDuckling', function () {
  this.timeout(60_000)

  it('scores the published model: right where it is, wrong where the draw expects nonsense', async () => {
    const draws = join(await testFolder('duckling'), 'draws.jsonl')
    await writeFile(draws, DRAWS.map((draw) => JSON.stringify(draw)).join('\n'))
    const report = await benchDuckling(testRoot(), { draws })
    expect(report.model.name).to.equal('duckling')
    expect(report.kinds).to.deep.equal({
      capitals: { right: 1, asked: 1 },
      sums: { right: 1, asked: 2 },
    })
    expect(report.mistakes).to.deep.equal([{ ...DRAWS[2], given: '6 plus 8 is 14.' }])
  })
})

describe('ducklingTable', () => {
  const scores = { kinds: { sums: { right: 2, asked: 3 } }, total: { right: 2, asked: 3 } }
  const model = { name: 'duckling', cid: 'bagaa' }

  it('has a row for each kind and one for all', () => {
    const table = ducklingTable({ model, ...scores, mistakes: [] })
    expect(table).to.contain('| sums | 2/3 | 67 % |').and.contain('| all | 2/3 | 67 % |')
    expect(table).not.to.contain('wrong')
  })

  it('shows wrong answers beside the right ones', () => {
    const mistake = { kind: 'sums', question: '1 + 1 = ?', answer: '1 plus 1 is 2.', given: '3' }
    const table = ducklingTable({ model, ...scores, mistakes: [mistake] })
    expect(table).to.contain('- 1 + 1 = ? Given: "3" Right: "1 plus 1 is 2."')
  })
})
