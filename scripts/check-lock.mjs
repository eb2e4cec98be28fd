/**
 * Proves the lock: `npm ci --ignore-scripts` in an empty folder, with nothing but the package files, must work and
 * bring Node 24, forge and anvil.
 *
 *   node scripts/check-lock.mjs
 */
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withTemporaryFolder } from './lib/files.mjs'
import { endChildrenOnSignal, root, run } from './lib/process.mjs'

/** An installation takes 40 s on two cores with a filled cache. */
const TIMEOUT_MS = 300_000

/** Binaries that only exist for these platforms; elsewhere they come from the PATH. */
const binaries =
  process.platform === 'linux' && process.arch === 'x64' ? ['node', 'forge', 'anvil'] : []

function copyPackageFiles(folder) {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const name of ['package.json', 'package-lock.json', '.npmrc'])
    copyFileSync(join(root, name), join(folder, name))
  for (const name of workspaces) {
    mkdirSync(join(folder, name))
    copyFileSync(join(root, name, 'package.json'), join(folder, name, 'package.json'))
    const bin = join(root, name, 'bin')
    if (existsSync(bin)) cpSync(bin, join(folder, name, 'bin'), { recursive: true })
  }
}

/** What is wrong with the lock; empty when it holds. */
async function prove(folder) {
  copyPackageFiles(folder)
  const installed = await run(
    'npm',
    ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: folder, env: { ONNXRUNTIME_NODE_INSTALL: 'skip' }, timeoutMs: TIMEOUT_MS },
  )
  if (installed.code !== 0)
    return [`npm ci ended with ${installed.code}:\n${installed.output.trim()}`]
  const problems = []
  for (const name of binaries) {
    const answer = await run(join(folder, 'node_modules', '.bin', name), ['--version'], {
      cwd: folder,
      timeoutMs: 20_000,
    })
    if (answer.code !== 0)
      problems.push(`${name} of the lock does not start: ${answer.output.trim()}`)
    else if (name === 'node' && !/^v(2[4-9]|[3-9]\d)\./.test(answer.stdout)) {
      problems.push(`node of the lock is ${answer.stdout.trim()}; 24 or newer is needed`)
    }
  }
  if (problems.length === 0)
    console.log(`npm ci works from the lock alone, ${installed.seconds.toFixed(0)} s`)
  return problems
}

endChildrenOnSignal()
const problems = await withTemporaryFolder(prove)
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
