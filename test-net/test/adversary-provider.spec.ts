import { expect } from 'chai'
import { account } from '../src/chain/accounts.ts'
import { ENDLESS, TestNet, ownerOf, stopNets } from './support/devnets.ts'
import { codeOf } from './support/code-of.ts'
import { FakeProvider } from './support/fake-provider.ts'
import { RawClient, addressOf } from './support/raw-client.ts'
import { RawPeer, stopPeers } from './support/raw-peer.ts'
import { until } from './support/until.ts'

describe('a client against providers that follow no rules', function () {
  this.timeout(120_000)
  let world: TestNet
  let fake: FakeProvider

  before(async () => {
    world = await TestNet.start()
    const address = addressOf(world.net.provider.child.lastReady?.['addresses'])
    fake = await FakeProvider.start(world, await realModel(address))
    // A client that found the honest one before searches again only after a while.
    await until('the client knows the cheap one', async () => {
      type Entries = { offer: { provider: string } }[]
      const offers = await world.net.client.ask<Entries>('offers', {}, 10_000)
      return offers.some(({ offer }) => offer.provider === fake.owner)
    })
  })
  after(async () => {
    await stopPeers()
    await stopNets()
  })

  /** What the real provider says of its model. */
  async function realModel(address: string): Promise<RawClient['quote']['model']> {
    const peer = await RawPeer.start(world.net.network)
    const { quote } = await RawClient.start(peer, account(1), address)
    await peer.stop()
    return quote.model
  }

  /** Runs a job of several steps that only the cheap one may serve, and gives its failure and what it was paid. */
  async function fate(
    act: FakeProvider['act'],
    timeoutMs = 60_000,
  ): Promise<{ code: string; vouchers: number }> {
    fake.act = act
    const count = fake.seen.length
    const exclude = [ownerOf(world.net.provider)]
    const code = await codeOf(world.job({ maxTokens: 200, sampling: ENDLESS, timeoutMs, exclude }))
    expect(fake.seen, 'the cheap one got the job').to.have.length(count + 1)
    return { code, vouchers: fake.last.vouchers.length }
  }

  it('goes on at the honest one when the cheap one breaks off in the middle of a step', async () => {
    fake.act = async (send) => {
      await send.tokens(10)
      send.frames.abort(new Error('gone'))
    }
    const job = await world.job({ maxTokens: 50, sampling: ENDLESS })
    const paid = job.winners.map(({ provider, segment }) => ({ provider, segment }))
    expect(paid).to.deep.equal([
      { provider: fake.owner, segment: 0 },
      { provider: ownerOf(world.net.provider), segment: 1 },
    ])
    expect(job.tokens).to.equal(50)
    expect(job.winners[0]?.paid, 'nothing is receipted, so nothing is paid').to.equal(0n)
  })

  it('pays one further step for a good receipt, so the rest of these tests can fail', async () => {
    const { code, vouchers } = await fate(async (send) => {
      await send.tokens(64)
      await send.receipt(0n)
      await until('the second voucher', () => fake.last.vouchers.length === 2)
      send.frames.abort(new Error('enough'))
    })
    expect({ code, vouchers }).to.deep.equal({ code: 'PROVIDER_LOST', vouchers: 2 })
  })

  it('pays nothing more to one that falls silent in the middle of a step, and the job ends by its deadline', async () => {
    const { code, vouchers } = await fate((send) => send.tokens(40), 2_000)
    expect({ code, vouchers }).to.deep.equal({ code: 'JOB_EXPIRED', vouchers: 1 })
    await until('it was told to stop', () => fake.last.cancels === 1)
  })

  it('pays nothing more to one that delivers a whole step and no receipt', async () => {
    const { code, vouchers } = await fate((send) => send.tokens(64), 2_000)
    expect({ code, vouchers }).to.deep.equal({ code: 'JOB_EXPIRED', vouchers: 1 })
  })

  it('stops at once when it gets more than it paid for', async () => {
    const { code, vouchers } = await fate(async (send) => {
      await send.tokens(64)
      await send.tokens(1)
    })
    expect({ code, vouchers }).to.deep.equal({ code: 'CHUNK_INVALID', vouchers: 1 })
  })

  it('stops at once when a receipt says one wei too much', async () => {
    const { code, vouchers } = await fate(async (send) => {
      await send.tokens(64)
      await send.receipt(1n)
    })
    expect({ code, vouchers }).to.deep.equal({ code: 'RECEIPT_INVALID', vouchers: 1 })
  })

  it('ends with PROVIDER_LOST when the stream breaks', async () => {
    const { code, vouchers } = await fate(async (send) => {
      await send.tokens(10)
      send.frames.abort(new Error('gone'))
    })
    expect({ code, vouchers }).to.deep.equal({ code: 'PROVIDER_LOST', vouchers: 1 })
  })

  it('takes the honest one when the cheap one is gone', async () => {
    await fake.stop()
    const job = await world.job()
    expect(job.winners[0]?.provider).to.equal(ownerOf(world.net.provider))
    expect(job.states.at(-1)?.state).to.equal('finalized')
  })
})
