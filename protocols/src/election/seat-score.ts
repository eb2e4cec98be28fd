/** The exponential race (rule E-7): an owner's score in one turn of one shard; the lowest sits in front. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { hexToBytes, type Hex } from '@duckmesh/proto'
import { abiWords } from './abi-words.ts'
import { lnWad } from './ln-wad.ts'

const WAD = 10n ** 18n
const SCORE_BITS = 96n

/** Score of an owner without weight: behind everybody (uint256 max, as on chain). */
const LAST: bigint = 2n ** 256n - 1n

/** Where the owner's 20 bytes begin in the four words (seed, shard, turn, owner). */
const OWNER_AT = 4 * 32 - 20

function toBigInt(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let value = 0n
  for (let at = 0; at < bytes.length; at += 8) value = (value << 64n) | view.getBigUint64(at)
  return value
}

/** Scores of one race; the words that all owners share are encoded once. */
export function seatScorer(
  seed: Hex,
  shard: number,
  turn: number,
): (owner: Hex, weight: bigint) => bigint {
  const words = abiWords([seed, 32], [shard, 1], [turn, 4], [0, 20])
  return (owner, weight) => {
    words.set(hexToBytes(owner, 20, 'owner'), OWNER_AT)
    if (weight <= 0n) return LAST
    const x = (toBigInt(keccak_256(words)) % WAD) + 1n
    return (-lnWad(x) << SCORE_BITS) / weight
  }
}

/**
 * floor(-ln(x) · 2^96 / weight) with x = keccak256(abi.encode(seed, uint8 shard, uint32 turn, owner)) mod 10^18 + 1.
 *
 * @param weight wei; 0 gives 2^256 - 1
 * @throws DuckMeshError FIELD_OUT_OF_RANGE for a shard above 255 or a turn above 2^32 - 1; ProtoError for bad hex
 */
export function seatScore(
  seed: Hex,
  shard: number,
  turn: number,
  owner: Hex,
  weight: bigint,
): bigint {
  return seatScorer(seed, shard, turn)(owner, weight)
}
