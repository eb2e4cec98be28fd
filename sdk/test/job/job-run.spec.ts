import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { ZERO_HASH } from '@duckmesh/protocols/dispatch'
import { expect } from 'chai'
import type { JobEvent, WholeOutcome } from '../../src/job/interface.ts'
import { expectCode } from '../support/expect-code.ts'
import { MATCH } from '../support/fake-auctioneer.ts'
import type { Script } from '../support/fake-places.ts'
import { address, bytes32 } from '../support/offers.ts'
import { RunWorld, newOffer, statesOf, unreachable, wordsOf } from '../support/run-world.ts'

const [A, B, C, D] = [address(1), address(2), address(3), address(4)]
const SERVE: Script = { kind: 'serve', words: ['Quack ', 'quack'] }
const REFUSE: Script = { kind: 'refuse', code: 'PROVIDER_BUSY' }
const noBids = (details: { reasons?: string[] } = {}): DuckMeshError =>
  new DuckMeshError('NO_BIDS', 'Declined.', { details })

describe('JobRun', () => {
  describe('on the auction lane', () => {
    it('matches, awards the winner, and tells it all in order', async () => {
      const world = new RunWorld({ auctions: [{ providers: [A, B] }], scripts: [[A, SERVE]] })
      const { events, run } = await world.run()
      await run.bound
      const outcome = await run.ended
      expect(outcome).to.include({ state: 'finalized', text: 'Quack quack', paid: 2n })
      const path = ['posted', 'matched', 'awarded', 'accepted', 'running', 'finalized']
      expect(statesOf(outcome)).to.deep.equal(path)
      expect(wordsOf(events).filter((word) => word !== '(state)')).to.deep.equal([
        'posted',
        '(auction)',
        'matched',
        '(award)',
        '(voucher)',
        'awarded',
        'accepted',
        'running',
        '(text)',
        '(text)',
        '(receipt)',
        '(segmentEnd)',
        'finalized',
      ])
      expect(run.lane).to.equal('auction')
      expect(run.auctions).to.have.length(1)
    })

    it('asks with the signed order and awards with the proof, at the prices of the bid', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A] }],
        scripts: [[A, SERVE]],
        draft: { exclude: [D] },
      })
      const { run } = await world.run()
      const [asked] = world.auctioneer.asked
      expect(asked).to.deep.include({ attempt: 0, inBucket: 16, maxTokens: 64, excluded: [D] })
      // The secrets of the draw stay here, and a job of one provider has no draw.
      expect(asked).to.not.have.any.keys('draw', 'auditHash', 'secrets')
      expect(asked?.order).to.not.have.any.keys('secrets')
      const [award] = world.places.awards
      expect(award?.frame.award.award).to.include({
        jobId: run.jobId,
        segment: 0,
        provider: A,
        matchHash: MATCH,
        bidHash: bytes32(0xb000),
      })
      expect(award?.frame).to.include({ priceIn: 250n, priceOut: 1_000n })
      expect(award?.frame.auction?.excluded).to.deep.equal([D])
    })

    it('goes on with a backup where the winner broke, and pays each for its part', async () => {
      const lost: Script = { kind: 'refuse', code: 'PROVIDER_LOST' }
      const world = new RunWorld({
        auctions: [{ providers: [A, B] }],
        scripts: [
          [A, lost],
          [B, SERVE],
        ],
      })
      const { run } = await world.run()
      const { segments, state } = await run.ended
      expect(state).to.equal('finalized')
      expect(segments.map(({ provider, state: how }) => [provider, how])).to.deep.equal([
        [A, 'failed'],
        [B, 'finalized'],
      ])
      expect(world.auctioneer.opened[0]?.winners).to.deep.equal([A, B])
      expect(world.bans.list()).to.deep.equal([A])
    })

    it('moves on to the next place when no voucher can be signed for one', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A, B] }],
        scripts: [
          [A, { kind: 'unfunded' }],
          [B, SERVE],
        ],
      })
      const { run } = await world.run()
      const { segments, state } = await run.ended
      expect(state).to.equal('finalized')
      expect(segments[0]?.failure?.code).to.equal('BALANCE_INSUFFICIENT')
      // That the channel is empty is not the provider's fault.
      expect(world.bans.list()).to.deep.equal([])
    })

    it('fails with what the providers said, not with the second auction that found nobody', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A] }, noBids()],
        scripts: [[A, { kind: 'unfunded' }]],
      })
      const { run } = await world.run()
      const error = await expectCode('BALANCE_INSUFFICIENT', () => run.bound)
      expect(error.details['paid']).to.equal(0n)
      // What to do is said once.
      expect(error.message.split(error.todo)).to.have.length(2)
      expect(await run.ended).to.deep.include({ state: 'failed', paid: 0n, inDoubt: 0n })
    })
  })

  describe('a second match', () => {
    it('leaves out who failed, uses new segments and the rest of the money, and happens once', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A, B] }, { providers: [C, D] }],
        scripts: [
          [A, REFUSE],
          [B, { kind: 'unreachable', code: 'NO_PEERS' }],
          [C, REFUSE],
          [D, REFUSE],
        ],
      })
      const { events, run } = await world.run()
      expect((await run.ended).failure?.code).to.equal('PROVIDER_BUSY')
      const { asked, opened } = world.auctioneer
      expect(asked.map(({ attempt, excluded }) => [attempt, excluded])).to.deep.equal([
        [0, []],
        [1, [A, B]],
      ])
      const segments = world.places.awards.map(({ facts, provider }) => [facts.segment, provider])
      expect(segments).to.deep.equal([
        [0, A],
        [2, C],
        [3, D],
      ])
      expect(opened.map(({ winners }) => winners)).to.deep.equal([
        [A, B],
        [C, D],
      ])
      const outcome = await run.ended
      expect(outcome.segments.map(({ segment }) => segment)).to.deep.equal([0, 1, 2, 3])
      // One end, not one for each attempt.
      const path = ['posted', 'matched', 'awarded', 'matched', 'awarded', 'failed']
      expect(statesOf(outcome)).to.deep.equal(path)
      expect(wordsOf(events).filter((word) => word === 'failed')).to.have.length(1)
    })

    it('has only the money that the first one left', async () => {
      const owners = [A, B, C].map((_, n) => address(0x10 + n))
      const outcomeWith = async (paid: bigint): Promise<WholeOutcome> => {
        const world = new RunWorld({
          auctions: [{ providers: [A, B, C] }, { providers: owners }],
          scripts: [
            ...[A, B, C].map((owner): [Hex, Script] => [owner, { kind: 'break', paid }]),
            ...owners.map((owner): [Hex, Script] => [owner, SERVE]),
          ],
          // Three first steps are 68 + 69 + 69 wei.
          draft: { mode: 0, maxPrice: 215n },
        })
        const { run } = await world.run()
        return run.ended
      }
      const rich = await outcomeWith(1n)
      expect(rich).to.include({ state: 'finalized', paid: 3n + 6n })
      const poor = await outcomeWith(7n)
      expect(poor.state).to.equal('failed')
      expect(poor.failure?.code).to.equal('BUDGET')
    })

    it('does not happen after the first token', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A] }],
        scripts: [[A, { kind: 'hang', words: ['Quack'] }]],
      })
      const run = await world.start()
      await run.bound
      run.cancel()
      expect(await run.ended).to.include({ state: 'cancelled', text: 'Quack' })
      expect(world.auctioneer.asked).to.have.length(1)
    })

    it('does not happen after the deadline', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A, B] }],
        scripts: [
          [A, REFUSE],
          [B, REFUSE],
        ],
        draft: { deadline: 1 },
      })
      const { run } = await world.run()
      await expectCode('JOB_EXPIRED', () => run.bound)
      expect(world.auctioneer.asked).to.have.length(1)
    })
  })

  describe('bans', () => {
    const banned = (world: RunWorld, provider: Hex): void => {
      const failure = { code: 'PROVIDER_STALLED' as const, detail: 'Nothing came.' }
      const outcome = { provider, state: 'failed' as const, failure }
      world.bans.learn({ type: 'segmentEnd', outcome, atMs: 0 } as unknown as JobEvent as never)
    }

    it('leave a provider out of the first auction, and not of the second one when nobody bid', async () => {
      const world = new RunWorld({
        auctions: [noBids(), { providers: [A] }],
        scripts: [[A, SERVE]],
      })
      banned(world, A)
      const { run } = await world.run()
      expect((await run.ended).state).to.equal('finalized')
      expect(world.auctioneer.asked.map(({ excluded }) => excluded)).to.deep.equal([[A], []])
      expect(world.bans.list()).to.deep.equal([])
    })

    it('are no reason for a second auction when there are none and everybody declined', async () => {
      const world = new RunWorld({ auctions: [noBids({ reasons: ['NOT_SUPPORTED 1'] })] })
      const { run } = await world.run()
      await expectCode('NO_BIDS', () => run.bound)
    })

    it('or not, a second auction is held once when nobody answered in the window', async () => {
      const world = new RunWorld({ auctions: [noBids(), noBids()] })
      const { run } = await world.run()
      await expectCode('NO_BIDS', () => run.bound)
      expect(world.auctioneer.asked).to.have.length(2)
    })

    it('come after whom the caller excludes, up to the limit of a proof', async () => {
      const exclude = Array.from({ length: 40 }, (_, n) => address(0x100 + n))
      const world = new RunWorld({
        auctions: [{ providers: [A] }],
        scripts: [[A, SERVE]],
        draft: { exclude },
      })
      for (let n = 0; n < 40; n += 1) banned(world, address(0x200 + n))
      await world.run()
      const excluded = world.auctioneer.asked[0]?.excluded ?? []
      expect(excluded).to.have.length(64)
      expect(excluded.slice(0, 40)).to.deep.equal(exclude)
    })
  })

  describe('the direct lane', () => {
    it('is taken when no seat answers, and says why', async () => {
      const world = new RunWorld({
        auctions: [unreachable()],
        offers: [1, 2],
        scripts: [
          [A, REFUSE],
          [B, SERVE],
        ],
      })
      const { events, run } = await world.run()
      expect((await run.ended).state).to.equal('finalized')
      expect(run.lane).to.equal('direct')
      const lane = events.find((event) => event.type === 'lane')
      expect(lane).to.include({ type: 'lane', lane: 'direct' })
      expect(lane).to.have.property('why').that.contains('No seat made a match.')
      expect(world.places.awards.map(({ frame }) => frame.award.award.matchHash)).to.deep.equal([
        ZERO_HASH,
        ZERO_HASH,
      ])
      const [transcript] = world.stored
      expect(transcript).to.include({ lane: 'direct', state: 'finalized' })
      expect(transcript?.fallback).to.contain('No seat made a match.')
      expect(transcript?.auctions).to.deep.equal([])
      expect(world.auctioneer.opened).to.deep.equal([])
    })

    it('is taken at once when it is asked for, and fails with its only provider', async () => {
      const world = new RunWorld({
        offers: [1],
        scripts: [[A, REFUSE]],
        draft: { lane: 'direct' },
      })
      const { run } = await world.run()
      expect((await run.ended).failure?.code).to.equal('PROVIDER_BUSY')
      expect(world.auctioneer.asked).to.deep.equal([])
      expect(world.stored[0]).to.not.have.property('fallback')
    })

    it('asks others when all places failed with nothing delivered', async () => {
      const owners = [1, 2, 3, 4, 5, 6].map(address)
      const world = new RunWorld({
        offers: [1, 2, 3, 4, 5, 6],
        scripts: owners.map((owner, n): [Hex, Script] => [owner, n < 5 ? REFUSE : SERVE]),
        draft: { lane: 'direct' },
      })
      const { run } = await world.run()
      expect((await run.ended).state).to.equal('finalized')
      const asked = world.places.awards.map(({ provider }) => provider)
      expect(asked).to.deep.equal(owners)
      const segments = world.places.awards.map(({ facts }) => facts.segment)
      expect(segments).to.deep.equal([0, 1, 2, 3, 4, 5])
    })

    it('asks a provider for a new offer when it restarted and no longer keeps the old one', async () => {
      const script: Script = { kind: 'restarted', offer: newOffer(1), words: ['Quack'] }
      const world = new RunWorld({ offers: [1], scripts: [[A, script]], draft: { lane: 'direct' } })
      const { run } = await world.run()
      const { segments, state } = await run.ended
      expect(state).to.equal('finalized')
      expect(segments.map(({ failure }) => failure?.code)).to.deep.equal([
        'PRICE_MISMATCH',
        undefined,
      ])
      const offers = world.places.awards.map(({ frame }) => frame.award.award.bidHash)
      expect(offers).to.deep.equal([bytes32(1), newOffer(1)])
      expect(world.bans.list()).to.deep.equal([])
    })

    it('asks for a new offer once', async () => {
      const script: Script = { kind: 'refuse', code: 'PRICE_MISMATCH' }
      const world = new RunWorld({ offers: [1], scripts: [[A, script]], draft: { lane: 'direct' } })
      const { run } = await world.run()
      expect((await run.ended).failure?.code).to.equal('PRICE_MISMATCH')
      expect(world.places.awards).to.have.length(2)
    })

    it('asks those who failed a moment ago last, and those who failed this job not at all', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [B] }, unreachable()],
        offers: [1, 2, 3],
        scripts: [
          [A, REFUSE],
          [B, { kind: 'unreachable', code: 'PROVIDER_LOST' }],
          [C, REFUSE],
        ],
      })
      const failure = { code: 'PROVIDER_LOST' as const, detail: 'Gone.' }
      const outcome = { provider: A, state: 'failed' as const, failure }
      world.bans.learn({ type: 'segmentEnd', outcome, atMs: 0 } as never)
      const { run } = await world.run()
      expect((await run.ended).state).to.equal('failed')
      expect(
        world.places.awards.map(({ facts, provider }) => [facts.segment, provider]),
      ).to.deep.equal([
        [1, C],
        [2, A],
      ])
    })

    it('tells what the caller can act on when nobody can take it', async () => {
      const world = new RunWorld({ offers: [1], draft: { lane: 'direct', maxPrice: 1n } })
      const { run } = await world.run()
      const error = await expectCode('PRICE_ABOVE_CAP', () => run.bound)
      expect(error.details['reasons']).to.have.length(1)
      expect(world.stored[0]?.failure?.code).to.equal('PRICE_ABOVE_CAP')
    })

    it('is not for redundant jobs: their members are drawn from bids', async () => {
      const world = new RunWorld({
        auctions: [unreachable()],
        offers: [1, 2, 3],
        draft: { mode: 0 },
      })
      const { run } = await world.run()
      await expectCode('SEATS_UNREACHABLE', () => run.bound)
      expect(world.places.awards).to.deep.equal([])
    })
  })

  it('rejects when the order cannot be signed or has no nonce', async () => {
    const failure = new DuckMeshError('STORE_CORRUPT', 'No.')
    const nonces = { nextNonce: () => Promise.reject(failure) }
    await expectCode('STORE_CORRUPT', () => new RunWorld({ over: { nonces } }).start())
  })

  it('tells a defect as INTERNAL and stores it', async () => {
    const world = new RunWorld({ auctions: [new Error('a defect')] })
    const { run } = await world.run()
    await expectCode('INTERNAL', () => run.bound)
    expect(world.stored[0]?.failure?.code).to.equal('INTERNAL')
  })
})
