import { expect } from 'chai'
import type { JobEvent } from '@duckmesh/sdk'
import { progressOf } from '../../src/gateway/progress.ts'
import { PROVIDER } from './scripted-job.ts'

const at = { segment: 1, provider: PROVIDER }
const auction = {
  auctionMs: 171.6,
  bids: [{}, {}, {}],
  seats: [
    { owner: '0xaa', primary: false },
    { owner: '0xbb', primary: true },
  ],
}
const NOBODY = { code: 'NO_BIDS', detail: 'Too late.' }
const receipt = { seq: 2, last: true }

describe('progressOf', () => {
  const told: [unknown, string | undefined][] = [
    [{ type: 'lane', lane: 'direct', why: 'x' }, 'no seat answered, going direct'],
    [{ type: 'auction', auction }, 'auction took 172 ms: 3 bids, seat 0xbb'],
    [
      { type: 'auction', auction: { ...auction, failure: NOBODY } },
      'auction found nobody: Too late.',
    ],
    [{ ...at, type: 'award' }, `segment 1 awarded to ${PROVIDER}`],
    [{ ...at, type: 'job', state: 'running' }, 'job running'],
    [{ ...at, type: 'state', state: 'accepted' }, 'segment 1 accepted'],
    [{ ...at, type: 'receipt', receipt }, 'segment 1 receipt 3, the last'],
    [{ ...at, type: 'receipt', receipt: { seq: 0, last: false } }, 'segment 1 receipt 1'],
    [
      { ...at, type: 'segmentEnd', outcome: { ...at, failure: { code: 'PROVIDER_LOST' } } },
      `${PROVIDER} failed: PROVIDER_LOST`,
    ],
    [{ ...at, type: 'segmentEnd', outcome: at }, undefined],
    [{ ...at, type: 'voucher', amount: 1n, cumulative: 1n }, undefined],
    [{ ...at, type: 'text', text: 'Quack', ids: [1] }, undefined],
  ]
  for (const [event, words] of told) {
    it(`tells ${words ?? `nothing of ${(event as { type: string }).type}`}`, () => {
      expect(progressOf(event as JobEvent)).to.equal(words)
    })
  }
})
