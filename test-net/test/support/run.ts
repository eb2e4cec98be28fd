/** Programs of this repository as processes: `npm start`, `duckmesh`, the seed. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { nodeChild } from '../../src/processes/node-child.ts'
import { killAll, processTree } from './processes.ts'
import { testRoot } from './test-root.ts'

/** Longest run of one program, ms: a guard for the machine, not something that is tested. */
const GUARD_MS = 120_000

export interface Outcome {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export class Running {
  readonly process: ChildProcess
  readonly done: Promise<Outcome>
  stdout = ''
  stderr = ''

  constructor(command: readonly string[], options: RunOptions = {}) {
    const [program = '', ...args] = command
    this.process = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...nodeChild(testRoot(), []).env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    const guard = setTimeout(() => {
      this.kill()
    }, GUARD_MS)
    this.done = new Promise((resolve) => {
      this.process.once('close', (code, signal) => {
        clearTimeout(guard)
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
      })
    })
    running.add(this)
    void this.done.then(() => running.delete(this))
  }

  get pid(): number {
    return this.process.pid ?? -1
  }

  /** Ends it and everything it started, for hooks. */
  kill(): void {
    if (this.process.pid !== undefined) killAll(processTree(this.process.pid))
  }
}

interface RunOptions {
  cwd?: string
  env?: Readonly<Record<string, string>>
}

const running = new Set<Running>()

/** Ends what a failed test left running. */
export function killRunning(): void {
  for (const one of running) one.kill()
}

export function repositoryFile(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url))
}

function nodeCommand(program: string, ...args: readonly string[]): string[] {
  const { command, args: all } = nodeChild(testRoot(), [program, ...args])
  return [command, ...all]
}

/** `npm start` without npm. */
export function launch(args: readonly string[], options: RunOptions): Running {
  return new Running(nodeCommand(repositoryFile('test-net/src/main.ts'), ...args), options)
}

/** `npx duckmesh …`. */
export function duckmesh(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Running(nodeCommand(repositoryFile('node/bin/duckmesh.js'), ...args), options).done
}

/** `duckmesh up`, which stays up. */
export function startPeer(configFile: string): Running {
  return new Running(
    nodeCommand(repositoryFile('node/bin/duckmesh.js'), '--json', 'up', '--config', configFile),
  )
}

/** `duckmesh-bootnode …`. */
export function bootnode(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Running(nodeCommand(repositoryFile('bootstrap/bin/bootnode.js'), ...args), options)
    .done
}

/** npm in the repository, with this Node before any other. */
export function npm(args: readonly string[]): Running {
  return new Running(['npm', ...args], { cwd: repositoryFile('.') })
}
