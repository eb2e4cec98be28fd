import { expect } from 'chai'
import { privateKeyToAccount } from 'viem/accounts'
import { createLightClient } from '../src/create-light-client.ts'
import type { JobEvent } from '../src/job/interface.ts'
import type { LightClient } from '../src/light-client.ts'
import { expectCode } from './support/expect-code.ts'
import { until } from './support/fake-clock.ts'
import { FakeRpc } from './support/fake-rpc.ts'
import { bytes32 } from './support/offers.ts'
import { OWNER, startProvider } from './support/provider.ts'
import type { TestProvider } from './support/provider.ts'

const account = privateKeyToAccount(bytes32(0xc1))
const PAYER = account.address.toLowerCase() as `0x${string}`
const ASK = { model: 'duckling', messages: [{ role: 'user', content: 'Hello' }] }
const NOTHING = { allotted: 0n, redeemed: 0n, thawing: 0n }

/** A client, a seed, and a provider that holds every seat: each with a host of its own on loopback. */
describe('an auctioned job', () => {
  let rpc: FakeRpc
  let provider: TestProvider
  let client: LightClient
  beforeEach(async () => {
    rpc = await FakeRpc.start()
    rpc.channels.set(`${PAYER}:${OWNER}`, { ...NOTHING, allotted: 10n ** 18n })
    rpc.services.set(PAYER, { ...NOTHING, allotted: 10n ** 18n, redeemedBy: 0n })
    provider = await startProvider(rpc, { hasSeat: true })
    const network = rpc.network({ seeds: [provider.seed] })
    client = await createLightClient({ network, account })
  })
  afterEach(async () => {
    await client.stop()
    await provider.stop()
    await rpc.stop()
  })

  it('is matched by the seat, checked by the winner, paid, and opened with the fee', async () => {
    const job = await client.submit({ ...ASK, maxTokens: 8 })
    const events: JobEvent[] = []
    for await (const event of job) events.push(event)
    const result = await job.result()
    expect(result).to.include({ lane: 'auction', text: 'Quack quack.', paid: 4_250n })
    expect(result.states.map(({ state }) => state)).to.deep.equal([
      'posted',
      'matched',
      'awarded',
      'accepted',
      'running',
      'completed',
      'finalized',
    ])
    expect(provider.seat?.matches).to.deep.equal([{ bids: 1, passes: 0 }])
    const transcript = await job.settled
    expect(transcript.fee).to.deep.equal({ seat: OWNER, amount: '43' })
    // One hundredth of 4 250 wei, rounded up, has come to the seat.
    await until(() => provider.seat?.fees.get(PAYER) === 43n)
    const [auction] = transcript.auctions
    expect(auction?.seats).to.have.length(1)
    expect(auction?.seats[0]).to.include({ owner: OWNER, bids: 1, primary: true })
    const [bid] = auction?.bids ?? []
    expect(bid).to.include({ provider: OWNER, place: 0, role: 'winner', priceOut: '1000000' })
    expect(await client.transcript(job.jobId)).to.deep.equal(transcript)
    expect(events.find(({ type }) => type === 'auction')).to.deep.equal({
      type: 'auction',
      auction,
    })
  })

  it('runs as a redundant job with as many members as bid', async () => {
    const job = await client.submit({
      ...ASK,
      maxTokens: 8,
      verification: 'redundant',
      replicas: 1,
    })
    const result = await job.result()
    expect(result).to.include({ text: 'Quack quack.', agreed: true, mode: 0, paid: 4_250n })
  })

  it('ends with MEMBERS_MISSING when fewer bid than the job needs, and nothing is paid', async () => {
    const asking = client.submit({ ...ASK, maxTokens: 8, verification: 'redundant' })
    const error = await expectCode('MEMBERS_MISSING', () => asking)
    expect(error.message).to.contain('1 providers bid, the job needs 3')
    expect(provider.engine.specs).to.deep.equal([])
    expect(provider.seat?.matches).to.have.length(2)
    const held = await provider.channels.standing(PAYER)
    expect(held.due).to.equal(0n)
  })

  it('fails with what the caller can do about it when every provider asks more than the cap', async () => {
    const asking = client.submit({ ...ASK, maxTokens: 8, maxPrice: 1n })
    const error = await expectCode('PRICE_ABOVE_CAP', () => asking)
    expect(error.details['maxPrice']).to.equal(1n)
    expect(error.details['reasons']).to.have.length(1)
    expect(provider.seat?.matches).to.deep.equal([{ bids: 0, passes: 1 }])
  })

  it('fails with BALANCE_INSUFFICIENT when the channel to the only bidder is empty', async () => {
    rpc.channels.clear()
    const error = await expectCode('BALANCE_INSUFFICIENT', () => client.submit(ASK))
    expect(error.details['paid']).to.equal(0n)
    expect(provider.engine.specs).to.deep.equal([])
  })

  it('takes jobs at the same time over one stream to the seat', async () => {
    const jobs = await Promise.all([1, 2].map(() => client.submit({ ...ASK, maxTokens: 8 })))
    const results = await Promise.all(jobs.map((job) => job.result()))
    expect(results.map(({ lane, paid }) => [lane, paid])).to.deep.equal([
      ['auction', 4_250n],
      ['auction', 4_250n],
    ])
    await Promise.all(jobs.map((job) => job.settled))
    await until(() => provider.seat?.fees.get(PAYER) === 86n)
    expect(provider.jobStreams()).to.equal(1)
  })

  it('stops with the openings sent: what was delivered is paid, also to the seat', async () => {
    provider.engine.gate = (said) => (said === 0 ? undefined : new Promise(() => undefined))
    const job = await client.submit(ASK)
    for await (const event of job) if (event.type === 'text') break
    await client.stop()
    const transcript = await job.settled
    expect(transcript).to.include({ state: 'cancelled', paid: '2250' })
    expect(transcript.fee).to.deep.equal({ seat: OWNER, amount: '23' })
    await until(() => provider.seat?.fees.get(PAYER) === 23n)
  })
})
