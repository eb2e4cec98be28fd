/** How much a store may hold: kept in the store, so that every process which uses it agrees. */
import { readFile } from 'node:fs/promises'
import { DuckMeshError } from '@duckmesh/protocols'
import { z } from 'zod'
import { DEFAULT_QUOTA_BYTES } from './constants.ts'
import { writeDurable } from './durable-file.ts'
import type { StorePaths } from './store-paths.ts'

const settings = z.object({ quotaBytes: z.int().positive() })

/** Bytes. Rejects with STORE_CORRUPT when the settings are damaged. */
export async function readQuota(paths: StorePaths): Promise<number> {
  const text = await readFile(paths.settings, 'utf8').catch(() => undefined)
  if (text === undefined) return DEFAULT_QUOTA_BYTES
  try {
    return settings.parse(JSON.parse(text)).quotaBytes
  } catch (cause) {
    const what = `${paths.settings} is damaged; delete it to have the default quota again.`
    throw new DuckMeshError('STORE_CORRUPT', what, { cause, details: { path: paths.settings } })
  }
}

export async function writeQuota(paths: StorePaths, quotaBytes: number): Promise<void> {
  await writeDurable(paths.settings, `${JSON.stringify({ quotaBytes })}\n`)
}
