/** The election, operators, funds and service fees on a real chain. Each test goes on where the last one ended. */
import { allotService, approve, authorizeSession, deposit, mint } from '@duckmesh/contracts'
import { readScore, startUnstake, waitForSuccess } from '@duckmesh/contracts'
import { DuckMeshError } from '@duckmesh/protocols'
import { SeatLists, TurnClock, initialMix, seatScore, seedOf } from '@duckmesh/protocols/election'
import type { ServiceRow } from '@duckmesh/protocols/settlement'
import { expect } from 'chai'
import { createTestClient, hashTypedData, http } from 'viem'
import type { Hex } from 'viem'
import { getBlock } from 'viem/actions'
import { ChainElection } from '../../src/chain/chain-election.ts'
import { ChainFunding } from '../../src/chain/chain-funding.ts'
import { ChainOperators } from '../../src/chain/chain-operators.ts'
import { ChainSettlement } from '../../src/chain/chain-settlement.ts'
import { FUNDS_TTL_MS, NO_PROVIDER_TTL_MS, PROVIDER_TTL_MS } from '../../src/chain/constants.ts'
import { createReadClient } from '../../src/chain/create-clients.ts'
import { readTimes } from '../../src/chain/read-times.ts'
import { TransactionSender } from '../../src/chain/transaction-sender.ts'
import { ManualClock } from '../manual-clock.ts'
import { rejection } from '../reject.ts'
import { DUCK, partyOf, silent, startLocalChain } from './local-chain.ts'
import type { LocalChain, Party } from './local-chain.ts'

type SignedServiceVoucher = NonNullable<ServiceRow['voucher']>

/** Another of the accounts that anvil funds. */
const SESSION_KEY = '47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a'
const EPOCH_S = 60
const fresh = { requireFresh: () => Promise.resolve() }

describe('chain: election', function () {
  this.timeout(60_000)
  let chain: LocalChain
  let clock: ManualClock
  let owner: Hex
  let payer: Hex
  let election: ChainElection
  let operators: ChainOperators
  let funding: ChainFunding
  let settlement: ChainSettlement
  /** The epoch of the chain's time. */
  let epoch: number

  const components = (): {
    addresses: LocalChain['addresses']
    clock: ManualClock
    logger: typeof silent
    read: LocalChain['read']
    view: typeof fresh
  } => ({ addresses: chain.addresses, clock, logger: silent, read: chain.read, view: fresh })
  const mined = async (hash: Promise<Hex>): Promise<unknown> =>
    waitForSuccess(chain.read, { hash: await hash })

  before(async () => {
    chain = await startLocalChain()
    owner = chain.provider.signer.address
    payer = chain.payer.signer.address
    const test = createTestClient({ mode: 'anvil', transport: http(chain.network.rpc) })
    // Two epochs on, what was staked at the start weighs; the middle of an epoch is the latest for the next seed.
    await test.increaseTime({ seconds: 2 * EPOCH_S })
    await test.mine({ blocks: 1 })
    const { timestamp } = await getBlock(chain.read)
    clock = new ManualClock(Number(timestamp) * 1_000)
    epoch = Math.floor(Number(timestamp) / EPOCH_S)
    election = new ChainElection(components())
    operators = new ChainOperators(components())
    funding = new ChainFunding(components())
    const sender = new TransactionSender({ read: chain.read, write: chain.operator.client })
    settlement = new ChainSettlement({ ...components(), sender })
  })

  after(() => chain.stop())

  it('reads the durations of the local network', async () => {
    expect(await readTimes(chain.read, chain.addresses)).to.deep.equal({
      epochS: EPOCH_S,
      turnS: 10,
    })
  })

  it('reads the seed that the rules compute, and the weights', async () => {
    const mix = initialMix(31_337, chain.addresses.registry.toLowerCase() as Hex)
    expect(await election.seed(epoch)).to.equal(seedOf(mix, epoch))
    const weights = await election.weights(epoch)
    expect([...weights]).to.deep.equal([[owner, 2_000n * DUCK]])
  })

  it('scores a seat as the contract does', async () => {
    const seed = await election.seed(epoch)
    for (const [shard, turn] of [
      [0, 0],
      [15, 5],
    ] as const) {
      const scored = { addresses: chain.addresses, epoch: BigInt(epoch), shard, turn, owner }
      const weight = (await election.weights(epoch)).get(owner) ?? 0n
      expect(seatScore(seed, shard, turn, owner, weight)).to.equal(
        await readScore(chain.read, scored),
      )
    }
  })

  it('gives the seats of a turn through the lists', async () => {
    const turnClock = new TurnClock(clock, await readTimes(chain.read, chain.addresses))
    const lists = new SeatLists({ port: election, turnClock })
    expect(await lists.seats(3, turnClock.now())).to.deep.equal([owner])
  })

  it('says CHAIN_UNREACHABLE for an epoch that the chain has not reached, and without a chain', async () => {
    expect((await rejection(election.seed(epoch + 5))).code).to.equal('CHAIN_UNREACHABLE')
    expect((await rejection(election.weights(epoch + 5))).code).to.equal('CHAIN_UNREACHABLE')
    const read = createReadClient({ ...chain.network, rpc: 'http://127.0.0.1:1' })
    const dead = new ChainElection({ ...components(), read })
    expect((await rejection(dead.seed(epoch))).code).to.equal('CHAIN_UNREACHABLE')
    const stale = {
      requireFresh: () => Promise.reject(new DuckMeshError('CHAIN_UNREACHABLE', 'stale')),
    }
    const blind = new ChainElection({ ...components(), view: stale })
    expect((await rejection(blind.weights(epoch))).code).to.equal('CHAIN_UNREACHABLE')
  })

  it('tells the operator of an owner, and of nobody else', async () => {
    expect(await operators.operatorOf(owner)).to.equal(chain.operator.signer.address)
    expect(await operators.operatorOf(payer)).to.equal(null)
    const read = createReadClient({ ...chain.network, rpc: 'http://127.0.0.1:1' })
    const dead = new ChainOperators({ ...components(), read })
    expect(await dead.operatorOf(owner)).to.equal('unknown')
  })

  it('adds up what a payer could spend: free money and the service allotment', async () => {
    expect(await funding.fundsOf(payer)).to.equal(0n)
    await pay(chain.payer, 30n * DUCK)
    expect(await funding.fundsOf(payer)).to.equal(0n)
    clock.advance(FUNDS_TTL_MS)
    expect(await funding.fundsOf(payer)).to.equal(30n * DUCK)
    await mined(
      allotService(chain.payer.client, { addresses: chain.addresses, amount: 12n * DUCK }),
    )
    await chain.fund(chain.payer, 5n * DUCK)
    clock.advance(FUNDS_TTL_MS)
    expect(await funding.fundsOf(payer)).to.equal(30n * DUCK)
  })

  it('counts for a session key what it may still draw', async () => {
    const session = partyOf(chain.network, SESSION_KEY)
    const { timestamp } = await getBlock(chain.read)
    const expiry = timestamp + 100n
    await mined(
      authorizeSession(chain.payer.client, {
        addresses: chain.addresses,
        session: session.signer.address,
        cap: 7n * DUCK,
        expiry,
        proof: grantOf(session, 7n * DUCK, expiry),
      }),
    )
    expect(await funding.fundsOf(session.signer.address)).to.equal(7n * DUCK)
    clock.advance(Number(expiry) * 1_000 - clock.now())
    expect(await funding.fundsOf(session.signer.address)).to.equal(0n)
  })

  it('reads the service allotment and redeems fees from it', async () => {
    const before = await settlement.service(payer, owner)
    expect(before).to.include({ allotted: 12n * DUCK, redeemed: 0n, thawing: 0n, redeemedBy: 0n })
    const good = voucherOf(2n * DUCK)
    const [done] = await settlement.finalizeService(owner, [good])
    expect(done).to.include({ vouchers: 1 })
    expect(done?.skipped).to.deep.equal([])
    const after = await settlement.service(payer, owner)
    expect(after).to.include({ redeemed: 2n * DUCK, redeemedBy: 2n * DUCK })
    const [again] = await settlement.finalizeService(owner, [good])
    expect(again?.skipped).to.deep.equal([payer])
  })

  it('a voucher of a channel is no service voucher', async () => {
    const { voucher } = voucherOf(3n * DUCK)
    const signature = signed(chain.payer, 'Voucher', { ...voucher, epoch: 0n })
    const [done] = await settlement.finalizeService(owner, [{ voucher, signature }])
    expect(done?.skipped).to.deep.equal([payer])
    expect((await settlement.service(payer, owner)).redeemedBy).to.equal(2n * DUCK)
  })

  it('sends nothing without a sender', async () => {
    const reader = new ChainSettlement(components())
    const error = await rejection(reader.finalizeService(owner, [voucherOf(4n * DUCK)]))
    expect(error.code).to.equal('NOT_SUPPORTED')
  })

  it('forgets an operator whose stake is gone, and keeps what it knew when the chain is away', async () => {
    const amount = 1_500n * DUCK
    await operators.operatorOf(owner)
    await mined(startUnstake(chain.provider.client, { addresses: chain.addresses, amount }))
    expect(await operators.operatorOf(owner)).to.equal(chain.operator.signer.address)
    clock.advance(PROVIDER_TTL_MS)
    expect(await operators.operatorOf(owner)).to.equal(null)
    await chain.stop()
    clock.advance(NO_PROVIDER_TTL_MS + FUNDS_TTL_MS)
    expect(await operators.operatorOf(owner)).to.equal(null)
    expect(await funding.fundsOf(payer)).to.equal(30n * DUCK)
    expect(await funding.fundsOf(owner)).to.equal('unknown')
  })

  /** Gives a party DUCK and deposits it, allotted to nobody. */
  async function pay({ client, signer }: Party, amount: bigint): Promise<void> {
    const { addresses, deployer } = chain
    await mined(mint(deployer.client, { addresses, to: signer.address, amount }))
    await mined(approve(client, { addresses, spender: addresses.market, amount }))
    await mined(deposit(client, { addresses, payer: signer.address, amount }))
  }

  function voucherOf(cumulative: bigint): SignedServiceVoucher {
    const voucher = { payer, provider: owner, cumulative }
    return { voucher, signature: signed(chain.payer, 'ServiceVoucher', voucher) }
  }

  function grantOf(session: Party, cap: bigint, expiry: bigint): Hex {
    const grant = { account: payer, session: session.signer.address, cap, expiry }
    return signed(session, 'SessionGrant', grant)
  }

  function signed(by: Party, primaryType: keyof typeof TYPES, message: object): Hex {
    const verifyingContract = chain.addresses.registry
    const domain = { name: 'DuckMesh', version: '1', chainId: 31_337, verifyingContract }
    return by.signer.signDigest(
      hashTypedData({ domain, types: TYPES, primaryType, message: message as never }),
    )
  }
})

const TYPES = {
  Voucher: [
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'cumulative', type: 'uint96' },
    { name: 'epoch', type: 'uint64' },
  ],
  ServiceVoucher: [
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'cumulative', type: 'uint96' },
  ],
  SessionGrant: [
    { name: 'account', type: 'address' },
    { name: 'session', type: 'address' },
    { name: 'cap', type: 'uint96' },
    { name: 'expiry', type: 'uint64' },
  ],
} as const
