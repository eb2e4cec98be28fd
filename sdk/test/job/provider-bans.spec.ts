import type { ErrorCode, Hex } from '@duckmesh/protocols'
import type { JobEvent, SegmentOutcome } from '@duckmesh/protocols/dispatch'
import { expect } from 'chai'
import { ProviderBans } from '../../src/job/provider-bans.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { address } from '../support/offers.ts'
import { segmentOutcome } from '../support/scripted-run.ts'

const A = address(1)

function ended(provider: Hex, over: Partial<SegmentOutcome>): JobEvent {
  const outcome = segmentOutcome({ provider, ...over })
  return { type: 'segmentEnd', outcome, atMs: 0, segment: 0, provider }
}

function failed(provider: Hex, code: ErrorCode): JobEvent {
  return ended(provider, { state: 'failed', failure: { code, detail: 'x' } })
}

function bansOf(): { bans: ProviderBans; clock: FakeClock } {
  const clock = new FakeClock()
  return { bans: new ProviderBans(clock), clock }
}

describe('ProviderBans', () => {
  it('bans for 15 s after a fault, twice as long after each further one, 10 min at most', async () => {
    const { bans, clock } = bansOf()
    for (const ms of [15_000, 30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]) {
      bans.learn(failed(A, 'PROVIDER_LOST'))
      await clock.advance(ms - 1)
      expect(bans.list(), `${ms} ms`).to.deep.equal([A])
      await clock.advance(1)
      expect(bans.list(), `${ms} ms`).to.deep.equal([])
    }
  })

  it('forgives all when a segment finishes', async () => {
    const { bans, clock } = bansOf()
    bans.learn(failed(A, 'PROVIDER_STALLED'))
    bans.learn(failed(A, 'PROVIDER_STALLED'))
    bans.learn(ended(A, {}))
    expect(bans.list()).to.deep.equal([])
    bans.learn(failed(A, 'PROVIDER_STALLED'))
    await clock.advance(15_000)
    expect(bans.list()).to.deep.equal([])
  })

  it('does not blame a provider for prices, full slots, empty channels or a cancel', () => {
    const { bans } = bansOf()
    const innocent: ErrorCode[] = [
      'PROVIDER_BUSY',
      'PRICE_MISMATCH',
      'BALANCE_INSUFFICIENT',
      'PROMPT_TOO_LONG',
      'BUDGET',
      'CANCELLED',
    ]
    for (const code of innocent) bans.learn(failed(A, code))
    bans.learn(ended(A, { state: 'cancelled' }))
    expect(bans.list()).to.deep.equal([])
  })

  it('learns from the end of a segment alone', () => {
    const { bans } = bansOf()
    const source = { segment: 0, provider: A }
    bans.learn({ type: 'state', state: 'failed', atMs: 0, ...source })
    bans.learn({ type: 'job', state: 'failed', atMs: 0, ...source })
    expect(bans.list()).to.deep.equal([])
  })

  it('remembers 1 024 providers: the one that failed longest ago goes', () => {
    const { bans } = bansOf()
    for (let n = 0; n <= 1_024; n += 1) bans.learn(failed(address(n + 1), 'TIMED_OUT'))
    expect(bans.list()).to.have.length(1_024)
    expect(bans.list()).to.not.include(address(1))
    expect(bans.list()).to.include(address(1_025))
  })
})
