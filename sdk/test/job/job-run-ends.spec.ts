import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { expect } from 'chai'
import { expectCode } from '../support/expect-code.ts'
import { MATCH, SEAT } from '../support/fake-auctioneer.ts'
import { until } from '../support/fake-clock.ts'
import type { Script } from '../support/fake-places.ts'
import { address, bytes32 } from '../support/offers.ts'
import { RunWorld, signer, statesOf, wordsOf } from '../support/run-world.ts'

const [A, B, C, D] = [address(1), address(2), address(3), address(4)]
const SERVE: Script = { kind: 'serve', words: ['Quack ', 'quack'] }
const REFUSE: Script = { kind: 'refuse', code: 'PROVIDER_BUSY' }
const noBids = (details: { reasons?: string[] } = {}): DuckMeshError =>
  new DuckMeshError('NO_BIDS', 'Declined.', { details })

describe('JobRun, how jobs end', () => {
  describe('a redundant job', () => {
    const members = (...owners: Hex[]): [Hex, Script][] => owners.map((owner) => [owner, SERVE])

    it('shows the draw of its order, and the answer that all members gave', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A, B, C, D] }],
        scripts: members(A, B, C, D),
        draft: { mode: 0 },
      })
      const { events, run } = await world.run()
      const outcome = await run.ended
      expect(outcome).to.include({
        state: 'finalized',
        agreed: true,
        text: 'Quack quack',
        paid: 6n,
      })
      const [asked] = world.auctioneer.asked
      expect(asked?.draw).to.match(/^0x[0-9a-f]{64}$/)
      expect(asked?.auditHash).to.match(/^0x[0-9a-f]{64}$/)
      expect(asked?.auditHash).to.not.equal(asked?.draw)
      expect(asked?.order.order).to.include({ mode: 0, replicas: 3 })
      // Members work before they are paid, so acceptance binds; no text before all committed.
      const words = wordsOf(events)
      expect(words.indexOf('(text)')).to.be.above(words.lastIndexOf('(reveal)'))
      expect(world.auctioneer.opened[0]?.winners).to.deep.equal([A, B, C])
    })

    it('is disputed when the answers differ, and nobody is asked again', async () => {
      const other: Script = { kind: 'serve', words: ['Moo'] }
      const world = new RunWorld({
        auctions: [{ providers: [A, B, C] }],
        scripts: [...members(A, B), [C, other]],
        draft: { mode: 0 },
      })
      const { run } = await world.run()
      const outcome = await run.ended
      expect(outcome).to.include({ state: 'disputed', agreed: false, text: '' })
      expect(outcome.failure?.code).to.equal('RESULTS_DIFFER')
      expect(world.stored[0]).to.include({ state: 'disputed', agreed: false })
      expect(world.auctioneer.asked).to.have.length(1)
    })

    it('is auctioned a second time when too few bid, without the bans of the first', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A, B] }, { providers: [A, B, C] }],
        scripts: members(A, B, C),
        draft: { mode: 0 },
      })
      const { events, run } = await world.run()
      expect((await run.ended).state).to.equal('finalized')
      // Both auctions are told, stored and opened; the first one brought nobody anything.
      expect(wordsOf(events).filter((word) => word === '(auction)')).to.have.length(2)
      expect(world.stored[0]?.auctions.map(({ attempt }) => attempt)).to.deep.equal([0, 1])
      const opened = world.auctioneer.opened.map(({ paid, winners }) => ({ paid, winners }))
      expect(opened).to.deep.equal([
        { paid: 0n, winners: [] },
        { paid: 6n, winners: [A, B, C] },
      ])
      expect(world.places.awards.map(({ facts }) => facts.segment)).to.deep.equal([0, 1, 2])
    })

    it('ends with MEMBERS_MISSING and nothing paid when the second one has too few as well', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A, B] }, { providers: [A, B] }],
        scripts: members(A, B),
        draft: { mode: 0 },
      })
      const { run } = await world.run()
      const error = await expectCode('MEMBERS_MISSING', () => run.bound)
      expect(error.message).to.contain('2 providers bid, the job needs 3.')
      expect(world.places.awards).to.deep.equal([])
      expect(world.fees).to.deep.equal([])
      expect(world.stored[0]).to.include({ state: 'failed', paid: '0' })
      expect(world.stored[0]?.auctions).to.have.length(2)
      expect(world.auctioneer.opened).to.have.length(2)
    })
  })

  describe('cancelled', () => {
    it('while the seats are asked: nothing is awarded', async () => {
      const world = new RunWorld({ auctions: ['hang'] })
      const run = await world.start()
      await until(() => world.auctioneer.asked.length === 1)
      run.cancel()
      await expectCode('CANCELLED', () => run.bound)
      expect(statesOf(await run.ended)).to.deep.equal(['posted', 'cancelled'])
      expect((await run.settled).state).to.equal('cancelled')
    })

    it('before anything began', async () => {
      const world = new RunWorld({ auctions: ['hang'] })
      const run = await world.start()
      run.cancel()
      await expectCode('CANCELLED', () => run.bound)
    })

    it('while it waits for an award: the job ends, the bids are opened, no second match', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A, B] }],
        scripts: [[A, { kind: 'hang', words: [] }]],
      })
      const run = await world.start()
      await run.bound
      run.cancel()
      const outcome = await run.ended
      expect(outcome).to.include({ state: 'cancelled', paid: 0n })
      expect(outcome.failure?.code).to.equal('CANCELLED')
      await run.settled
      expect(world.auctioneer.opened[0]?.winners).to.deep.equal([A])
    })

    it('between the two matches', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A] }, 'hang'],
        scripts: [[A, REFUSE]],
      })
      const run = await world.start()
      await until(() => world.auctioneer.asked.length === 2)
      run.cancel()
      const outcome = await run.ended
      expect(outcome.state).to.equal('cancelled')
      expect(outcome.segments.map(({ provider }) => provider)).to.deep.equal([A])
    })

    it('after its end: nothing changes', async () => {
      const world = new RunWorld({ auctions: [{ providers: [A] }], scripts: [[A, SERVE]] })
      const { run } = await world.run()
      run.cancel()
      expect((await run.ended).state).to.equal('finalized')
    })
  })

  describe('bound', () => {
    const cases: [string, Script, number][] = [
      ['a voucher was signed', { kind: 'hang', words: [] }, 1],
      ['a member works', { kind: 'hang', words: [] }, 0],
    ]
    for (const [what, script, mode] of cases) {
      it(`resolves while the job runs, as soon as ${what}`, async () => {
        const world = new RunWorld({
          auctions: [{ providers: [A, B, C] }],
          scripts: [A, B, C].map((owner): [Hex, Script] => [owner, script]),
          draft: { mode: mode as 0 | 1 },
        })
        const run = await world.start()
        await run.bound
        run.cancel()
        expect((await run.ended).state).to.equal('cancelled')
      })
    }

    it('stays resolved when a job fails later: it is not the caller that sends it again', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A] }, noBids()],
        scripts: [[A, REFUSE]],
      })
      const { run } = await world.run()
      await run.bound
      expect((await run.ended).state).to.equal('failed')
    })
  })

  describe('when it is over', () => {
    it('opens the bids once, pays the seat one hundredth and stores how it was decided', async () => {
      const words = Array.from({ length: 101 }, () => 'q')
      const pass = {
        jobId: bytes32(0),
        attempt: 0,
        provider: D,
        code: 'PROVIDER_BUSY',
        detail: 'x',
      }
      const left = [{ provider: C, code: 'PRICE_ABOVE_CAP' as const, why: 'It asks 9 wei.' }]
      const world = new RunWorld({
        auctions: [{ providers: [A, B], left, passes: [pass] }],
        scripts: [[A, { kind: 'serve', words }]],
        draft: { maxTokens: 128 },
      })
      const { run } = await world.run()
      expect(world.fees).to.deep.equal([{ seat: SEAT, amount: 2n }])
      expect(world.auctioneer.opened).to.have.length(1)
      const transcript = await run.settled
      expect(world.stored).to.deep.equal([transcript])
      expect(transcript).to.deep.include({
        jobId: run.jobId,
        payer: signer.address,
        lane: 'auction',
        mode: 1,
        replicas: 1,
        maxPrice: `${10n ** 12n}`,
        state: 'finalized',
        paid: '101',
        agreed: null,
        fee: { seat: SEAT, amount: '2' },
        segments: [
          { segment: 0, provider: A, state: 'finalized', fromToken: 0, tokens: 101, paid: '101' },
        ],
      })
      const [auction] = transcript.auctions
      expect(auction).to.deep.include({
        attempt: 0,
        epoch: 7,
        turn: 3,
        // The first nibble of the model id.
        shard: 3,
        matchHash: MATCH,
        bidsRoot: bytes32(0xb1d5),
        auctionMs: 31,
        seats: [{ owner: SEAT, ackMs: 12, bids: 2, primary: true, invited: 2 }],
        passes: [{ provider: D, code: 'PROVIDER_BUSY', detail: 'x' }],
      })
      const bids = auction?.bids.map(({ code, place, provider, role }) => [
        provider,
        place ?? code,
        role,
      ])
      expect(bids).to.deep.equal([
        [A, 0, 'winner'],
        [B, 1, 'backup'],
        [C, 'PRICE_ABOVE_CAP', undefined],
      ])
      expect(auction?.bids[0]).to.include({
        priceIn: '250',
        priceOut: '1000',
        etaMs: 100,
        price: '68',
      })
    })

    it('names no fee that could not be signed', async () => {
      const refused = new DuckMeshError('BALANCE_INSUFFICIENT', 'The allotment is used up.')
      const world = new RunWorld({
        auctions: [{ providers: [A] }],
        scripts: [[A, SERVE]],
        over: { service: { pay: () => Promise.reject(refused) } },
      })
      const { run } = await world.run()
      expect(await run.settled).to.not.have.property('fee')
      expect(world.auctioneer.feeFailures).to.deep.equal([refused])
      expect((await run.ended).state).to.equal('finalized')
    })

    it('keeps the line of a place that was passed over as too dear', async () => {
      const world = new RunWorld({
        auctions: [{ providers: [A, B, C], prices: [10_000n, 1_000n, 1_000n] }],
        scripts: [A, B, C].map((owner): [Hex, Script] => [owner, SERVE]),
        draft: { maxPrice: 100n },
      })
      await world.run()
      expect(
        world.places.awards.map(({ facts, provider }) => [facts.segment, provider]),
      ).to.deep.equal([[1, B]])
      // Place 1 may have segment 1: the openings must not make it segment 0.
      expect(world.auctioneer.opened[0]?.winners).to.deep.equal([A, B])
    })

    it('stores a job that failed before any award, too', async () => {
      const world = new RunWorld({ auctions: [noBids({ reasons: ['NOT_SUPPORTED 1'] })] })
      const { run } = await world.run()
      await expectCode('NO_BIDS', () => run.bound)
      expect(world.stored).to.have.length(1)
      expect(world.stored[0]).to.deep.include({ state: 'failed', auctions: [], segments: [] })
      expect(world.stored[0]?.failure?.code).to.equal('NO_BIDS')
      expect(world.stored[0]?.endedMs).to.equal(world.clock.now())
    })

    it('ends also when the store fails', async () => {
      const logged: unknown[] = []
      const logger = { debug: () => 0, info: () => 0, warn: (event: string) => logged.push(event) }
      const world = new RunWorld({
        auctions: [{ providers: [A] }],
        scripts: [[A, SERVE]],
        over: {
          transcripts: { save: () => Promise.reject(new DuckMeshError('STORE_CORRUPT', 'No.')) },
          logger,
        },
      })
      const { run } = await world.run()
      expect((await run.settled).state).to.equal('finalized')
      expect(logged).to.deep.equal(['job.transcript_not_stored'])
    })
  })
})
