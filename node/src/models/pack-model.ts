/** Writes a model as the folder that the engine loads, for whoever publishes it. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckMeshError } from '@duckmesh/protocols'
import { MANIFEST_FILE } from '../engine/model/manifest.ts'
import { packModelFolder } from '../engine/pack/pack-folder.ts'
import { describeFolder } from './describe-folder.ts'
import type { Described, DescribeOptions } from './describe-folder.ts'
import { withStoreFailures } from './engine-failure.ts'

/**
 * Packs a folder into another one, which must be new, empty or an earlier pack. Rejects as `describeFolder`,
 * with CONFIG_INVALID when the target holds something else, and with ENGINE_FAILED when it cannot be written.
 */
export async function packFolder(
  folder: string,
  target: string,
  options: DescribeOptions = {},
): Promise<Described> {
  await demandReplaceable(target)
  const described = await describeFolder(folder, options)
  await withStoreFailures(() => packModelFolder(folder, target, described.loaded))
  return described
}

/** What is there is replaced as a whole. */
async function demandReplaceable(target: string): Promise<void> {
  if (!existsSync(target) || existsSync(join(target, MANIFEST_FILE))) return
  const names = await readdir(target).catch(() => ['a file of that name'])
  if (names.length === 0) return
  const what = `${target} is no packed model and would be replaced; choose a new folder.`
  throw new DuckMeshError('CONFIG_INVALID', what, { details: { target, holds: names.slice(0, 5) } })
}
