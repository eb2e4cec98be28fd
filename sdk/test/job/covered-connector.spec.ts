import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { expect } from 'chai'
import { expectCode } from '../support/expect-code.ts'
import { lostAuction } from '../support/fake-auctioneer.ts'
import type { Script } from '../support/fake-places.ts'
import { address } from '../support/offers.ts'
import { RunWorld } from '../support/run-world.ts'

const [A, B, C] = [address(1), address(2), address(3)]
const SERVE: Script = { kind: 'serve', words: ['Quack ', 'quack'] }
const ALL = [A, B, C].map((owner): [Hex, Script] => [owner, SERVE])

/** A job whose bidders say that they need an allotment; only the channels to `covered` have something on them. */
function world(uncovered: Hex[], covered: Hex[] = [], mode: 0 | 1 = 1) {
  const asked: [Hex, bigint][] = []
  const mayCover = (provider: Hex, amount: bigint): Promise<boolean> => {
    asked.push([provider, amount])
    return Promise.resolve(covered.includes(provider))
  }
  const run = new RunWorld({
    auctions: [{ providers: [A, B, C], uncovered }, lostAuction('NO_BIDS', 'All are out.')],
    scripts: ALL,
    draft: { mode },
    over: { channels: { mayCover } },
  })
  return { asked, world: run }
}

describe('bids that need an allotment', () => {
  it('keep their place, and are passed over without a dial when the channel cannot pay a token', async () => {
    const { asked, world: jobs } = world([A])
    const { run } = await jobs.run()
    expect(await run.ended).to.include({ state: 'finalized', text: 'Quack quack' })
    // 250 wei a 1 000 tokens for a bucket of 16, 1 000 for one token of the answer.
    expect(asked).to.deep.equal([[A, 5n]])
    expect(
      jobs.places.awards.map(({ facts, provider }) => [facts.segment, provider]),
    ).to.deep.equal([[1, B]])
    const [passed, served] = (await run.settled).segments
    expect(passed).to.include({ segment: 0, provider: A, state: 'failed', tokens: 0, paid: '0' })
    expect(passed?.failure?.code).to.equal('BALANCE_INSUFFICIENT')
    expect(passed?.failure?.detail).to.contain('needs an allotment')
    expect(served).to.include({ segment: 1, provider: B, state: 'finalized' })
    // The choice stays as everybody computes it, and the openings name both lines.
    const [auction] = run.auctions
    expect(auction?.bids.map(({ place, provider }) => [place, provider])).to.deep.equal([
      [0, A],
      [1, B],
      [2, C],
    ])
    expect(auction?.bids[0]?.why).to.contain('more than its channel covers')
    expect(auction?.bids[1]?.why).to.not.contain('covers')
    expect(jobs.auctioneer.opened[0]?.winners).to.deep.equal([A, B])
    // That nothing is allotted is not the provider's fault.
    expect(jobs.bans.list()).to.deep.equal([])
  })

  it('are awarded when the channel covers a part of the job', async () => {
    const { asked, world: jobs } = world([A], [A])
    const { run } = await jobs.run()
    expect((await run.ended).segments.map(({ provider }) => provider)).to.deep.equal([A])
    expect(asked).to.have.length(1)
  })

  it('let no member work in vain', async () => {
    const { world: jobs } = world([B], [], 0)
    const { run } = await jobs.run()
    expect((await run.ended).state).to.equal('failed')
    expect(jobs.places.awards.map(({ provider }) => provider)).to.not.include(B)
  })

  it('fail the job with BALANCE_INSUFFICIENT when no channel has anything on it', async () => {
    const { world: jobs } = world([A, B, C])
    const { run } = await jobs.run()
    await expectCode('BALANCE_INSUFFICIENT', () => run.bound)
    expect(jobs.places.awards).to.deep.equal([])
  })

  it('are not judged without a view of the chain', async () => {
    const lost = new DuckMeshError('CHAIN_UNREACHABLE', 'No view.')
    const jobs = new RunWorld({
      auctions: [{ providers: [A, B], uncovered: [A] }],
      scripts: ALL,
      over: { channels: { mayCover: () => Promise.reject(lost) } },
    })
    const { run } = await jobs.run()
    const { segments } = await run.ended
    expect(segments.map(({ failure }) => failure?.code)).to.deep.equal([
      'CHAIN_UNREACHABLE',
      undefined,
    ])
  })
})
