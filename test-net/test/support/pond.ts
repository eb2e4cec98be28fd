/** A model for embeddings beside the one that chats: Duckling, packed for another task. */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { modelsFolder } from '../../src/network-folder.ts'
import { duckmesh } from './run.ts'
import { testRoot } from './test-root.ts'

const DUCKLING = fileURLToPath(new URL('../../../node/models/duckling', import.meta.url))

export interface Pond {
  folder: string
  modelId: string
}

/** Packs it where the providers of a test's network look for models: they serve it as "pond" until it is removed. */
export async function packPond(): Promise<Pond> {
  const models = modelsFolder(testRoot())
  const made = join(models, 'pond')
  const args = ['--json', 'models', 'pack', DUCKLING, made, '--name', 'pond']
  const { stdout } = await duckmesh([...args, '--task', 'embeddings', '--pooling', 'mean'])
  const { cid, modelId } = JSON.parse(stdout) as { cid: string; modelId: string }
  const folder = join(models, cid)
  await rename(made, folder)
  return { folder, modelId }
}
