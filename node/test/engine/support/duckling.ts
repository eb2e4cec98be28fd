/** Duckling as the tests use it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ensurePackedModel } from '../../../src/engine/index.ts'
import type { PackedModel } from '../../../src/engine/index.ts'

export const DUCKLING_SOURCE: string = path.join(import.meta.dirname, '../../../models/duckling')

export interface GoldenCase {
  readonly prompt: string
  readonly promptIds: number[]
  readonly completionIds: number[]
  readonly text: string
}

export async function goldenCases(): Promise<GoldenCase[]> {
  const file = await readFile(path.join(DUCKLING_SOURCE, 'golden.json'), 'utf8')
  return (JSON.parse(file) as { cases: GoldenCase[] }).cases
}

/** Runs something with a folder that is removed afterwards. */
export async function temporaryFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'duckmesh-engine-'))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** A freshly packed Duckling in a folder of its own. */
export async function packedDuckling(): Promise<PackedModel & { remove: () => Promise<void> }> {
  const { folder, remove } = await temporaryFolder()
  return { ...(await ensurePackedModel(DUCKLING_SOURCE, folder)), remove }
}

/** A JSON file of a model folder, parsed. */
export async function readJson(folder: string, name: string): Promise<unknown> {
  return JSON.parse(await readFile(path.join(folder, name), 'utf8'))
}
