import { expect } from 'chai'
import fc from 'fast-check'
import { ReplayWindow } from '../../src/mesh/replay-window.ts'
import { testPeerSigner } from '../support/test-crypto.ts'

const a = testPeerSigner('a').peerKey
const b = testPeerSigner('b').peerKey
const c = testPeerSigner('c').peerKey
const NOW = 1_000_000
const EXPIRY = NOW + 60_000

describe('replay window', () => {
  it('takes every number once, in any order within its width', () => {
    const window = new ReplayWindow()
    expect(window.take(a, 2_000, EXPIRY, NOW)).to.equal('fresh')
    expect(window.take(a, 2_000 - 1_023, EXPIRY, NOW)).to.equal('fresh')
    expect(window.take(a, 2_000 - 1_023, EXPIRY, NOW)).to.equal('replayed')
    expect(window.take(a, 2_000 - 1_024, EXPIRY, NOW)).to.equal('replayed')
    expect(window.take(a, 1_999, EXPIRY, NOW)).to.equal('fresh')
  })

  it('forgets nothing inside the window after a jump over many numbers', () => {
    const window = new ReplayWindow()
    for (const seq of [10, 11, 900, 5_000_000_000_000]) window.take(a, seq, EXPIRY, NOW)
    expect(window.take(a, 900, EXPIRY, NOW)).to.equal('replayed')
    expect(window.take(a, 4_999_999_999_999, EXPIRY, NOW)).to.equal('fresh')
  })

  it('agrees with a set of numbers, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 200 }), { maxLength: 120 }), (numbers) => {
        const window = new ReplayWindow({ bits: 64 })
        const seen = new Set<number>()
        let highest = -1
        for (const seq of numbers) {
          const fresh = !seen.has(seq) && (highest < 0 || seq > highest - 64)
          expect(window.take(a, seq, EXPIRY, NOW)).to.equal(fresh ? 'fresh' : 'replayed')
          seen.add(seq)
          highest = Math.max(highest, seq)
        }
      }),
    )
  })

  it('refuses a new peer rather than forgetting one whose envelopes live', () => {
    const window = new ReplayWindow({ maxPeers: 2 })
    window.take(a, 1, EXPIRY, NOW)
    window.take(b, 1, EXPIRY, NOW)
    expect(window.take(c, 1, EXPIRY, NOW)).to.equal('full')
    expect(window.take(a, 1, EXPIRY, NOW)).to.equal('replayed')
    expect(window.take(a, 2, EXPIRY, NOW)).to.equal('fresh')
  })

  it('forgets a peer only after the last of its envelopes expired', () => {
    const window = new ReplayWindow({ maxPeers: 1 })
    window.take(a, 1, EXPIRY, NOW)
    expect(window.take(b, 1, EXPIRY, EXPIRY)).to.equal('full')
    expect(window.take(b, 1, EXPIRY + 9, EXPIRY + 1)).to.equal('fresh')
    expect(window.peers).to.equal(1)
  })

  it('keeps a peer by its longest living envelope, not by its last', () => {
    const window = new ReplayWindow({ maxPeers: 1 })
    window.take(a, 1, EXPIRY, NOW)
    window.take(a, 2, NOW + 1, NOW)
    expect(window.take(b, 1, EXPIRY, NOW + 2)).to.equal('full')
  })

  it('takes nothing by looking', () => {
    const window = new ReplayWindow()
    expect(window.check(a, 5, NOW)).to.equal('fresh')
    expect(window.take(a, 5, EXPIRY, NOW)).to.equal('fresh')
    expect(window.check(a, 5, NOW)).to.equal('replayed')
  })
})
