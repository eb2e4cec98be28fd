/** Redemptions through a relay on a local network: one transaction for all, and nothing lost when the relay is gone. */
import { expect } from 'chai'
import type { Hex } from 'viem'
import type { SettlementReport } from '../src/job/interface.ts'
import { RemoteError } from '../src/processes/remote-error.ts'
import { TestNet, stopNets, sumOf } from './support/devnets.ts'
import { until } from './support/until.ts'

/** One redemption as a provider tells it. */
interface Told {
  hash: Hex
  kind: string
  vouchers: number
  burnt: string
  relayFee?: string
}

describe('the first provider of a local network redeems for all', function () {
  this.timeout(180_000)
  let world: TestNet
  let start: Record<string, bigint>
  let settlement: SettlementReport

  before(async () => {
    world = await TestNet.start({ providers: 3 })
    start = await world.balances()
    await threeAgree()
    settlement = await world.settle()
  })
  after(stopNets)

  /** All three are paid. There is no backup: on a busy machine the job may fail and say that it may be sent again. */
  async function threeAgree(): Promise<void> {
    const agreed = async (): Promise<boolean> => {
      const job = await world.auction({ redundant: 3 })
      expect(job.agreed).to.equal(true)
      return true
    }
    await until('three providers answer', () =>
      agreed().catch((error: unknown) => {
        if (error instanceof RemoteError && error.retryable) return false
        throw error
      }),
    )
  }

  async function expectPaid(): Promise<void> {
    for (const provider of world.net.providers) {
      const { redeemed } = await world.channel(provider)
      expect(redeemed > 0n).to.equal(true)
      expect(redeemed, 'the chain paid the last voucher').to.equal(world.told(provider).cumulative)
      expect((await world.status(provider)).unredeemed).to.equal('0')
    }
    const now = await world.balances()
    expect(sumOf(start) - sumOf(now), 'nothing is lost but the burnt percent').to.equal(world.burnt)
  }

  it('sends the vouchers of all three in one transaction of its own account', async () => {
    const jobs = settlement.txs.filter(({ kind }) => kind === 'jobs')
    expect(jobs).to.have.length(1)
    expect(jobs[0]).to.include({ providers: 3, vouchers: 3 })
    const { addresses, publicClient } = world.net.funder
    const { from, to } = await publicClient.getTransaction({ hash: jobs[0]?.hash ?? '0x' })
    expect(from).to.equal(world.net.provider.operator.address.toLowerCase())
    expect(to).to.equal(addresses.market.toLowerCase())
    await expectPaid()
  })

  it('has nothing to send the second time', async () => {
    expect((await world.settle()).txs).to.deep.equal([])
  })

  it('may die: the others redeem alone, and it redeems its own when it is back', async () => {
    await threeAgree()
    const [relay, ...others] = world.net.providers
    if (relay === undefined) throw new TypeError('No relay.')
    await world.kill(relay)
    const told = await Promise.all(
      others.map(({ child }) => child.ask<Told[]>('redeem', {}, 90_000)),
    )
    const alone = told.flat().filter(({ kind }) => kind === 'jobs')
    expect(alone).to.have.length(2)
    expect(new Set(alone.map(({ hash }) => hash)).size).to.equal(2)
    for (const one of alone) expect(one).to.not.have.property('relayFee')
    world.burnt += told.flat().reduce((sum, { burnt }) => sum + BigInt(burnt), 0n)
    const failures = world.logs.filter(({ line }) => line.includes('redeem.relay_failed'))
    expect(new Set(failures.map(({ process }) => process)).size, 'both tried it first').to.equal(2)
    await world.net.restartProvider(relay)
    const { txs } = await world.settle()
    expect(txs.filter(({ kind }) => kind === 'jobs')).to.have.length(1)
    await expectPaid()
  })
})
