/** The models that a provider's configuration names, as folders for its engine. */
import { resolve } from 'node:path'
import type { Clock } from '@duckmesh/protocols'
import type { Config } from '../config/index.ts'
import { ModelStore, storeFolderOf } from '../models/index.ts'
import type { OpenModel } from '../models/index.ts'
import type { Closers } from './closers.ts'

/**
 * Opens them in the store, where each stays until the closers run. Undefined when the configuration names none.
 * Rejects with MODEL_NOT_STORED.
 */
export async function openChosenModels(
  config: Pick<Config, 'dataDir' | 'modelStore' | 'provider'>,
  clock: Clock,
  closers: Closers,
): Promise<string[] | undefined> {
  const names = config.provider?.models
  if (names === undefined) return undefined
  let store: ModelStore | undefined
  const folders: string[] = []
  for (const name of names) {
    if (isPath(name)) {
      folders.push(resolve(name))
      continue
    }
    store ??= await ModelStore.at(storeFolderOf(config), { clock })
    folders.push(closers.opened(await openByName(store, name), release).folder)
  }
  return [...new Set(folders)]
}

async function openByName(store: ModelStore, name: string): Promise<OpenModel> {
  return store.open((await store.find(name)).modelId)
}

function release(model: OpenModel): void {
  model.release()
}

/** Names, CIDs and ids have neither in these places. */
function isPath(name: string): boolean {
  return name.startsWith('.') || /[/\\]/.test(name)
}
