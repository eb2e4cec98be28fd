/** Exit codes by sysexits, so that a service manager knows what to restart. */
import type { DuckMeshError } from '@duckmesh/protocols'

const EXIT = { failure: 1, usage: 64, unavailable: 69, tempFail: 75, noPermission: 77, config: 78 } as const

/** 75 means: the same command may work later. */
export function exitCodeOf(error: Pick<DuckMeshError, 'code' | 'stage' | 'retryable'>): number {
  if (error.code === 'KEY_REFUSED' || error.code === 'STORE_LOCKED') return EXIT.noPermission
  if (error.code === 'NO_PEERS' || error.code === 'CHAIN_UNREACHABLE') return EXIT.unavailable
  if (error.stage === 'config' || error.code === 'PORT_IN_USE' || error.code === 'WRONG_CHAIN') return EXIT.config
  if (error.stage === 'order' && !error.retryable) return EXIT.usage
  return error.retryable ? EXIT.tempFail : EXIT.failure
}
