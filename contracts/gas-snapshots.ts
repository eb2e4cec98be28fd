/**
 * Keeps what transactions cost in `snapshots/*.json`: runs the tests in `test/Gas*.t.sol`, each call of which is a
 * transaction of its own.
 *
 *   node contracts/gas-snapshots.ts [--check]
 *
 * `--check` writes nothing and exits 1 when a figure is another, is missing, or is measured no more. forge's own check
 * would let the last two pass.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareFigures, type Figures } from './compare-figures.ts'

const folder = join(import.meta.dirname, 'snapshots')

/** Runs the tests and reads what they measured. */
function measure(): Figures | undefined {
  const snapshots = mkdtempSync(join(tmpdir(), 'duckmesh-gas-'))
  try {
    const env = { ...process.env, FORGE_SNAPSHOT_EMIT: 'true', FOUNDRY_SNAPSHOTS: snapshots }
    const args = ['test', '--isolate', '--match-path', 'contracts/test/Gas*.t.sol']
    const cwd = join(import.meta.dirname, '..')
    const options = { cwd, env, encoding: 'utf8', maxBuffer: 2 ** 26 } as const
    const { error, status, stdout } = spawnSync('forge', args, options)
    if (error === undefined && status === 0) return readFigures(snapshots)
    process.stderr.write(`${error?.message ?? stdout}\nThe gas tests failed.\n`)
    return undefined
  } finally {
    rmSync(snapshots, { recursive: true })
  }
}

/** Every figure of a folder, by file and name. */
function readFigures(from: string): Figures {
  const files = readdirSync(from).filter((name) => name.endsWith('.json'))
  return Object.fromEntries(files.map((file) => [file, readFile(join(from, file))]))
}

function readFile(path: string): Record<string, string> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
}

function write(figures: Figures): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [file, content] of Object.entries(figures))
    writeFileSync(join(folder, file), `${JSON.stringify(content, null, 2)}\n`)
}

function main(check: boolean): number {
  const measured = measure()
  if (measured === undefined) return 1
  if (!check) {
    write(measured)
    return 0
  }
  mkdirSync(folder, { recursive: true })
  const changes = compareFigures(readFigures(folder), measured)
  if (changes.length === 0) return 0
  process.stderr.write(
    `${changes.join('\n')}\nWhen that is meant, run \`node contracts/gas-snapshots.ts\` and commit the figures.\n`,
  )
  return 1
}

process.exitCode = main(process.argv.includes('--check'))
