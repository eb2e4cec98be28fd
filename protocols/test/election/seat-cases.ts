/**
 * Whole draws that TypeScript and Solidity must agree on: 10 000 networks of up to 12 owners, each case derived from
 * its number alone. `proto/vectors/seats.json` keeps one hash over the seats of every thousand cases;
 * `contracts/test/SeatCases.t.sol` derives the same cases and hashes what the contract's scores say.
 *
 * `node --conditions=@duckmesh/source protocols/test/election/seat-cases.ts` writes the file.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, hexToBytes, type Hex } from '@duckmesh/proto'
import { drawSeats } from '../../src/election/draw-seats.ts'

const FILE: URL = new URL('../../../proto/vectors/seats.json', import.meta.url)
const CASES = 10_000
const CASES_PER_HASH = 1_000
const MOST_OWNERS = 12n
const DUCK = 10n ** 18n
/** One owner in so many has no weight. */
const IDLE = 8n

/** As the file has it: one hash for each thousand cases. */
export interface SeatVectors {
  hashes: Hex[]
}

/** The content of the file. */
export function seatVectors(): string {
  const hashes: Hex[] = []
  for (let first = 0; first < CASES; first += CASES_PER_HASH) {
    let hash: Hex = word(0n)
    for (let n = first; n < first + CASES_PER_HASH; n++) hash = fold(hash, seatsOf(n))
    hashes.push(hash)
  }
  return `${JSON.stringify({ hashes }, null, 2)}\n`
}

export function readSeatVectors(): string {
  return readFileSync(FILE, 'utf8')
}

/** The seats of case `n`, best first. */
function seatsOf(n: number): Hex[] {
  const seed = keccak(word(BigInt(n)))
  const random = BigInt(seed)
  const owners = 1n + (random % MOST_OWNERS)
  const weights = new Map<Hex, bigint>()
  for (let i = 0n; i < owners; i++) {
    const hash = keccak(seed, word(i))
    weights.set(`0x${hash.slice(-40)}`, weightOf(BigInt(hash)))
  }
  const [shard, turn] = [Number((random >> 16n) % 16n), Number((random >> 32n) % 60n)]
  return drawSeats({ seed, shard, turn, weights })
}

/** Nothing, or 1 000 to 1 001 000 DUCK to the wei. */
function weightOf(random: bigint): bigint {
  const high = random >> 160n
  return high % IDLE === 0n ? 0n : 1_000n * DUCK + (high % (1_000_000n * DUCK))
}

function fold(hash: Hex, seats: readonly Hex[]): Hex {
  return keccak(hash, ...seats.map((owner) => word(BigInt(owner))))
}

function word(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, '0')}`
}

/** keccak256 of the words one after another, as `abi.encode` writes them. */
function keccak(...words: readonly Hex[]): Hex {
  return bytesToHex(keccak_256(hexToBytes(`0x${words.map((hex) => hex.slice(2)).join('')}`)))
}

if (process.argv[1] !== undefined && import.meta.filename === process.argv[1]) {
  writeFileSync(FILE, seatVectors())
}
