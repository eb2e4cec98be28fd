import { expect } from 'chai'
import fc from 'fast-check'
import { bytesToHex, hexToBytes } from '@duckmesh/proto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Hex } from '@duckmesh/proto'
import { bidCommit } from '../../../src/market/auction/bid-commit.ts'
import { bidsRoot, sortedCommits } from '../../../src/market/auction/bids-root.ts'

const leaf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const hash = (a: Hex, b: Hex): Hex =>
  bytesToHex(keccak_256(hexToBytes(`0x${a.slice(2)}${b.slice(2)}`)))
const commits = fc.uniqueArray(
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes)),
  { maxLength: 64 },
)

describe('bidsRoot', () => {
  it('of none is 32 zero bytes, of one it is the commitment itself', () => {
    expect(bidsRoot([])).to.equal(leaf(0))
    expect(bidsRoot([leaf(7)])).to.equal(leaf(7))
  })

  it('hashes sorted pairs and carries an odd last node up', () => {
    expect(bidsRoot([leaf(2), leaf(1)])).to.equal(hash(leaf(1), leaf(2)))
    const pair = hash(leaf(1), leaf(2))
    const [low, high] = pair < leaf(3) ? [pair, leaf(3)] : [leaf(3), pair]
    expect(bidsRoot([leaf(3), leaf(2), leaf(1)])).to.equal(hash(low, high))
  })

  it('does not depend on the order of arrival, and changes with any bid', () => {
    fc.assert(
      fc.property(commits, fc.nat(), (all, at) => {
        const root = bidsRoot(all)
        expect(bidsRoot([...all].reverse())).to.equal(root)
        expect(sortedCommits(all)).to.deep.equal([...all].sort())
        if (all.length === 0) return
        const changed = all.map((one, i) => (i === at % all.length ? hash(one, one) : one))
        expect(bidsRoot(changed)).not.to.equal(root)
        expect(bidsRoot(all.slice(1))).not.to.equal(root)
      }),
      { numRuns: 60 },
    )
  })
})

describe('bidCommit', () => {
  const ref = { jobId: leaf(1), attempt: 2 }
  const sealed = { enc: new Uint8Array(32).fill(1), ciphertext: new Uint8Array(20).fill(2) }
  const provider: Hex = `0x${'ab'.repeat(20)}`

  it('is keccak256 of the ABI words', () => {
    const inner = keccak_256(new Uint8Array([...sealed.enc, ...sealed.ciphertext]))
    const words = new Uint8Array(128)
    words[31] = 1
    words[63] = 2
    words.set(hexToBytes(provider), 76)
    words.set(inner, 96)
    expect(bidCommit(ref, { provider, sealed })).to.equal(bytesToHex(keccak_256(words)))
  })

  it('differs for another job, attempt, provider or byte of the seal', () => {
    const other = { ...sealed, ciphertext: sealed.ciphertext.slice().fill(3, 19) }
    const all = [
      bidCommit(ref, { provider, sealed }),
      bidCommit({ ...ref, jobId: leaf(9) }, { provider, sealed }),
      bidCommit({ ...ref, attempt: 3 }, { provider, sealed }),
      bidCommit(ref, { provider: `0x${'cd'.repeat(20)}`, sealed }),
      bidCommit(ref, { provider, sealed: other }),
    ]
    expect(new Set(all).size).to.equal(5)
  })
})
