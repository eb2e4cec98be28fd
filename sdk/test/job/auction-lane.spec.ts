import { DuckMeshError, bytesToHex, hexToBytes } from '@duckmesh/protocols'
import type { ErrorCode } from '@duckmesh/protocols'
import type { NewOrder } from '@duckmesh/protocols/dispatch'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { expect } from 'chai'
import { holdAuction } from '../../src/job/auction-lane.ts'
import type { HeldAuction } from '../../src/job/auction-lane.ts'
import type { JobDraft } from '../../src/job/plan-job.ts'
import { expectCode } from '../support/expect-code.ts'
import { BINDING, FakeAuctioneer, MATCH } from '../support/fake-auctioneer.ts'
import type { ScriptedAuction } from '../support/fake-auctioneer.ts'
import { MODEL, address, bytes32 } from '../support/offers.ts'

const [A, B] = [address(1), address(2)]
const JOB = bytes32(0x10b)
const quiet = new AbortController().signal

const draft: JobDraft = {
  spec: { bytes: new Uint8Array(8), specHash: bytes32(3) },
  modelId: MODEL,
  inBucket: 16,
  maxTokens: 64,
  maxPrice: 67n,
  deadline: 2_000_000_000,
  mode: 1,
  replicas: 1,
  lane: 'auction',
  exclude: [],
}

function orderOf(mode: number, replicas: number): NewOrder {
  const { deadline, maxPrice, spec } = draft
  const terms = { modelId: MODEL, specHash: spec.specHash, maxPrice, deadline, nonce: 1 }
  const secretHash = bytes32(0x5ec)
  return {
    jobId: JOB,
    order: { ...terms, payer: BINDING.payer, mode, replicas, auditBps: 0, secretHash },
    signature: BINDING.signature,
    secrets: { draw: bytes32(0xd), audit: bytes32(0xa) },
  }
}

async function hold(
  auction: ScriptedAuction | Error,
  over: Partial<JobDraft> = {},
): Promise<{ auctioneer: FakeAuctioneer; held: HeldAuction }> {
  const auctioneer = new FakeAuctioneer(auction)
  const components = { auctioneer, binding: () => Promise.resolve(BINDING) }
  const asked = { ...draft, ...over }
  const order = orderOf(asked.mode, asked.replicas)
  const attempt = { attempt: 1, excluded: [B] }
  return { auctioneer, held: await holdAuction(components, asked, order, attempt, quiet) }
}

/** What the auctioneer rejects with when nobody bid. */
function noBids(reasons: string[], sentences?: string[]): DuckMeshError {
  const details = { reasons, ...(sentences === undefined ? {} : { sentences }) }
  return new DuckMeshError('NO_BIDS', 'Declined.', { jobId: JOB, details })
}

describe('holdAuction', () => {
  it('gives the places in the order of the choice, at the prices of the bids', async () => {
    const { held } = await hold({ providers: [A, B], prices: [1_000n, 999n] })
    expect(held.matchHash).to.equal(MATCH)
    expect(held.proof.excluded).to.deep.equal([B])
    expect(held.places).to.deep.equal([
      { provider: A, bidHash: bytes32(0xb000), priceIn: 250n, priceOut: 1_000n },
      { provider: B, bidHash: bytes32(0xb001), priceIn: 250n, priceOut: 999n },
    ])
  })

  it('shows the draw of a redundant job, and of the audit secret its hash alone', async () => {
    const { auctioneer } = await hold({ providers: [A] }, { mode: 0, replicas: 3 })
    const [asked] = auctioneer.asked
    expect(asked?.draw).to.equal(bytes32(0xd))
    expect(asked?.auditHash).to.equal(bytesToHex(keccak_256(hexToBytes(bytes32(0xa)))))
    expect(JSON.stringify(asked, (_, value: unknown) => String(value))).to.not.contain(bytes32(0xa))
  })

  it('records seats that never answered, and bids that did not count', async () => {
    const left = [{ provider: B, code: 'BID_INVALID' as const, why: 'Its seal does not open.' }]
    const { held } = await hold({ providers: [A], left })
    const { acks, ...rest } = held.result
    const silent = { run: () => Promise.resolve({ ...rest, acks: [] }) }
    expect(acks).to.have.length(1)
    const components = { auctioneer: silent, binding: () => Promise.resolve(BINDING) }
    const attempt = { attempt: 0, excluded: [] }
    const { transcript } = await holdAuction(components, draft, orderOf(1, 1), attempt, quiet)
    expect(transcript.seats.map(({ ackMs, bids }) => [ackMs, bids])).to.deep.equal([[null, 1]])
    expect(transcript.bids[1]).to.deep.equal({
      provider: B,
      code: 'BID_INVALID',
      why: 'Its seal does not open.',
    })
  })

  describe('when nobody bid', () => {
    const telling = ['MODEL_NOT_FOUND', 'PRICE_ABOVE_CAP', 'PROMPT_TOO_LONG', 'PROVIDER_BUSY']
    for (const code of telling as ErrorCode[]) {
      it(`rejects with ${code} when that was the reason of all, with their sentences`, async () => {
        const reasons = [`${A}: asks 68 wei, the cap is 67 wei`, `${B}: asks 70 wei`]
        const error = await expectCode(code, () => hold(noBids([`${code} 2`], reasons)))
        expect(error.details).to.deep.equal({ maxPrice: 67n, reasons })
        expect(error.message).to.contain(reasons[0])
        expect(error.jobId).to.equal(JOB)
        expect(error.cause).to.have.property('code', 'NO_BIDS')
      })
    }

    it('counts the providers when there are no sentences', async () => {
      const error = await expectCode('PROVIDER_BUSY', () => hold(noBids(['PROVIDER_BUSY 3'])))
      expect(error.details['reasons']).to.deep.equal(['PROVIDER_BUSY 3'])
    })

    const others: [string, string[]][] = [
      ['the reasons differ', ['PRICE_ABOVE_CAP 1', 'PROVIDER_BUSY 2']],
      ['the caller cannot do anything about it', ['STALE_SEAT 1']],
      ['a provider named a code that is none', ['other 1']],
      ['nobody was invited', []],
    ]
    for (const [what, codes] of others) {
      it(`rejects with NO_BIDS as it came when ${what}`, async () => {
        const failure = noBids(codes)
        expect(await expectCode('NO_BIDS', () => hold(failure))).to.equal(failure)
      })
    }
  })

  it('passes on what a seat did wrong', async () => {
    const failure = new DuckMeshError('MATCH_INVALID', 'The root is another one.')
    expect(await expectCode('MATCH_INVALID', () => hold(failure))).to.equal(failure)
  })
})
