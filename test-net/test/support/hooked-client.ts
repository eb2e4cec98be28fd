/** A client in the test's own process, with hooks at two moments that no event of a job marks. */
import { createLightClient, createMemoryStore, systemClock } from '@duckmesh/sdk'
import type { ClientStore, LightClient } from '@duckmesh/sdk'
import type { Clock } from '@duckmesh/protocols'
import { ACCOUNT_INDEX, account } from '../../src/chain/accounts.ts'
import type { TestNet } from './devnets.ts'

export interface ClientHooks {
  /** A seat acknowledged the header: its window is open. Called for each timer like the one set then. */
  onAck?: () => void
  /** The choice is made and the order is being stored; no award leaves before this resolves. */
  beforeAward?: () => Promise<void>
}

/** Pays as the account for chats, and keeps everything in memory. */
export function startHookedClient({ net }: TestNet, hooks: ClientHooks): Promise<LightClient> {
  return createLightClient({
    network: net.network,
    account: account(ACCOUNT_INDEX.chat),
    clock: watchedClock(hooks),
    store: watchedStore(hooks),
  })
}

/** A header's ack sets a timer for the match: what is left of the window and 250 ms (rule K-70). */
function watchedClock({ onAck }: ClientHooks): Clock {
  return {
    now: () => systemClock.now(),
    after: (ms, fn) => {
      if (ms > 250 && ms <= 500) onAck?.()
      return systemClock.after(ms, fn)
    },
  }
}

/** Rule D-20: the segment is on disk before its award leaves. */
function watchedStore({ beforeAward }: ClientHooks): ClientStore {
  const store = createMemoryStore(Date.now())
  const { jobs } = store
  return {
    ...store,
    jobs: {
      insertSegment: async (row, level) => {
        await beforeAward?.()
        return jobs.insertSegment(row, level)
      },
      updateSegment: (key, patch, level) => jobs.updateSegment(key, patch, level),
      getSegment: (key) => jobs.getSegment(key),
      listSegments: (filter) => jobs.listSegments(filter),
      forget: (what, endedBeforeMs) => jobs.forget(what, endedBeforeMs),
    },
  }
}
