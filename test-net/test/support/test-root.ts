/** One folder for all networks of a test run, so that the model is packed and the sources are compiled once. */
import { mkdtempSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'mocha'

let root: string | undefined

export function testRoot(): string {
  root ??= mkdtempSync(join(tmpdir(), 'duckmesh-test-'))
  return root
}

/** A folder of its own in it, removed with it. */
export async function testFolder(name: string): Promise<string> {
  return mkdtemp(join(testRoot(), `${name}-`))
}

after(async () => {
  if (root !== undefined) await rm(root, { recursive: true, force: true, maxRetries: 5 })
})
