/** Takes a model folder of any kind into the store. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@duckmesh/sdk'
import type { LoadedManifest } from '../engine/index.ts'
import { lacksGraph, packModelFolder } from '../engine/pack/pack-folder.ts'
import { describeFolder } from './describe-folder.ts'
import type { Described, DescribeOptions } from './describe-folder.ts'
import { withStoreFailures } from './engine-failure.ts'
import { FileLock } from './file-lock.ts'
import type { ModelStore } from './model-store.ts'

/**
 * Adds a packed folder, a source folder (whose graph is built here) or one of Hugging Face (whose manifest is
 * written here). Nothing is written into the folder. Rejects as `describeFolder` and `ModelStore.add`.
 */
export async function addModel(
  store: ModelStore,
  folder: string,
  options: DescribeOptions = {},
): Promise<Described> {
  const described = await describeFolder(folder, options)
  const { loaded } = described
  if (lacksGraph(folder, loaded.manifest)) await addBuilt(store, folder, loaded)
  else await store.add(folder, loaded)
  return described
}

/** Builds the graph beside the blobs, so that there is room for it where the model will lie. */
async function addBuilt(store: ModelStore, folder: string, loaded: LoadedManifest): Promise<void> {
  const { packing, packLock } = store.paths
  const lock = await FileLock.take(packLock, 'exclusive', systemClock)
  try {
    // Left by one who was killed.
    await rm(packing, { recursive: true, force: true })
    const target = join(packing, loaded.cid)
    await withStoreFailures(() => packModelFolder(folder, target, loaded))
    await store.add(target, loaded)
  } finally {
    await rm(packing, { recursive: true, force: true })
    lock.release()
  }
}
