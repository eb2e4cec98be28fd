import { randomBytes } from 'node:crypto'
import { mint, startUnallot, startUnstake, waitForSuccess } from '@duckmesh/contracts'
import { expect } from 'chai'
import { createTestClient, hashTypedData, http, recoverMessageAddress } from 'viem'
import { getTransactionCount } from 'viem/actions'
import { ChainSettlement } from '../../src/chain/chain-settlement.ts'
import { ChainStakeView } from '../../src/chain/chain-stake-view.ts'
import { ChainView } from '../../src/chain/chain-view.ts'
import { checkChain, checkOperator } from '../../src/chain/check-chain.ts'
import { CHANNEL_TTL_MS, STALE_MS } from '../../src/chain/constants.ts'
import { createReadClient } from '../../src/chain/create-clients.ts'
import { signerAccount } from '../../src/chain/signer-account.ts'
import { TransactionSender } from '../../src/chain/transaction-sender.ts'
import { ManualClock } from '../manual-clock.ts'
import { rejection } from '../reject.ts'
import { DUCK, partyOf, silent, startLocalChain, voucherOf } from './local-chain.ts'
import type { LocalChain, Party } from './local-chain.ts'

/** Nobody listens on this port of loopback. */
const DEAD_RPC = 'http://127.0.0.1:1'

/** Each test goes on where the last one ended: one chain for all. */
describe('chain', function () {
  this.timeout(60_000)
  let chain: LocalChain
  let clock: ManualClock
  let view: ChainView
  let settlement: ChainSettlement
  let sender: TransactionSender
  let stakes: ChainStakeView

  before(async () => {
    chain = await startLocalChain()
    const { addresses, read, operator } = chain
    clock = new ManualClock(1_000_000)
    view = new ChainView({ clock, logger: silent, clients: [read] })
    sender = new TransactionSender({ read, write: operator.client })
    const components = { addresses, clock, logger: silent, read, view }
    settlement = new ChainSettlement({ ...components, sender })
    stakes = new ChainStakeView(components)
  })

  after(async () => {
    view.stop()
    await chain.stop()
  })

  const channelOf = (party: Party): ReturnType<ChainSettlement['channel']> =>
    settlement.channel(party.signer.address, chain.provider.signer.address)
  const mined = async (hash: Promise<`0x${string}`>): Promise<unknown> =>
    waitForSuccess(chain.read, { hash: await hash })

  it('checks chain id, contracts and operator', async () => {
    const { read, addresses, provider, operator, payer, network } = chain
    const owner = provider.signer.address
    await checkChain(read, { chainId: 31_337, addresses })
    await checkOperator(read, addresses, { provider: owner, operator: operator.signer.address })

    const otherId = await rejection(checkChain(read, { chainId: 1, addresses }))
    expect([otherId.code, otherId.details['chainId']]).to.deep.equal(['WRONG_CHAIN', 31_337])
    const moved = { ...addresses, market: payer.signer.address }
    const noCode = await rejection(checkChain(read, { chainId: 31_337, addresses: moved }))
    expect([noCode.code, noCode.details['contract']]).to.deep.equal(['WRONG_CHAIN', 'market'])
    const dead = createReadClient({ ...network, rpc: DEAD_RPC })
    const silence = await rejection(checkChain(dead, { chainId: 31_337, addresses }))
    expect(silence.code).to.equal('CHAIN_UNREACHABLE')

    for (const pair of [
      { provider: owner, operator: owner },
      { provider: payer.signer.address, operator: operator.signer.address },
    ]) {
      const error = await rejection(checkOperator(read, addresses, pair))
      expect(error.code).to.equal('INVALID_PROVIDER')
    }
  })

  it('reads a channel once within its time, and anew after it', async () => {
    const empty = await channelOf(chain.payer)
    expect(empty).to.include({ allotted: 0n, redeemed: 0n, thawing: 0n, thawEnd: 0n, capacity: 0n })
    await chain.fund(chain.payer, 10n * DUCK)
    clock.advance(CHANNEL_TTL_MS - 1)
    expect((await channelOf(chain.payer)).allotted).to.equal(0n)
    clock.advance(1)
    expect((await channelOf(chain.payer)).allotted).to.equal(10n * DUCK)
  })

  it('shows what the payer takes back', async () => {
    const { addresses, provider, payer } = chain
    const amount = 4n * DUCK
    await mined(
      startUnallot(payer.client, { addresses, provider: provider.signer.address, amount }),
    )
    clock.advance(CHANNEL_TTL_MS)
    const channel = await channelOf(payer)
    expect(channel).to.include({ allotted: 10n * DUCK, thawing: amount, capacity: 6n * DUCK })
    expect(channel.thawEnd > 0n).to.equal(true)
  })

  it('redeems, says what was skipped, and reads the channel anew afterwards', async () => {
    const good = voucherOf(chain, chain.payer, 3n * DUCK)
    const poor = partyOf(chain.network, randomBytes(32).toString('hex'))
    const uncovered = voucherOf(chain, poor, DUCK)
    await channelOf(chain.payer)
    const owner = chain.provider.signer.address
    const [redemption, ...more] = await settlement.redeem(owner, [good, uncovered])
    expect(more).to.deep.equal([])
    expect(redemption).to.include({ vouchers: 2 })
    expect(redemption?.skipped).to.deep.equal([poor.signer.address])
    expect(redemption?.hash).to.match(/^0x[0-9a-f]{64}$/)
    expect(Number(redemption?.gasUsed)).to.be.greaterThan(21_000)
    expect((await channelOf(chain.payer)).redeemed).to.equal(3n * DUCK)
    expect(await settlement.redeem(owner, [])).to.deep.equal([])
  })

  it('sends 257 vouchers in two transactions', async () => {
    const vouchers = Array.from({ length: 257 }, () =>
      voucherOf(chain, partyOf(chain.network, randomBytes(32).toString('hex')), DUCK),
    )
    const redemptions = await settlement.redeem(chain.provider.signer.address, vouchers)
    expect(redemptions.map((one) => one.vouchers)).to.deep.equal([256, 1])
    expect(redemptions.flatMap((one) => one.skipped)).to.have.length(257)
    expect(new Set(redemptions.map((one) => one.hash)).size).to.equal(2)
  })

  it('keeps what was redeemed when a later batch fails, and rejects when the first fails', async () => {
    const good = voucherOf(chain, chain.payer, 4n * DUCK)
    const filler = Array.from({ length: 255 }, () => voucherOf(chain, chain.payer, 1n))
    const broken = { ...good, signature: '0x1234' as const }
    const owner = chain.provider.signer.address
    const redemptions = await settlement.redeem(owner, [good, ...filler, broken])
    expect(redemptions.map((one) => one.vouchers)).to.deep.equal([256])
    expect((await channelOf(chain.payer)).redeemed).to.equal(4n * DUCK)
    const error = await rejection(settlement.redeem(owner, [broken]))
    expect(error.code).to.equal('CHAIN_REVERTED')
    expect(error.details['error']).to.equal('SIGNATURE_INVALID')
  })

  it('sends concurrent transactions of one account one after another', async () => {
    const { addresses, deployer, payer, read } = chain
    const minting = new TransactionSender({ read, write: deployer.client })
    const address = deployer.signer.address
    const before = await getTransactionCount(read, { address })
    const receipts = await Promise.all(
      [1n, 2n, 3n].map((amount) =>
        minting.send((client) => mint(client, { addresses, to: payer.signer.address, amount })),
      ),
    )
    expect(receipts.map((receipt) => receipt.status)).to.deep.equal([
      'success',
      'success',
      'success',
    ])
    expect(await getTransactionCount(read, { address })).to.equal(before + 3)
  })

  it('gives refusals of contracts their code, and the next transaction still goes through', async () => {
    const { addresses, payer } = chain
    const to = payer.signer.address
    const refused = await rejection(
      sender.send((client) => mint(client, { addresses, to, amount: 1n })),
    )
    expect(refused.code).to.equal('CHAIN_REVERTED')
    expect(refused.details['error']).to.equal('OwnableUnauthorizedAccount')
    const voucher = voucherOf(chain, payer, 5n * DUCK)
    const [redemption] = await settlement.redeem(chain.provider.signer.address, [voucher])
    expect(redemption?.skipped).to.deep.equal([])
  })

  it('gives up on a transaction that no block takes, and goes on with the next when blocks come', async () => {
    const { addresses, deployer, payer, read } = chain
    const anvil = createTestClient({ mode: 'anvil', transport: http(chain.network.rpc) })
    const hasty = new TransactionSender({ read, write: deployer.client }, 1)
    const to = payer.signer.address
    await anvil.setAutomine(false)
    const error = await rejection(
      hasty.send((client) => mint(client, { addresses, to, amount: 1n })),
    )
    expect(error.code).to.equal('TIMED_OUT')
    await anvil.setAutomine(true)
    await anvil.mine({ blocks: 1 })
    const patient = new TransactionSender({ read, write: deployer.client })
    const receipt = await patient.send((client) => mint(client, { addresses, to, amount: 1n }))
    expect(receipt.status).to.equal('success')
  })

  it('refuses to redeem without an account that sends', async () => {
    const { addresses, read } = chain
    const reader = new ChainSettlement({ addresses, clock, logger: silent, read, view })
    const call = reader.redeem(chain.provider.signer.address, [voucherOf(chain, chain.payer, DUCK)])
    expect((await rejection(call)).code).to.equal('NOT_SUPPORTED')
  })

  it('knows the provider of an operator, and none for others', async () => {
    const { provider, operator, payer } = chain
    expect(await stakes.providerOf(operator.signer.address)).to.equal(provider.signer.address)
    expect(await stakes.providerOf(payer.signer.address)).to.equal(null)
  })

  it('keeps known providers when the chain is gone, others are unknown, and channels are refused', async () => {
    const { addresses, network, provider, operator, payer } = chain
    let rpcIsUp = true
    const requireFresh = async (): Promise<void> => {
      if (!rpcIsUp) await new ChainView({ clock, logger: silent, clients: [dead] }).requireFresh()
    }
    const dead = createReadClient({ ...network, rpc: DEAD_RPC })
    const components = {
      addresses,
      clock,
      logger: silent,
      read: chain.read,
      view: { requireFresh },
    }
    const careful = new ChainStakeView(components)
    await careful.providerOf(operator.signer.address)
    rpcIsUp = false
    clock.advance(STALE_MS)
    expect(await careful.providerOf(operator.signer.address)).to.equal(provider.signer.address)
    expect(await careful.providerOf(payer.signer.address)).to.equal('unknown')
    const port = new ChainSettlement(components)
    for (const call of [
      () => port.channel(payer.signer.address, provider.signer.address),
      () => port.redeem(provider.signer.address, [voucherOf(chain, payer, 6n * DUCK)]),
    ]) {
      expect((await rejection(call())).code).to.equal('CHAIN_UNREACHABLE')
    }
  })

  it('does not take a provider whose stake thaws for one', async () => {
    const { addresses, provider, operator, read } = chain
    const amount = 1_500n * DUCK
    await mined(startUnstake(provider.client, { addresses, amount }))
    const pair = { provider: provider.signer.address, operator: operator.signer.address }
    const error = await rejection(checkOperator(read, addresses, pair))
    expect(error.code).to.equal('INSUFFICIENT_STAKE')
    expect(error.details['have']).to.equal(500n * DUCK)
    const fresh = new ChainStakeView({ addresses, clock, logger: silent, read, view })
    expect(await fresh.providerOf(pair.operator)).to.equal(null)
  })

  it('signs as viem signs: messages and typed data', async () => {
    const { signer } = chain.payer
    const account = signerAccount(signer)
    const signature = await account.signMessage({ message: 'duck' })
    const recovered = await recoverMessageAddress({ message: 'duck', signature })
    expect(recovered.toLowerCase()).to.equal(signer.address)
    const data = {
      domain: { name: 'x', chainId: 1 },
      types: { T: [{ name: 'a', type: 'uint256' }] },
      primaryType: 'T',
      message: { a: 1n },
    } as const
    expect(await account.signTypedData(data)).to.equal(signer.signDigest(hashTypedData(data)))
  })
})
