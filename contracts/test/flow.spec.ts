import { expect } from 'chai'
import { zeroAddress } from 'viem'
import {
  LOCAL_DURATIONS,
  addStake,
  allotBySig,
  approve,
  depositWithPermit,
  finalizeJob,
  finalizeJobs,
  finishUnallot,
  getActiveProviders,
  mint,
  operatorOf,
  parseRedemption,
  providerOf,
  readAccount,
  readCapacity,
  readChannel,
  readEarned,
  readProvider,
  startUnallot,
  startUnstake,
  startWithdraw,
  startWithdrawEarned,
  tokenBalanceOf,
  unallot,
  withdraw,
  withdrawEarned,
  withdrawStake,
} from '../ts/index.ts'
import {
  DUCK,
  enrol,
  openChannel,
  signAllotment,
  signVoucher,
  startMesh,
  type Mesh,
} from './support/mesh.ts'

/** What 25 DUCK of vouchers leave to the provider, wei: a hundredth is burnt. */
const EARNED = (25n * DUCK * 99n) / 100n

/** The life of money, from mint to withdrawal, on a real chain. Each test goes on where the last one ended. */
describe('actions on a real chain', () => {
  let mesh: Mesh

  before(async () => {
    mesh = await startMesh()
  })

  after(() => mesh.anvil.stop())

  const marketBalance = (): Promise<bigint> =>
    tokenBalanceOf(mesh.chain, { addresses: mesh.addresses, holder: mesh.addresses.market })

  it('registers a provider that everybody can look up', async () => {
    const { chain, addresses, provider, operator } = mesh
    const unknown = await readProvider(chain, { addresses, provider: provider.address })
    expect(unknown).to.equal(undefined)
    await enrol(mesh)
    const found = await readProvider(chain, { addresses, provider: provider.address })
    expect(found).to.include({
      owner: provider.address,
      operator: operator.address,
      isActive: true,
    })
    expect(found?.stake).to.equal(2_000n * DUCK)
    const { address } = provider
    expect(await operatorOf(chain, { addresses, provider: address })).to.equal(operator.address)
    expect(await providerOf(chain, { addresses, operator: operator.address })).to.equal(address)
    expect(await operatorOf(chain, { addresses, provider: zeroAddress })).to.equal(undefined)
    expect(await providerOf(chain, { addresses, operator: address })).to.equal(undefined)
    const page = await getActiveProviders(chain, { addresses })
    expect(page).to.deep.equal({ providers: [address], next: undefined })
  })

  it('opens a channel by deposit and allotment', async () => {
    const { chain, addresses, payer, provider } = mesh
    await openChannel(mesh, payer, 100n * DUCK)
    const pair = { addresses, payer: payer.address, provider: provider.address }
    expect(await readCapacity(chain, pair)).to.equal(100n * DUCK)
    expect(await readAccount(chain, { addresses, payer: payer.address })).to.deep.equal({
      free: 0n,
      thawing: 0n,
      thawEnd: 0n,
    })
  })

  it('deposits with a permit and lets the provider submit a signed allotment', async () => {
    const { chain, addresses, deployer, payer, provider, done } = mesh
    const amount = 50n * DUCK
    await done(mint(deployer.client, { addresses, to: payer.address, amount }))
    const { timestamp } = await chain.getBlock()
    const deadline = timestamp + 600n
    await done(depositWithPermit(payer.client, { addresses, amount, deadline }))
    const allotment = {
      payer: payer.address,
      provider: provider.address,
      amount: 20n * DUCK,
      nonce: 1n,
      deadline,
    }
    const signature = await signAllotment(mesh, payer.account, allotment)
    await done(allotBySig(provider.client, { addresses, allotment, signature }))
    const channel = await readChannel(chain, { addresses, ...allotment })
    expect(channel).to.include({ allotted: 120n * DUCK, capacity: 120n * DUCK, redeemed: 0n })
    const account = await readAccount(chain, { addresses, payer: payer.address })
    expect(account.free).to.equal(30n * DUCK)
  })

  it('redeems vouchers that viem signed, alone and in a batch', async () => {
    const { chain, addresses, payer, provider, relayer, done } = mesh
    const voucher = {
      payer: payer.address,
      provider: provider.address,
      cumulative: 10n * DUCK,
      epoch: 0n,
    }
    const signature = await signVoucher(mesh, payer.account, voucher)
    const first = await done(finalizeJob(relayer.client, { addresses, voucher, signature }))
    expect(parseRedemption({ addresses, logs: first.logs })).to.deep.equal({
      paid: 10n * DUCK,
      burnt: DUCK / 10n,
      fees: 0n,
      vouchers: 1,
      skipped: [],
      skippedGroups: [],
    })
    const higher = { ...voucher, cumulative: 25n * DUCK }
    const vouchers = [
      { ...higher, signature: await signVoucher(mesh, payer.account, higher) },
      { ...voucher, signature },
    ]
    const batch = { addresses, provider: provider.address, vouchers }
    const second = await done(finalizeJobs(relayer.client, batch))
    expect(parseRedemption({ addresses, logs: second.logs })).to.deep.equal({
      paid: 15n * DUCK,
      burnt: (15n * DUCK) / 100n,
      fees: 0n,
      vouchers: 1,
      skipped: [
        {
          provider: provider.address,
          payer: payer.address,
          index: 1,
          reason: 'ALREADY_FINALIZED',
        },
      ],
      skippedGroups: [],
    })
    const earned = await readEarned(chain, { addresses, provider: provider.address })
    expect(earned).to.deep.equal({ total: EARNED, thawing: 0n, thawEnd: 0n })
  })

  it('pays earnings out after their thaw', async () => {
    const { chain, addresses, provider, done, pass } = mesh
    const amount = EARNED
    const receipt = await done(startWithdrawEarned(provider.client, { addresses, amount }))
    const { timestamp } = await chain.getBlock({ blockHash: receipt.blockHash })
    const earned = await readEarned(chain, { addresses, provider: provider.address })
    expect(earned.thawEnd).to.equal(timestamp + LOCAL_DURATIONS.earnedThaw)
    await pass(LOCAL_DURATIONS.earnedThaw)
    await done(withdrawEarned(provider.client, { addresses, to: provider.address }))
    const balance = await tokenBalanceOf(chain, { addresses, holder: provider.address })
    expect(balance).to.equal(amount)
    expect(await marketBalance()).to.equal(125n * DUCK)
  })

  it('gives a payer its money back after the thaws, or at once when the provider agrees', async () => {
    const { chain, addresses, payer, provider, done, pass } = mesh
    const release = { addresses, provider: provider.address, amount: 40n * DUCK }
    await done(startUnallot(payer.client, release))
    const pair = { addresses, payer: payer.address, provider: provider.address }
    expect(await readCapacity(chain, pair)).to.equal(55n * DUCK)
    await pass(LOCAL_DURATIONS.escrowThaw)
    await done(finishUnallot(payer.client, { addresses, provider: provider.address }))
    await done(unallot(provider.client, { addresses, payer: payer.address }))
    const { free } = await readAccount(chain, { addresses, payer: payer.address })
    expect(free).to.equal(125n * DUCK)
    await done(startWithdraw(payer.client, { addresses, amount: free }))
    await pass(LOCAL_DURATIONS.escrowThaw)
    await done(withdraw(payer.client, { addresses, to: payer.address }))
    expect(await tokenBalanceOf(chain, { addresses, holder: payer.address })).to.equal(free)
    expect(await marketBalance()).to.equal(0n)
  })

  it('gives a provider its stake back after unbonding', async () => {
    const { chain, addresses, provider, done, pass } = mesh
    const amount = EARNED
    await done(approve(provider.client, { addresses, spender: addresses.registry, amount }))
    await done(addStake(provider.client, { addresses, amount }))
    const stake = 2_000n * DUCK + EARNED
    await done(startUnstake(provider.client, { addresses, amount: stake }))
    const found = await readProvider(chain, { addresses, provider: provider.address })
    expect(found).to.include({ isActive: false, stake, thawing: stake })
    const page = await getActiveProviders(chain, { addresses, cursor: 0n, limit: 1 })
    expect(page.providers).to.deep.equal([])
    await pass(LOCAL_DURATIONS.unbonding)
    await done(withdrawStake(provider.client, { addresses, to: provider.address }))
    expect(await tokenBalanceOf(chain, { addresses, holder: provider.address })).to.equal(stake)
  })
})
