#!/usr/bin/env -S node --conditions=@duckmesh/source
// Starts the seed peer from its TypeScript sources, or from dist when it was installed as a package.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const NEEDED_MAJOR = 24
const self = fileURLToPath(import.meta.url)
if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  const installed = import.meta.url.includes('/node_modules/')
  await import(installed ? '../dist/main.js' : '../src/main.ts')
} else if (process.env.DUCKMESH_REEXEC === '1') {
  process.stderr.write(`Node ${NEEDED_MAJOR} or newer is needed; this is ${process.version}.\n`)
  process.exitCode = 78
} else {
  // The project brings its own Node as a dependency; use it when this one is too old.
  const node = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))
  const args = ['--conditions=@duckmesh/source', self, ...process.argv.slice(2)]
  const env = { ...process.env, DUCKMESH_REEXEC: '1' }
  const child = spawn(node, args, { stdio: 'inherit', env })
  // What is sent to this process alone is passed on; a Ctrl-C in a terminal reaches the child by itself.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  child.once('error', () => process.exit(1))
  child.once('exit', (code) => process.exit(code ?? 1))
}
