/** Tests: heliaTable. */
import { expect } from 'chai'
import type { SideResult } from '../../../src/bench/helia/helia-bench.ts'
import { heliaTable } from '../../../src/bench/helia/helia-table.ts'
import { SIDES } from '../../../src/bench/helia/sides.ts'
import type { Side } from '../../../src/bench/helia/sides.ts'

function side(mbPerS: number): SideResult {
  return {
    mbPerS,
    medianMbPerS: mbPerS / 2,
    ratio: mbPerS / 100,
    cpuPerGb: { fetcher: 7, holders: 8 },
    peakRssMiB: { fetcher: 200, holder: 300 },
    sent: 1,
    firstByteMs: 50,
    startMs: 900,
  }
}

describe('heliaTable', () => {
  const sides = Object.fromEntries(SIDES.map(({ key }, i) => [key, side(100 - 10 * i)]))
  const good = { finished: true, ms: 1_200, blamed: 1, sent: 1.1 }
  const bad = { finished: false, ms: 60_000, blamed: 0, sent: 0.5 }
  const killed = { ...good, resumed: 0.52 }
  const table = heliaTable({
    install: { version: '7.1.15', packages: 873, peerPackages: 580, megabytes: 294.2 },
    rounds: 3,
    sizes: [{ bytes: 128e6, sides: sides as Record<Side['key'], SideResult> }],
    faults: {
      own: { liar: good, holderKilled: good, fetcherKilled: killed },
      helia: { liar: bad, holderKilled: bad, fetcherKilled: killed },
    },
  })

  it('says what an installation brings', () => {
    expect(table).to.contain('Helia 7.1.15').and.contain('873 packages (580 of them peer')
  })

  it('has a row for each side of each size', () => {
    expect(table).to.contain('| 128 MB, loopback')
    expect(table).to.contain(
      '| plain HTTP, hashed | 100 / 50 | 1 | 7 + 8 | 200, 300 | 1 | 50 (+ 900) |',
    )
    for (const { name } of SIDES) expect(table).to.contain(`| ${name} |`)
  })

  it('tells a download that never ended from one that did', () => {
    expect(table).to.contain('finished in 1200 ms, sent 1.1, blamed 1')
    expect(table).to.contain('not finished after 60000 ms, sent 0.5, blamed 0')
    expect(table).to.contain('kept 52 %')
  })
})
