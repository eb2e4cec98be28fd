/** Fetches the manifest of a model: its hash is the model's id, so one honest holder is enough (F-12). */
import type { Hex } from '@duckmesh/proto'
import { askManifest, judge, lied } from './ask-holder.ts'
import type { AskComponents } from './ask-holder.ts'
import { MAX_ACTIVE_HOLDERS } from './constants.ts'
import type { Holder } from './holder-pool.ts'
import type { Sha256 } from './interface.ts'
import { hexOf } from './pieces.ts'

export interface PullManifestComponents extends AskComponents {
  sha256: Sha256
}

/** Asks some holders at a time until one tells bytes with this hash. Rejects with the reason of the signal. */
export async function pullManifest(
  components: PullManifestComponents,
  modelId: Hex,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { pool } = components
  const found = new AbortController()
  const either = AbortSignal.any([signal, found.signal])
  const asking = new Set<Holder>()
  let unlisten = (): unknown => undefined
  try {
    return await new Promise<Uint8Array>((resolve, reject) => {
      const askOne = async (holder: Holder): Promise<void> => {
        try {
          resolve(await askOneHolder(components, holder, modelId, either))
          found.abort()
        } catch (error) {
          if (!either.aborted) judge(pool, holder, error, modelId)
        } finally {
          asking.delete(holder)
          pump()
        }
      }
      const pump = (): void => {
        for (const holder of pool.ready(modelId)) {
          if (either.aborted || asking.size >= MAX_ACTIVE_HOLDERS) return
          if (asking.has(holder)) continue
          asking.add(holder)
          void askOne(holder)
        }
      }
      unlisten = pool.listen(pump)
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error)
      })
      if (signal.aborted) reject(signal.reason as Error)
      pump()
    })
  } finally {
    unlisten()
    found.abort()
  }
}

async function askOneHolder(
  components: PullManifestComponents,
  holder: Holder,
  modelId: Hex,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = await askManifest(components, holder, modelId, signal)
  const hash = await hexOf(components.sha256, bytes)
  if (`0x${hash}` !== modelId) throw lied('Its manifest is that of another model.')
  components.pool.succeeded(holder)
  return bytes
}
