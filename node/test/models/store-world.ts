/** A model store in a folder of its own, and small models to add to it. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ModelStore } from '../../src/models/index.ts'
import { ManualClock } from '../manual-clock.ts'
import { withTempDir } from '../temp-dir.ts'
import { someBytes, writeTinyModel } from './tiny-model.ts'
import type { Files } from './tiny-model.ts'

/** A store, and a way to add models to it one after another. */
export async function withStore(
  use: (
    store: ModelStore,
    folder: string,
    add: (name: string, files?: Files) => Promise<Added>,
  ) => Promise<void>,
  clock: ManualClock = new ManualClock(1_000_000),
): Promise<void> {
  await withTempDir(async (folder) => {
    const root = join(folder, 'store')
    const store = await ModelStore.at(root, { clock })
    await use(store, root, async (name, files = { 'a.bin': someBytes(1000) }) => {
      clock.advance(1000)
      const source = join(folder, name)
      const { cid, modelId } = await writeTinyModel(source, name, files)
      await store.add(source)
      return { cid, modelId, source, files }
    })
  })
}

/** A model that was added, and where it came from. */
export interface Added {
  cid: string
  modelId: `0x${string}`
  source: string
  files: Files
}

/** Hashes of the files that a store holds. */
export async function blobsIn(root: string): Promise<string[]> {
  const names = await readdir(join(root, 'blobs'), { recursive: true })
  return names
    .filter((name) => name.includes('/'))
    .map((name) => name.slice(3))
    .sort()
}

/** Names of the models that a store holds, in its order. */
export async function names(store: ModelStore): Promise<string[]> {
  return (await store.list()).map((model) => model.name)
}
