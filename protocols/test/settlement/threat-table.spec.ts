/** Tests: the threat table of relayed redemptions names tests that exist. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'

const root = join(import.meta.dirname, '../../..')

describe('docs/spec/settlement.md, redeeming together', () => {
  const text = readFileSync(join(root, 'docs/spec/settlement.md'), 'utf8')
  const named = [...text.matchAll(/`([\w/-]+\.spec\.ts)` \*([^*]+)\*/g)]

  it('names tests for the threats', () => {
    expect(named.length).to.be.least(13)
  })

  for (const [, file = '', title = ''] of named) {
    it(`${file}: ${title}`, () => {
      const path = join(root, file)
      expect(existsSync(path), 'the file').to.equal(true)
      expect(readFileSync(path, 'utf8'), 'the test').to.contain(`it('${title}'`)
    })
  }
})
