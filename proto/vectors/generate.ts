/**
 * Writes the golden vectors of this folder: `node --conditions=@duckmesh/source proto/vectors/generate.ts`.
 *
 * `--check` writes nothing, names the files that are out of date and exits 1. Change a vector only with an ADR.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { buildVectors } from './build.ts'

const check = process.argv.includes('--check')

for (const [name, content] of Object.entries(await buildVectors())) {
  const path = new URL(name, import.meta.url)
  if (existsSync(path) && readFileSync(path, 'utf8') === content) continue
  if (check) {
    process.stderr.write(`out of date: proto/vectors/${name}\n`)
    process.exitCode = 1
  } else {
    writeFileSync(path, content)
    process.stdout.write(`written: proto/vectors/${name}\n`)
  }
}
