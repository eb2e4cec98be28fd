/** The model store that a command works on. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ModelStore, storeFolderOf } from '../models/index.ts'
import { printable } from './output.ts'

/** Options that all commands about models share. */
export interface ModelsOptions {
  /** Folder of the store; that of the node when left out. */
  store?: string
  json: boolean
}

/** The folder named, else the one that a node of this user has. */
export function storeFolder(
  { store }: ModelsOptions,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const { DUCKMESH_DATA_DIR: dataDir, DUCKMESH_MODEL_STORE: modelStore } = env
  return store ?? storeFolderOf({ modelStore, dataDir: dataDir ?? join(homedir(), '.duckmesh') })
}

/** Opens it and tells on stderr which models had to leave. Rejects as `ModelStore.at`. */
export function openStore(options: ModelsOptions): Promise<ModelStore> {
  const onEvict = (cid: string, name: string): void => {
    process.stderr.write(`Removed ${printable(name)} (${cid}) to make room.\n`)
  }
  return ModelStore.at(storeFolder(options), { onEvict })
}
