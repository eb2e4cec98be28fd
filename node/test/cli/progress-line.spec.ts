/** Tests: ProgressLine. */
import { expect } from 'chai'
import { ProgressLine } from '../../src/cli/progress-line.ts'

describe('ProgressLine', () => {
  it('shows share, sizes, rate and peers, at most ten times a second and always the end', () => {
    const written: string[] = []
    const line = new ProgressLine((text) => written.push(text))
    line.show({ have: 0, bytes: 10e6, holders: 1 }, 0)
    line.show({ have: 1e6, bytes: 10e6, holders: 2 }, 50)
    line.show({ have: 5e6, bytes: 10e6, holders: 2 }, 1_000)
    line.show({ have: 10e6, bytes: 10e6, holders: 2 }, 1_010)
    line.end()
    line.end()
    expect(written).to.have.length(4)
    expect(written[1]).to.include(
      '[############------------]  50 %  5 MB of 10 MB  5 MB/s  2 peers',
    )
    expect(written[2]).to.include('100 %')
    expect(written[3]).to.equal('\n')
  })

  it('writes nothing for a download without progress, and is full for one of no bytes', () => {
    const written: string[] = []
    const line = new ProgressLine((text) => written.push(text))
    line.end()
    expect(written).to.deep.equal([])
    line.show({ have: 0, bytes: 0, holders: 0 }, 0)
    expect(written.join('')).to.include('100 %  0 B of 0 B').and.include('0 peers')
  })
})
