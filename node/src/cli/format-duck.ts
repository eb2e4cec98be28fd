/** Amounts as people read them. */
import { formatEther } from 'viem'

/** Wei as DUCK with its unit, exact. */
export function formatDuck(wei: bigint): string {
  return `${formatEther(wei)} DUCK`
}
