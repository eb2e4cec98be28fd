/** Tests: tokens per second of the main job's report. */
import { expect } from 'chai'
import type { WinnerReport } from '../../src/job/interface.ts'
import { perSecond, streamSpeed, withEngineSpeed } from '../../src/job/speed.ts'

const AWARDED = { state: 'awarded', atMs: 1_000 }
const COMPLETED = { state: 'completed', atMs: 1_080 }

function winner(provider: `0x${string}`): WinnerReport {
  const speed = { tokensPerSecond: 1, engineTokensPerSecond: null }
  return { provider, segment: 0, paid: 1n, tokens: 40, ...speed }
}

describe('the speed of a provider', () => {
  it('is tokens by the seconds from the award to the last receipt', () => {
    expect(streamSpeed(40, [AWARDED, { state: 'running', atMs: 1_020 }, COMPLETED])).to.equal(500)
  })

  it('is not told for a segment that did not complete, drew nothing or took no time', () => {
    expect(streamSpeed(40, [AWARDED, { state: 'failed', atMs: 1_080 }])).to.equal(null)
    expect(streamSpeed(0, [AWARDED, COMPLETED])).to.equal(null)
    expect(perSecond(40, 0)).to.equal(null)
  })

  it('of its engine is what the counters say that it drew meanwhile', () => {
    const before = new Map([['0x0a', { decodedTokens: 100, decodeMs: 50 }] as const])
    const after = new Map([['0x0a', { decodedTokens: 136, decodeMs: 72 }] as const])
    const [own, other] = withEngineSpeed([winner('0x0a'), winner('0x0b')], before, after)
    // 36 tokens in 22 ms, to a tenth.
    expect(own?.engineTokensPerSecond).to.equal(1_636.4)
    expect(other?.engineTokensPerSecond, 'nobody read its counters').to.equal(null)
  })
})
