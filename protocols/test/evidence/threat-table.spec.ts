/** Tests: the threat table of docs/spec/evidence.md names tests that exist. */
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from 'chai'

const root = join(import.meta.dirname, '../../..')
const page = readFileSync(join(root, 'docs/spec/evidence.md'), 'utf8')
/** The third cell of each row: files in backticks, each followed by names of its tests in italics. */
const cells = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| threat'))
  .map((line) => line.split(' | ').at(-1) ?? '')
const named = cells.flatMap((cell) =>
  cell.split(';').flatMap((part) => {
    const file = /`([^`]+\.spec\.ts)`/.exec(part)?.[1] ?? ''
    const names = [...part.matchAll(/\*([^*]+)\*/g)].map(([, name = '']) => name.replace(/ …$/, ''))
    return names.map((name): [string, string] => [file, name])
  }),
)
/** A file is named in full at least once. */
const paths = new Map(
  named.flatMap(([file]) => (file.split('/').length > 2 ? [[basename(file), file] as const] : [])),
)

describe('docs/spec/evidence.md', () => {
  it('has a test for every threat', () => {
    expect(cells.length).to.be.at.least(14)
    for (const cell of cells) expect(cell, cell).to.match(/`.*` \*/)
  })

  for (const [file, name] of named) {
    it(`${file}: ${name}`, () => {
      const path = paths.get(basename(file))
      if (path === undefined) return expect.fail(`${file} is named nowhere in full`)
      const text = readFileSync(join(root, path), 'utf8')
      // Names may be put together from parts, as in `receipts of another ${what}`.
      const words = name.replace(/ (job|receipts)$/, '')
      expect(text).to.include(words)
    })
  }
})
