import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export interface Anvil {
  url: string
  stop: () => Promise<void>
}

/** The binary of the npm package where there is one for this machine, else `anvil` from the PATH. */
function anvilPath(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve(
      '@foundry-rs/anvil-linux-amd64/package.json',
    )
    const path = join(dirname(manifest), 'bin/anvil')
    return existsSync(path) ? path : 'anvil'
  } catch {
    return 'anvil'
  }
}

/** Starts a chain of its own on a free port. The caller stops it. */
export async function startAnvil(...options: string[]): Promise<Anvil> {
  const child = spawn(anvilPath(), ['--port', '0', '--hardfork', 'prague', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { url: `http://${await listening(child)}`, stop: () => stop(child) }
}

/** Resolves with host and port once anvil prints them; rejects when it ends before. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`anvil ended with ${code}: ${output}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      const found = /Listening on (\S+)/.exec(output)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve()
      return
    }
    child.removeAllListeners('exit')
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}
