import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'

const spec = join(import.meta.dirname, '../../docs/spec/settlement.md')

/** The names of all Solidity tests. */
function solidityTests(): Set<string> {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  const tests = files
    .filter((file) => file.endsWith('.t.sol'))
    .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
  const names = tests.flatMap((text) => [...text.matchAll(/function (\w+)/g)])
  return new Set(names.map(([, name = '']) => name))
}

describe('docs/spec/settlement.md', () => {
  const text = readFileSync(spec, 'utf8')
  const named = [...text.matchAll(/`((?:test|invariant)\w*_\w+)`/g)].map(([, name = '']) => name)

  it('names tests for threats and invariants', () => {
    expect(named.length).to.be.above(60)
  })

  it('names only tests that exist', () => {
    const known = solidityTests()
    expect(named.filter((name) => !known.has(name))).to.deep.equal([])
  })

  it('numbers its rules without a gap, each once', () => {
    for (const letter of ['S', 'C']) {
      const found = [...text.matchAll(new RegExp(`^- \\*\\*${letter}-(\\d+)\\*\\*`, 'gm'))]
      const numbers = found.map(([, number = '']) => Number(number))
      expect(numbers).to.deep.equal(numbers.map((_, index) => index + 1))
    }
  })
})
