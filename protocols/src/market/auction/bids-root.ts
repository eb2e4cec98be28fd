import { bytesToHex, hexToBytes } from '@duckmesh/proto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '@noble/hashes/utils.js'
import type { Hex } from '@duckmesh/proto'

/** Root of a match without bids. */
const NO_BIDS_ROOT: Hex = `0x${'00'.repeat(32)}`

/** Commitments in the order of the tree: as 32-byte numbers, lowest first. */
export function sortedCommits(commits: readonly Hex[]): Hex[] {
  return [...commits].sort()
}

/**
 * Merkle root over commitments (K-52): leaves are the sorted commitments as they are, a pair is hashed lower one
 * first (OpenZeppelin), an odd last node goes up unchanged. Order of `commits` does not matter.
 */
export function bidsRoot(commits: readonly Hex[]): Hex {
  let layer = sortedCommits(commits)
  while (layer.length > 1) layer = nextLayer(layer)
  return layer[0] ?? NO_BIDS_ROOT
}

function nextLayer(nodes: readonly Hex[]): Hex[] {
  const out: Hex[] = []
  for (let i = 0; i < nodes.length; i += 2) {
    const [left, right] = nodes.slice(i, i + 2) as [Hex, Hex?]
    out.push(right === undefined ? left : hashPair(left, right))
  }
  return out
}

function hashPair(a: Hex, b: Hex): Hex {
  const [low, high] = a < b ? [a, b] : [b, a]
  return bytesToHex(keccak_256(concatBytes(hexToBytes(low), hexToBytes(high))))
}
