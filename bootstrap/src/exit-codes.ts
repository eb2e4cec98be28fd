/** Exit codes by sysexits, the same as the node's command line uses. */
import type { DuckMeshError } from '@duckmesh/protocols'

const EXIT = { unavailable: 69, noPermission: 77, config: 78 } as const

/** 77: the folder is in use. 78: an option or a port must change. 69: everything else. */
export function exitCodeOf({ code, stage }: Pick<DuckMeshError, 'code' | 'stage'>): number {
  if (code === 'STORE_LOCKED') return EXIT.noPermission
  return stage === 'config' || code === 'PORT_IN_USE' ? EXIT.config : EXIT.unavailable
}
