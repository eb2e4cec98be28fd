/** How many matches a seat signed in its turns, for its heartbeats. */
import { bytesToHex, hexToBytes } from '@duckmesh/proto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import { structDigest } from '../../signed-struct.ts'
import type { NetworkIdentity } from '../../components.ts'
import type { TurnId } from '../../election/index.ts'
import type { Hex, Match } from '@duckmesh/proto'

/** Turns remembered over all shards: this one and the last of sixteen shards. */
const MAX_TURNS = 32

interface Count {
  matches: number
  /** keccak256(hash before ‖ match hash), from 32 zero bytes. */
  matchesHash: Hex
}

const NONE: Count = { matches: 0, matchesHash: `0x${'00'.repeat(32)}` }

export class MatchCounts {
  readonly #counts = new Map<string, Count>()

  add(shard: number, match: Match, network: NetworkIdentity): void {
    const key = keyOf(shard, match)
    const { matches, matchesHash } = this.#counts.get(key) ?? NONE
    const hash = hexToBytes(structDigest(network, 'Match', match))
    const chained = bytesToHex(keccak_256(concatBytes(hexToBytes(matchesHash), hash)))
    this.#counts.set(key, { matches: matches + 1, matchesHash: chained })
    const [oldest] = this.#counts.keys()
    if (this.#counts.size > MAX_TURNS && oldest !== undefined) this.#counts.delete(oldest)
  }

  of(shard: number, turn: TurnId): Count {
    return this.#counts.get(keyOf(shard, turn)) ?? NONE
  }
}

function keyOf(shard: number, { epoch, turn }: TurnId): string {
  return `${epoch}:${turn}:${shard}`
}
