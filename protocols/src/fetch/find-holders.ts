/** Searches holders in the background of a pull, again while there are few (F-40). */
import type { Clock, Logger } from '../components.ts'
import { FIRST_SEARCH_MS, MAX_ACTIVE_HOLDERS, SEARCH_INTERVAL_MS } from './constants.ts'
import type { HolderPool } from './holder-pool.ts'
import type { HolderSearch } from './interface.ts'

export interface FindHoldersComponents {
  clock: Clock
  logger: Logger
  pool: HolderPool
  search: HolderSearch
}

/** Ends when the signal aborts; never rejects. */
export async function findHolders(
  { clock, logger, pool, search }: FindHoldersComponents,
  signal: AbortSignal,
): Promise<void> {
  for (let ms = FIRST_SEARCH_MS; !signal.aborted; ms = Math.min(2 * ms, SEARCH_INTERVAL_MS)) {
    if (pool.size < MAX_ACTIVE_HOLDERS) {
      try {
        for await (const peer of search(signal)) pool.add(peer)
      } catch (error) {
        logger.debug('fetch.search_ended', { error })
      }
    }
    await pause(clock, ms, signal)
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      stop()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const stop = clock.after(ms, done)
    signal.addEventListener('abort', done, { once: true })
  })
}
