#!/usr/bin/env node
// Serves the npm package `solc` (the compiler as WebAssembly) under the command line that forge expects of a native
// solc, so that building the contracts needs no compiler on the machine. Plain CommonJS: any Node from 20 on runs it.
'use strict'

const fs = require('node:fs')
const solc = require('solc')

const args = process.argv.slice(2)
if (args.includes('--version')) {
  // forge reads the version from the second line and wants a platform after it
  process.stdout.write(
    `solc, the solidity compiler commandline interface\nVersion: ${solc.version()}.Linux.g++\n`,
  )
} else if (args.includes('--standard-json')) {
  // no process.exit: a large answer is still being written to the pipe
  process.stdout.write(solc.compile(fs.readFileSync(0, 'utf8')))
} else {
  process.stderr.write('contracts/solc.cjs answers --version and --standard-json only\n')
  process.exitCode = 64
}
