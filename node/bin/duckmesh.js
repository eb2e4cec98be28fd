#!/usr/bin/env -S node --conditions=@duckmesh/source --disable-warning=ExperimentalWarning
// Starts the command line from its TypeScript sources, or from dist when it was installed as a package.
import { spawn } from 'node:child_process'
// Not by name: an older Node, which only has to hand over, does not export it.
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const NEEDED_MAJOR = 24
const FLAGS = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']
const installed = import.meta.url.includes('/node_modules/')
const isNew = Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR

if (isNew && (installed || process.execArgv.includes(FLAGS[0]))) {
  module.enableCompileCache?.()
  const { main } = await import(installed ? '../dist/cli/main.js' : '../src/cli/main.ts')
  await main(process.argv.slice(2))
} else if (process.env.DUCKMESH_REEXEC === '1') {
  process.stderr.write(`Node ${NEEDED_MAJOR} or newer is needed; this is ${process.version}.\n`)
  process.exitCode = 78
} else {
  // Started by another Node, or without the flag that finds the sources: once more with both.
  const own = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))
  const args = [...FLAGS, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const env = { ...process.env, DUCKMESH_REEXEC: '1' }
  const child = spawn(isNew ? process.execPath : own, args, { stdio: 'inherit', env })
  // What is sent to this process alone is passed on; a Ctrl-C in a terminal reaches the child by itself.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  child.once('error', () => process.exit(1))
  child.once('exit', (code) => process.exit(code ?? 1))
}
