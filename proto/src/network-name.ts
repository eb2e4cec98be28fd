import { outOfRange } from './errors.ts'
import { hexToBytes, lowerHex } from './hex.ts'

/** `<chainId>-<first 8 hex digits of the registry address>`: what keeps two networks from mixing. */
export function networkName(chainId: number, registry: string): string {
  if (!Number.isSafeInteger(chainId) || chainId < 1) {
    throw outOfRange('chainId', 'expected a positive integer')
  }
  const address = lowerHex(registry)
  hexToBytes(address, 20, 'registry')
  return `${String(chainId)}-${address.slice(2, 10)}`
}
