/** How the arguments of errors are put into sentences. */
import { formatEther } from 'viem'

/** Says what to do about an error, from its arguments. */
export type Advice = (...args: readonly unknown[]) => string

/** A value as people read it. */
export const text = (value: unknown): string =>
  typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string'
    ? String(value)
    : 'unknown'
/** An amount in DUCK. */
export const duck = (wei: unknown): string =>
  typeof wei === 'bigint' ? `${formatEther(wei)} DUCK` : `${text(wei)} wei`
/** A time from unix seconds. */
export const time = (seconds: unknown): string => {
  const ms = Number(seconds) * 1000
  // beyond what a Date can hold, the number says as much
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : `time ${text(seconds)}`
}
