/**
 * The golden vectors of the election, proto/vectors/election.json, which mocha and forge both read.
 *
 * `node --conditions=@duckmesh/source protocols/test/election/vectors.ts` writes the file; with `--check` it
 * writes nothing and exits 1 when the file is out of date. Change a vector only with an ADR.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { bytesToHex, type Hex } from '@duckmesh/proto'
import { initialMix, lnWad, nextMix, seatScore, seedOf } from '../../src/election/index.ts'

const FILE: URL = new URL('../../../proto/vectors/election.json', import.meta.url)
const LOGARITHMS = 2_000
const MIXES = 20
const SEEDS = 100
const OWNERS = 100
const WAD = 10n ** 18n
const DUCK = 10n ** 18n
const MAX_UINT96 = 2n ** 96n - 1n

/** Arrays of equal length: entry i of each belongs together. Numbers above 2^53 are decimal strings. */
export interface ElectionVectors {
  lnWad: { x: string[]; ln: string[] }
  mix: {
    chainIds: number[]
    registries: Hex[]
    mix0: Hex[]
    preimages: Hex[]
    mix1: Hex[]
    epochs: number[]
    seeds: Hex[]
  }
  scores: {
    seeds: Hex[]
    shards: number[]
    turns: number[]
    owners: Hex[]
    weights: string[]
    scores: string[]
  }
}

/** Reproducible bytes by name. */
function hash(name: string): Hex {
  return bytesToHex(keccak_256(utf8ToBytes(name)))
}

const address = (name: string): Hex => `0x${hash(name).slice(-40)}`
const numberOf = (name: string): bigint => BigInt(hash(name))

/** The ends of the range, powers of two and their neighbours, then numbers of every bit length. */
function logarithmInputs(): bigint[] {
  const edges = [1n, 2n, 3n, WAD - 1n, WAD, WAD + 1n, 2n ** 255n - 1n]
  for (let bit = 2n; bit < 255n; bit++) edges.push(2n ** bit - 1n, 2n ** bit, 2n ** bit + 1n)
  for (let i = edges.length; i < LOGARITHMS; i++) {
    const random = numberOf(`x ${String(i)}`)
    // Two in three lie where the race draws from.
    edges.push(i % 3 === 0 ? (random >> BigInt(1 + (i % 254))) + 1n : (random % WAD) + 1n)
  }
  return edges
}

function logarithms(): ElectionVectors['lnWad'] {
  const x = logarithmInputs()
  return { x: x.map(String), ln: x.map((value) => String(lnWad(value))) }
}

function mixes(): ElectionVectors['mix'] {
  const cases = Array.from({ length: MIXES }, (_, i) => {
    const chainId = i === 0 ? 31_337 : Number(numberOf(`chain ${String(i)}`) % 2n ** 40n)
    const registry = address(`registry ${String(i)}`)
    const preimage = hash(`preimage ${String(i)}`)
    const epoch = i === 1 ? 0 : Number(numberOf(`epoch ${String(i)}`) % 2n ** 32n)
    const mix0 = initialMix(chainId, registry)
    const mix1 = nextMix(mix0, preimage)
    return { chainId, registry, mix0, preimage, mix1, epoch, seed: seedOf(mix1, epoch) }
  })
  return {
    chainIds: cases.map((one) => one.chainId),
    registries: cases.map((one) => one.registry),
    mix0: cases.map((one) => one.mix0),
    preimages: cases.map((one) => one.preimage),
    mix1: cases.map((one) => one.mix1),
    epochs: cases.map((one) => one.epoch),
    seeds: cases.map((one) => one.seed),
  }
}

/** From one wei to the most that fits, most of them a few thousand DUCK. */
function weightOf(seed: number, owner: number): bigint {
  if (owner === 0) return 1n
  if (owner === 1) return MAX_UINT96
  if (owner === 2) return 0n
  return 1_000n * DUCK + (numberOf(`weight ${String(seed)} ${String(owner)}`) % (50_000n * DUCK))
}

function scores(): ElectionVectors['scores'] {
  const pairs = Array.from({ length: SEEDS * OWNERS }, (_, i) => {
    const [s, o] = [Math.floor(i / OWNERS), i % OWNERS]
    const seed = hash(`seed ${String(s)}`)
    const shard = s === 99 ? 255 : s % 16
    const turn = s === 98 ? 2 ** 32 - 1 : s * 7
    const owner = address(`owner ${String(o)}`)
    const weight = weightOf(s, o)
    return { seed, shard, turn, owner, weight, score: seatScore(seed, shard, turn, owner, weight) }
  })
  return {
    seeds: pairs.map((one) => one.seed),
    shards: pairs.map((one) => one.shard),
    turns: pairs.map((one) => one.turn),
    owners: pairs.map((one) => one.owner),
    weights: pairs.map((one) => String(one.weight)),
    scores: pairs.map((one) => String(one.score)),
  }
}

/** What the file should contain. */
export function electionVectors(): string {
  const vectors: ElectionVectors = { lnWad: logarithms(), mix: mixes(), scores: scores() }
  return `${JSON.stringify(vectors)}\n`
}

/** What the file contains. */
export function readElectionVectors(): string {
  return existsSync(FILE) ? readFileSync(FILE, 'utf8') : ''
}

if (import.meta.main) {
  const content = electionVectors()
  if (!process.argv.includes('--check')) writeFileSync(FILE, content)
  else if (content !== readElectionVectors()) {
    process.stderr.write('out of date: proto/vectors/election.json\n')
    process.exitCode = 1
  }
}
