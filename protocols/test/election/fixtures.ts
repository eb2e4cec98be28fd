/** Owners, seeds and a chain for the tests of the election. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { bytesToHex, type Heartbeat, type Hex } from '@duckmesh/proto'
import type { ElectionPort } from '../../src/election/index.ts'

export const DUCK: bigint = 10n ** 18n

export function seedOfName(name: string): Hex {
  return bytesToHex(keccak_256(utf8ToBytes(name)))
}

export function ownerOf(index: number): Hex {
  return `0x${seedOfName(`owner ${String(index)}`).slice(-40)}`
}

/** Owners 0, 1, … with these stakes, DUCK. */
export function weightsOf(...stakes: number[]): Map<Hex, bigint> {
  return new Map(stakes.map((stake, i) => [ownerOf(i), BigInt(stake) * DUCK]))
}

export function heartbeatOf(seat: Hex, epoch = 0, turn = 0): Heartbeat {
  return { epoch, turn, seat, matches: 0, matchesHash: `0x${'00'.repeat(32)}` }
}

/** Counts what is read; fails while `broken` is set. */
export class MemoryElection implements ElectionPort {
  readonly reads: string[] = []
  broken: Error | null = null
  readonly #weights: ReadonlyMap<Hex, bigint>

  constructor(weights: ReadonlyMap<Hex, bigint>) {
    this.#weights = weights
  }

  async seed(epoch: number): Promise<Hex> {
    this.reads.push(`seed ${String(epoch)}`)
    await Promise.resolve()
    if (this.broken !== null) throw this.broken
    return seedOfName(`seed ${String(epoch)}`)
  }

  async weights(epoch: number): Promise<ReadonlyMap<Hex, bigint>> {
    this.reads.push(`weights ${String(epoch)}`)
    await Promise.resolve()
    if (this.broken !== null) throw this.broken
    return this.#weights
  }
}
