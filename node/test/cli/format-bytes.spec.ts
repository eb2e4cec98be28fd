import { expect } from 'chai'
import { formatBytes, parseBytes } from '../../src/cli/format-bytes.ts'

describe('formatBytes', () => {
  it('shows three digits in decimal units', () => {
    const shown = [0, 999, 1000, 7_189_784, 64 * 1024 ** 3, 5e15].map(formatBytes)
    expect(shown).to.deep.equal(['0 B', '999 B', '1 kB', '7.19 MB', '68.7 GB', '5000 TB'])
  })
})

describe('parseBytes', () => {
  it('reads sizes as people write them', () => {
    const sizes = ['1', '1.5 GB', '500MB', '20gb', '2 kB', '0.5TB'].map(parseBytes)
    expect(sizes).to.deep.equal([1, 1.5e9, 5e8, 2e10, 2000, 5e11])
  })

  it('refuses everything else', () => {
    for (const text of [
      '',
      '0',
      '-1',
      '1e9',
      'GB',
      '1 EB',
      '1.2345GB',
      '99999999999999TB',
      '0.1',
    ]) {
      expect(parseBytes(text), text).to.equal(undefined)
    }
  })
})
