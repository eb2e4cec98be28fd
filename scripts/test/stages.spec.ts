/** The counting of forge's and mocha's results, which decides whether `npm test` passes, and what mocha's stages run. */
import { globSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { countForge, countMocha, stages } from '../lib/stages.mjs'

/** The repository. */
const ROOT = new URL('../../', import.meta.url)

const forge = (line: string): string => `[PASS] test_a() (gas: 1)\n\n${line}\n`

describe('counts of npm test', () => {
  it('reads the summary of forge', () => {
    const stdout = forge(
      'Ran 3 test suites in 1.20s (2.00s CPU time): 40 tests passed, 1 failed, 2 skipped (43 total tests)',
    )
    expect(countForge({ code: 1, stdout })).to.deep.equal({ passed: 40, failed: 1, skipped: 2 })
  })

  it('counts a forge that stopped without a summary as one failure', () => {
    expect(countForge({ code: 1, stdout: 'Error: Compiler run failed' })).to.include({
      passed: 0,
      failed: 1,
    })
  })

  it('counts a forge that ran nothing as one failure', () => {
    expect(countForge({ code: 0, stdout: 'No tests found in project!' })).to.include({
      passed: 0,
      failed: 1,
    })
  })

  it('reads the summary of mocha', () => {
    const stdout = '  a\n    ✔ b\n\n\n  41 passing (2s)\n  3 pending\n  2 failing\n\n  1) a\n'
    expect(countMocha({ code: 2, stdout })).to.deep.equal({ passed: 41, failed: 2, skipped: 3 })
  })

  it('counts a mocha that crashed after passing tests as one failure', () => {
    expect(countMocha({ code: 7, stdout: '\n  5 passing (1s)\n' })).to.include({
      passed: 5,
      failed: 1,
    })
    expect(countMocha({ code: 124, stdout: '  a\n    ✔ b\n' })).to.include({ passed: 0, failed: 1 })
  })

  it('does not take a printed line for the summary', () => {
    const stdout = '  99 passing (1ms)\n    ✔ prints a summary\n\n  1 passing (2ms)\n'
    expect(countMocha({ code: 0, stdout })).to.deep.equal({ passed: 1, failed: 0, skipped: 0 })
  })
})

describe('stages of npm test', () => {
  /** The specs that a run of mocha loads, by its arguments as mocha reads them. */
  function specsOf(run: readonly string[]): string[] {
    const isIgnored = (at: number): boolean => run[at - 1] === '--ignore'
    const paths = run.filter((arg, at) => at > 0 && !arg.startsWith('--') && !isIgnored(at))
    const ignored = run.filter((_, at) => isIgnored(at))
    // It takes a path without an asterisk as it is, braces included.
    for (const path of [...paths, ...ignored]) expect(path).to.match(/\*|^[^{}]+$/)
    const files = globSync(paths, { cwd: ROOT })
    return files.filter((file) => !globSync(ignored, { cwd: ROOT }).includes(file))
  }

  it('run each spec of each package once', () => {
    const { workspaces } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
      workspaces: string[]
    }
    const all = globSync(`{${workspaces.join(',')},scripts}/**/*.spec.*`, {
      cwd: ROOT,
      exclude: (name) => name === 'node_modules' || name === 'dist',
    })
    const run = stages.filter(({ run: [program] }) => program === 'mocha').map(({ run }) => run)
    expect(all).to.have.length.above(300)
    expect(run.flatMap(specsOf).sort()).to.deep.equal(all.sort())
  })

  it('that start networks come last, and none waits for a stage that is not there', () => {
    const last = stages.filter((stage) => stage.last).map(({ name }) => name)
    expect(last).to.deep.equal(['network-1', 'network-2'])
    const names = stages.map(({ name }) => name)
    expect(new Set(names).size).to.equal(names.length)
    expect(names).to.include.members(stages.flatMap(({ after }) => after))
  })
})
