/** Exit codes by sysexits, so that a service manager knows what to restart. */
import type { DuckMeshError } from '@duckmesh/protocols'

/** `tempFail`: the same command may work later. */
export const EXIT = {
  failure: 1,
  usage: 64,
  unavailable: 69,
  tempFail: 75,
  noPermission: 77,
  config: 78,
} as const

/** The exit code that a failed command ends with. */
export function exitCodeOf(error: Pick<DuckMeshError, 'code' | 'stage' | 'retryable'>): number {
  const { code, retryable, stage } = error
  if (code === 'KEY_REFUSED' || code === 'STORE_LOCKED') return EXIT.noPermission
  if (code === 'NO_PEERS' || code === 'CHAIN_UNREACHABLE') return EXIT.unavailable
  if (stage === 'config' || code === 'PORT_IN_USE' || code === 'WRONG_CHAIN') return EXIT.config
  if (stage === 'order' && !retryable) return EXIT.usage
  return retryable ? EXIT.tempFail : EXIT.failure
}
