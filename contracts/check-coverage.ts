/**
 * Measures how much of `src` the Solidity tests run, and exits 1 when that is too little.
 *
 *   node contracts/check-coverage.ts
 *
 * Leaves out the gas tests: instrumented code costs more. Takes minutes, so it is no part of `npm test`.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sumCoverage, type Covered } from './sum-coverage.ts'

/** Least share of lines and of branches, per cent. */
const LEAST = { lines: 98, branches: 95 }

function measure(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'duckmesh-coverage-'))
  try {
    const report = join(folder, 'lcov.info')
    const args = ['coverage', '--no-match-contract', '^Gas', '--report', 'lcov']
    // instrumented artifacts must not take the place of the real ones
    const env = {
      ...process.env,
      FOUNDRY_OUT: join(folder, 'out'),
      FOUNDRY_CACHE_PATH: join(folder, 'cache'),
    }
    const cwd = join(import.meta.dirname, '..')
    const options = { cwd, env, encoding: 'utf8', maxBuffer: 2 ** 28 } as const
    const { error, status, stdout } = spawnSync(
      'forge',
      [...args, '--report-file', report],
      options,
    )
    if (error === undefined && status === 0) return readFileSync(report, 'utf8')
    process.stderr.write(`${error?.message ?? stdout}\nforge coverage failed.\n`)
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const percentOf = ({ found, hit }: Covered): number => (found === 0 ? 100 : (100 * hit) / found)

function main(): number {
  const report = measure()
  if (report === undefined) return 1
  const sums = sumCoverage(report, 'contracts/src/')
  let code = 0
  for (const what of ['lines', 'branches'] as const) {
    const { found, hit } = sums[what]
    const percent = percentOf(sums[what])
    const isEnough = found > 0 && percent >= LEAST[what]
    process.stdout.write(
      `${what}: ${percent.toFixed(2)} % (${hit} of ${found}), at least ${LEAST[what]} %${isEnough ? '' : ': too few'}\n`,
    )
    if (!isEnough) code = 1
  }
  for (const line of sums.missing) process.stdout.write(`not run: ${line}\n`)
  return code
}

process.exitCode = main()
