/** How long a driver waits for a place: short while another one is left, patient at the last. */
import { BACKUP_ACCEPT_TIMEOUT_MS, BACKUP_STALL_TIMEOUT_MS } from '../constants.ts'
import type { ClientTimeouts } from '../interface.ts'
import type { JobInit } from './interface.ts'

/** Of a streaming job (rule D-24). */
export function streamTimeouts(init: JobInit, hasBackup: boolean): Partial<ClientTimeouts> {
  if (!hasBackup) return init.alone ?? {}
  const stall = { stallMs: BACKUP_STALL_TIMEOUT_MS }
  return { acceptMs: BACKUP_ACCEPT_TIMEOUT_MS, ...stall, ...init.withBackup }
}

/** Of a member: between two receipts lies a whole step, so its silence is not cut short (rule R-8). */
export function memberTimeouts(init: JobInit, hasBackup: boolean): Partial<ClientTimeouts> {
  if (!hasBackup) return init.alone ?? {}
  return { acceptMs: BACKUP_ACCEPT_TIMEOUT_MS, ...init.withBackup }
}
