/** Takes a file of a folder into the store. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Blob } from './choose-evictions.ts'
import type { BlockWriter, PartialBlob } from './interface.ts'
import { readFrom } from './source-file.ts'

/** Goes on where an earlier copy ended. Rejects with MODEL_CORRUPT when the file has another hash. */
export async function copyBlob(
  writer: Pick<BlockWriter, 'partial'>,
  { sha256, size }: Blob,
  source: string,
): Promise<void> {
  const resumed = await copyOnce(await writer.partial(sha256, size), source)
  // What an earlier writer left may be the damaged part.
  if (resumed === 'wrong start') await copyOnce(await writer.partial(sha256, size), source)
}

async function copyOnce(partial: PartialBlob, source: string): Promise<'done' | 'wrong start'> {
  const start = partial.have
  try {
    for await (const bytes of readFrom(source, start)) await partial.append(bytes)
    await partial.finish()
    return 'done'
  } catch (error) {
    const wrong = error instanceof DuckMeshError && error.code === 'MODEL_CORRUPT'
    if (wrong && start > 0) return 'wrong start'
    throw error
  } finally {
    await partial.close()
  }
}
