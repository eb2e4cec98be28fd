import { DuckMeshError } from '@duckmesh/protocols'
import { ZERO_HASH } from '@duckmesh/protocols/dispatch'
import { AuctionError } from '@duckmesh/protocols/market'
import type { AuctionResult, LostAuction } from '@duckmesh/protocols/market'
import { expect } from 'chai'
import { auctionTranscript, lostTranscript } from '../../src/job/auction-transcript.ts'
import { expectCode } from '../support/expect-code.ts'
import { MATCH, SEAT, lostAuction } from '../support/fake-auctioneer.ts'
import type { Script } from '../support/fake-places.ts'
import { MODEL, address, bytes32 } from '../support/offers.ts'
import { RunWorld, wordsOf } from '../support/run-world.ts'

const [A, B] = [address(1), address(2)]
const SERVE: Script = { kind: 'serve', words: ['Quack ', 'quack'] }
const draft = { modelId: MODEL }
const refused = new DuckMeshError('SEAT_FEE_DUE', 'Openings are overdue.')

function noBids(over: Partial<AuctionResult> = {}): AuctionError {
  return lostAuction('NO_BIDS', '5 were invited, nobody answered in time.', { result: over })
}

function noMatch(over: Partial<LostAuction> = {}): AuctionError {
  return lostAuction('SEATS_UNREACHABLE', '1 seat acknowledged, none made a match.', { over })
}

describe('the record of an auction that gave nobody the job', () => {
  it('has the match of the seat, how many it invited, who passed, and why nobody won', () => {
    const pass = { jobId: bytes32(1), attempt: 0, provider: B, code: 'PROVIDER_BUSY', detail: 'x' }
    const left = [{ provider: A, code: 'BID_INVALID' as const, why: 'Its seal does not open.' }]
    const error = noBids({ passes: [pass] })
    const { result } = error.lost
    if (result === undefined) expect.fail('no result')
    const choice = { ...result.choice, left }
    const told = new AuctionError(
      'NO_BIDS',
      { ...error.lost, result: { ...result, choice } },
      { jobId: bytes32(1) },
    )
    expect(lostTranscript(told, draft)).to.deep.equal({
      attempt: 0,
      epoch: 7,
      turn: 3,
      shard: 3,
      ruleVersion: 1,
      matchHash: MATCH,
      bidsRoot: bytes32(0xb1d5),
      seats: [{ owner: SEAT, ackMs: 12, bids: 0, primary: true, invited: 5 }],
      auctionMs: 31,
      bids: [{ provider: A, code: 'BID_INVALID', why: 'Its seal does not open.' }],
      passes: [{ provider: B, code: 'PROVIDER_BUSY', detail: 'x' }],
      failure: { code: 'NO_BIDS', detail: '5 were invited, nobody answered in time.' },
    })
  })

  it('has the seats that acknowledged, refused or kept silent when none made a match', () => {
    const failures = [{ seat: SEAT }, { seat: A, error: refused }, { seat: B }]
    expect(lostTranscript(noMatch({ failures }), draft)).to.deep.equal({
      attempt: 0,
      epoch: 7,
      turn: 3,
      shard: 3,
      ruleVersion: 0,
      matchHash: ZERO_HASH,
      bidsRoot: ZERO_HASH,
      seats: [
        { owner: SEAT, ackMs: 12, bids: 0, primary: false, invited: 5 },
        { owner: A, ackMs: null, bids: 0, primary: false, code: 'SEAT_FEE_DUE' },
        { owner: B, ackMs: null, bids: 0, primary: false },
      ],
      auctionMs: 31,
      bids: [],
      passes: [],
      failure: { code: 'SEATS_UNREACHABLE', detail: '1 seat acknowledged, none made a match.' },
    })
  })

  it('is found behind the one reason that stands for it, and nowhere else', () => {
    const cause = noBids()
    const telling = new DuckMeshError('PRICE_ABOVE_CAP', 'It asks 9 wei.', { cause })
    expect(lostTranscript(telling, draft)?.failure?.code).to.equal('NO_BIDS')
    expect(lostTranscript(noMatch({ acks: [] }), draft)).to.equal(undefined)
    expect(lostTranscript(refused, draft)).to.equal(undefined)
    expect(lostTranscript('nothing', draft)).to.equal(undefined)
  })

  it('names in a held auction too the seats that were asked in vain', () => {
    const { result } = noBids({ failures: [{ seat: B, error: refused }] }).lost
    if (result === undefined) expect.fail('no result')
    const { failure, seats } = auctionTranscript(result, draft)
    expect(failure).to.equal(undefined)
    expect(seats.map(({ code, owner }) => [owner, code])).to.deep.equal([
      [SEAT, undefined],
      [B, 'SEAT_FEE_DUE'],
    ])
  })
})

describe('JobRun and auctions that gave nobody the job', () => {
  it('tells and stores the first one when the second one finds somebody', async () => {
    const world = new RunWorld({
      auctions: [noBids(), { providers: [A] }],
      scripts: [[A, SERVE]],
    })
    const { events, run } = await world.run()
    expect((await run.ended).state).to.equal('finalized')
    expect(wordsOf(events).slice(0, 4)).to.deep.equal([
      'posted',
      '(auction)',
      '(auction)',
      'matched',
    ])
    const records = (await run.settled).auctions
    expect(records).to.deep.equal(run.auctions)
    expect(records.map(({ attempt, failure }) => [attempt, failure?.code])).to.deep.equal([
      [0, 'NO_BIDS'],
      [1, undefined],
    ])
    // The auctioneer opened the first one itself.
    expect(world.auctioneer.opened).to.have.length(1)
  })

  it('stores it with a job that failed for it, under the reason of all providers', async () => {
    const error = lostAuction('NO_BIDS', '1 was invited. Declined: PRICE_ABOVE_CAP 1.', {
      reasons: ['PRICE_ABOVE_CAP 1'],
    })
    const world = new RunWorld({ auctions: [error] })
    const { run } = await world.run()
    await expectCode('PRICE_ABOVE_CAP', () => run.bound)
    const [stored] = world.stored
    expect(stored?.failure?.code).to.equal('PRICE_ABOVE_CAP')
    expect(stored?.auctions.map(({ failure }) => failure?.code)).to.deep.equal(['NO_BIDS'])
  })

  it('stores what seats acknowledged before the job went the direct lane', async () => {
    const world = new RunWorld({ auctions: [noMatch()], scripts: [[A, SERVE]], offers: [1] })
    const { events, run } = await world.run()
    expect((await run.ended).state).to.equal('finalized')
    expect(wordsOf(events).slice(0, 3)).to.deep.equal(['posted', '(auction)', '(lane)'])
    const { auctions, lane } = await run.settled
    expect(lane).to.equal('direct')
    expect(auctions.map(({ failure }) => failure?.code)).to.deep.equal(['SEATS_UNREACHABLE'])
  })
})
