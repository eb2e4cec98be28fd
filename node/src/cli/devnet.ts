/** `duckmesh devnet`: a whole local network in one process tree; the same as `npm start` without its jobs. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckMeshError } from '@duckmesh/protocols'

export interface DevnetOptions {
  peers?: number
  json: boolean
  /** The program that runs a network; the one of this repository when left out. */
  program?: string
}

/** Package that holds local networks; it comes with the repository and not with a published node. */
const PACKAGE = '@duckmesh/test-net/package.json'

const FLAGS = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs until it is stopped and sets the same exit code. Rejects with NOT_SUPPORTED where there is none. */
export async function devnet(options: DevnetOptions): Promise<void> {
  const { json, peers, program = mainFile() } = options
  const count = peers === undefined ? [] : ['--peers', `${peers}`]
  const args = [...FLAGS, program, '--no-jobs', ...count, ...(json ? ['--json'] : [])]
  const child = spawn(process.execPath, args, {
    // Its own IPC channel tells the network when this process is gone.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  // A Ctrl-C in a terminal reaches the child too, which takes both for one press; `kill` reaches this process only.
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal)
  for (const signal of SIGNALS) process.on(signal, passOn)
  try {
    process.exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (code) => {
        resolve(code ?? 1)
      })
    })
  } finally {
    for (const signal of SIGNALS) process.off(signal, passOn)
  }
}

function mainFile(): string {
  const file = sourceOf(PACKAGE)
  if (file !== undefined && existsSync(file)) return file
  throw new DuckMeshError(
    'NOT_SUPPORTED',
    'Local networks run from a clone of the repository: `git clone`, then `npx duckmesh devnet` there.',
  )
}

function sourceOf(manifest: string): string | undefined {
  try {
    const require = createRequire(fileURLToPath(import.meta.url))
    return join(dirname(require.resolve(manifest)), 'src', 'main.ts')
  } catch {
    return undefined
  }
}
