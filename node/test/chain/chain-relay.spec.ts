/** Tests: ChainRelay, on a real chain with two providers. */
import {
  allot,
  approve,
  deposit,
  mint,
  readChannel,
  readEarned,
  registerProvider,
  waitForSuccess,
} from '@duckmesh/contracts'
import { signStruct } from '@duckmesh/protocols'
import type { NetworkIdentity, SignedVoucher } from '@duckmesh/protocols'
import type { RelayGroup, RelayedGroup } from '@duckmesh/protocols/settlement'
import { expect } from 'chai'
import type { Hash, Hex } from 'viem'
import { getTransactionCount } from 'viem/actions'
import { ChainRelay } from '../../src/chain/chain-relay.ts'
import { ChainSettlement } from '../../src/chain/chain-settlement.ts'
import { ChainView } from '../../src/chain/chain-view.ts'
import { TransactionSender } from '../../src/chain/transaction-sender.ts'
import { ManualClock } from '../manual-clock.ts'
import { rejection } from '../reject.ts'
import { DUCK, partyOf, silent, startLocalChain } from './local-chain.ts'
import type { LocalChain, Party } from './local-chain.ts'

/** Accounts that anvil funds: the second provider with its operator, and the relay's operator. */
const SECOND = '92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e'
const SECOND_OPERATOR = '4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356'
const RELAY = 'dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97'

/** Wei after the burnt hundredth. */
const net = (wei: bigint): bigint => wei - wei / 100n

/** Each test goes on where the last one ended: one chain for all. */
describe('ChainRelay', function () {
  this.timeout(60_000)
  let chain: LocalChain
  let clock: ManualClock
  let view: ChainView
  let relay: Party
  let second: Party
  let secondOperator: Party
  let network: NetworkIdentity
  /** Of the relay, and of the first provider itself. */
  let port: ChainRelay
  let own: ChainRelay
  /** What each provider's one channel was raised to, wei. */
  const totals = new Map<Hex, bigint>()

  before(async () => {
    chain = await startLocalChain()
    const { addresses, deployer, read } = chain
    ;[relay, second, secondOperator] = [RELAY, SECOND, SECOND_OPERATOR].map((key) =>
      partyOf(chain.network, key),
    ) as [Party, Party, Party]
    const { chainId } = chain.network
    network = { name: 'local', chainId, registry: addresses.registry.toLowerCase() as Hex }
    await register(second, secondOperator)
    await chain.fund(chain.payer, 100n * DUCK)
    await done(
      mint(deployer.client, { addresses, to: chain.payer.signer.address, amount: 100n * DUCK }),
    )
    const amount = 100n * DUCK
    const { client, signer } = chain.payer
    await done(approve(client, { addresses, spender: addresses.market, amount }))
    await done(deposit(client, { addresses, payer: signer.address, amount }))
    await done(allot(client, { addresses, provider: second.signer.address, amount }))
    clock = new ManualClock(1_000_000)
    view = new ChainView({ clock, logger: silent, clients: [read] })
    port = portOf(relay)
    own = portOf(chain.operator)
  })

  after(async () => {
    view.stop()
    await chain.stop()
  })

  const done = async (hash: Promise<Hash>): Promise<unknown> =>
    waitForSuccess(chain.read, { hash: await hash })

  function portOf({ client, signer }: Party): ChainRelay {
    const { addresses, read } = chain
    const sender = new TransactionSender({ read, write: client })
    const shared = { addresses, read, sender, view }
    const settlement = new ChainSettlement({ ...shared, clock, logger: silent })
    return new ChainRelay({ ...shared, relayer: signer.address, settlement }, 500)
  }

  async function register({ client, signer }: Party, operator: Party): Promise<void> {
    const { addresses, deployer } = chain
    const stake = 2_000n * DUCK
    await done(mint(deployer.client, { addresses, to: signer.address, amount: stake }))
    await done(approve(client, { addresses, spender: addresses.registry, amount: stake }))
    const peerKey: Hex = `0x${'cd'.repeat(32)}`
    await done(
      registerProvider(client, { addresses, operator: operator.signer.address, peerKey, stake }),
    )
  }

  /** The payer's voucher for so much more than the last one. */
  async function raise(provider: Party, wei: bigint): Promise<SignedVoucher> {
    const owner = provider.signer.address
    const cumulative = (totals.get(owner) ?? 0n) + wei
    totals.set(owner, cumulative)
    const { signer } = chain.payer
    const voucher = { payer: signer.address, provider: owner, cumulative, epoch: 0 }
    return { voucher, signature: await signStruct(signer, network, 'Voucher', voucher) }
  }

  async function groupOf(provider: Party, wei: bigint): Promise<RelayGroup> {
    return { provider: provider.signer.address, vouchers: [await raise(provider, wei)] }
  }

  /** What the operator of the first provider signs for the relay, or says to have signed. */
  async function feeOf(
    nonce: number,
    bps: number,
    said: { bps?: number; relayer?: Hex } = {},
  ): Promise<NonNullable<RelayGroup['fee']>> {
    const deadline = 4_000_000_000
    const provider = chain.provider.signer.address
    const relayer = said.relayer ?? relay.signer.address
    const message = { provider, relayer, feeBps: bps, nonce, deadline }
    const signature = await signStruct(chain.operator.signer, network, 'RedeemPermit', message)
    return { bps: said.bps ?? bps, nonce, deadline, signature }
  }

  const earnedBy = async ({ signer }: Party): Promise<bigint> => {
    const { addresses, read } = chain
    return (await readEarned(read, { addresses, provider: signer.address })).total
  }
  const sendTo = (groups: RelayGroup[]) => async (): Promise<Hash> =>
    ((await port.redeemMany(groups)) as [RelayedGroup])[0].hash

  it('redeems for two providers in one transaction, which each reads for itself', async () => {
    const [one, two] = [await groupOf(chain.provider, DUCK), await groupOf(second, 2n * DUCK)]
    const address = relay.signer.address
    const before = await getTransactionCount(chain.read, { address })
    const sent = port.redeemMany([one, two])
    const send = async (): Promise<Hash> => (await sent)[0]?.hash ?? '0x'
    const told = await Promise.all([
      own.redeemBy(one.provider, one.vouchers, send),
      portOf(secondOperator).redeemBy(two.provider, two.vouchers, send),
    ])
    expect(await getTransactionCount(chain.read, { address })).to.equal(before + 1)
    expect(new Set(told.map(({ hash }) => hash)).size).to.equal(1)
    expect(told.map(({ burnt }) => burnt)).to.deep.equal([DUCK / 100n, DUCK / 50n])
    for (const one of told) expect(one).to.include({ kind: 'jobs', vouchers: 1, relayFee: 0n })
    expect(await earnedBy(chain.provider)).to.equal(net(DUCK))
    expect(await earnedBy(second)).to.equal(net(2n * DUCK))
  })

  it('takes the fee that the provider signed, once', async () => {
    const before = await earnedBy(chain.provider)
    const fee = await feeOf(7, 50)
    expect(await port.isNonceUsed(chain.provider.signer.address, 7)).to.equal(false)
    const group = { ...(await groupOf(chain.provider, DUCK)), fee }
    const { relayFee } = await own.redeemBy(group.provider, group.vouchers, sendTo([group]))
    expect(relayFee).to.equal(DUCK / 200n)
    expect(await earnedBy(relay)).to.equal(DUCK / 200n)
    expect(await earnedBy(chain.provider)).to.equal(before + net(DUCK) - DUCK / 200n)
    expect(await port.isNonceUsed(chain.provider.signer.address, 7)).to.equal(true)
  })

  it('a relay that replays a permit, or takes more than was signed, gets nothing', async () => {
    const before = [await earnedBy(chain.provider), await earnedBy(relay)]
    const group = await groupOf(chain.provider, DUCK)
    const frauds: [string, RelayGroup['fee']][] = [
      ['NonceUsed', await feeOf(7, 50)],
      ['InvalidSignature', await feeOf(8, 50, { bps: 100 })],
      ['FeeTooHigh', await feeOf(9, 50, { bps: 101 })],
      ['InvalidSignature', await feeOf(10, 50, { relayer: second.signer.address })],
    ]
    for (const [reason, fee] of frauds) {
      const honest = await groupOf(second, 1n)
      const groups = [{ ...group, ...(fee && { fee }) }, honest]
      const answers = await port.redeemMany(groups)
      expect(answers.map(({ refused }) => refused)).to.deep.equal([reason, undefined])
      const lie = (): Promise<Hash> => Promise.resolve(answers[0]?.hash ?? '0x')
      const error = await rejection(own.redeemBy(group.provider, group.vouchers, lie))
      expect(error.code).to.equal('RELAY_UNTRUE')
    }
    expect([await earnedBy(chain.provider), await earnedBy(relay)]).to.deep.equal(before)
    const [alone] = await own.redeem(group.provider, group.vouchers)
    expect(alone).to.include({ kind: 'jobs', vouchers: 1 })
    expect(await earnedBy(chain.provider)).to.equal((before[0] ?? 0n) + net(DUCK))
  })

  it('believes no hash but that of a new transaction which paid this provider', async () => {
    const owner = chain.provider.signer.address
    const group = await groupOf(chain.provider, DUCK)
    const old = await sendTo([group])()
    const foreign = await sendTo([await groupOf(second, DUCK)])()
    const vouchers = [await raise(chain.provider, DUCK)]
    for (const hash of [old, foreign, `0x${'99'.repeat(32)}` as const]) {
      const error = await rejection(own.redeemBy(owner, vouchers, () => Promise.resolve(hash)))
      expect(error.code, hash).to.equal('RELAY_UNTRUE')
    }
    // One that is mined meanwhile, for another.
    const other = await groupOf(second, DUCK)
    const error = await rejection(own.redeemBy(owner, vouchers, sendTo([other])))
    expect(error.code).to.equal('RELAY_UNTRUE')
  })

  it('a relay that mines late is paid the difference: the provider redeemed alone meanwhile', async () => {
    const owner = chain.provider.signer.address
    const before = await earnedBy(chain.provider)
    // The voucher that the test before left.
    const held = await groupOf(chain.provider, DUCK)
    await own.redeem(owner, held.vouchers)
    const paid = await earnedBy(chain.provider)
    expect(paid).to.equal(before + net(2n * DUCK))
    const [late] = await port.redeemMany([held])
    expect(late?.skipped).to.deep.equal([chain.payer.signer.address])
    expect(await earnedBy(chain.provider)).to.equal(paid)
    await port.redeemMany([await groupOf(chain.provider, DUCK)])
    expect(await earnedBy(chain.provider)).to.equal(paid + net(DUCK))
  })

  it('reads the channels anew after every attempt, whoever sent it', async () => {
    const owner = chain.provider.signer.address
    const payer = chain.payer.signer.address
    await own.channel(payer, owner)
    const group = await groupOf(chain.provider, DUCK)
    await own.redeemBy(owner, group.vouchers, sendTo([group]))
    const { redeemed } = await own.channel(payer, owner)
    expect(redeemed).to.equal(totals.get(owner))
    const { addresses, read } = chain
    const onChain = await readChannel(read, { addresses, payer, provider: owner })
    expect(onChain.redeemed).to.equal(redeemed)
    const next = await groupOf(chain.provider, DUCK)
    const lost = (): Promise<never> =>
      sendTo([next])().then(() => Promise.reject(new Error('lost')))
    await own.redeemBy(owner, next.vouchers, lost).catch(() => undefined)
    expect((await own.channel(payer, owner)).redeemed).to.equal(totals.get(owner))
  })

  it('tells a voucher that no transaction could pay as skipped, and not one that the relay spoilt', async () => {
    const owner = chain.provider.signer.address
    const poor = partyOf(chain.network, '11'.repeat(32))
    const voucher = { payer: poor.signer.address, provider: owner, cumulative: 5n, epoch: 0 }
    const uncovered = {
      voucher,
      signature: await signStruct(poor.signer, network, 'Voucher', voucher),
    }
    const good = await raise(chain.provider, DUCK)
    const groups = [{ provider: owner, vouchers: [good, uncovered] }]
    const told = await own.redeemBy(owner, [good, uncovered], sendTo(groups))
    expect(told.skipped).to.deep.equal([poor.signer.address])
    const next = await raise(chain.provider, DUCK)
    const spoilt = { ...next, signature: good.signature }
    const covered = await own.redeemBy(
      owner,
      [next, uncovered],
      sendTo([{ provider: owner, vouchers: [spoilt, uncovered] }]),
    )
    expect(covered.skipped).to.deep.equal([poor.signer.address])
    expect((await own.channel(chain.payer.signer.address, owner)).redeemed).to.equal(
      good.voucher.cumulative,
    )
  })
})
