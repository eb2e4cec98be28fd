/** Tests: fetchTable, and that all sides of the benchmark download what was served. */
import { expect } from 'chai'
import { benchFetch } from '../../../src/bench/fetch/fetch-bench.ts'
import { fetchTable } from '../../../src/bench/fetch/fetch-table.ts'
import { testRoot } from '../../support/test-root.ts'

describe('fetchTable', () => {
  it('has a row for each side, with its ratio to plain HTTP', () => {
    const side = (best: number) => ({ best, median: best / 2, cpuPerGb: 7 })
    const sides = { http: side(100), one: side(40), three: side(60) }
    const table = fetchTable({ bytes: 256e6, rounds: 5, ...sides, ratio: { one: 0.4, three: 0.6 } })
    expect(table).to.contain('A file of 256 MB')
    expect(table).to.contain('| plain HTTP, hashed | 100 / 50 | 1 | 7 |')
    expect(table).to.contain('| 40 / 20 | 0.4 | 7 |').and.contain('| 60 / 30 | 0.6 | 7 |')
  })
})

describe('benchFetch', function () {
  this.timeout(120_000)

  it('downloads the same file by each side; a wrong byte would be refused', async () => {
    const report = await benchFetch(testRoot(), 3_000_000, 1)
    for (const { best } of [report.http, report.one, report.three]) expect(best).to.be.above(0)
    expect(report.ratio.one).to.be.above(0)
  })
})
