/** The actions of service allotments, session keys and relayed orders, on a real chain. */
import { expect } from 'chai'
import { parseSignature, type Address, type Hex, type TypedData } from 'viem'
import { generatePrivateKey } from 'viem/accounts'
import { anvil as anvilChain } from 'viem/chains'
import {
  LOCAL_DURATIONS,
  allotFor,
  allotService,
  authorizeSession,
  depositBySig,
  finalizeMany,
  finalizeService,
  finishUnallotFor,
  finishUnallotService,
  mint,
  parseRedemption,
  readAccount,
  readChannel,
  readEarned,
  readRedeemable,
  readService,
  readSession,
  reclaimSession,
  startRevokeSession,
  startUnallotFor,
  startUnallotService,
  unallotBySig,
  type TokenPermit,
} from '../ts/index.ts'
import {
  DUCK,
  createParty,
  enrol,
  openChannel,
  startMesh,
  type Mesh,
  type Party,
} from './support/mesh.ts'

/** As SCHEMAS and `IJobMarket` write them, kept apart from the package that signs in production. */
const types: TypedData = {
  Voucher: fields('address payer,address provider,uint96 cumulative,uint64 epoch'),
  ServiceVoucher: fields('address payer,address provider,uint96 cumulative'),
  Unallotment: fields('address payer,address provider,uint64 nonce,uint64 deadline'),
  Deposit: fields(
    'address payer,uint96 amount,address provider,uint96 allotted,uint64 nonce,uint64 deadline',
  ),
  SessionGrant: fields('address account,address session,uint96 cap,uint64 expiry'),
  RedeemPermit: fields(
    'address provider,address relayer,uint16 feeBps,uint64 nonce,uint64 deadline',
  ),
  Permit: fields('address owner,address spender,uint256 value,uint256 nonce,uint256 deadline'),
}

function fields(list: string): { name: string; type: string }[] {
  return list.split(',').map((field) => {
    const [type = '', name = ''] = field.split(' ')
    return { type, name }
  })
}

describe('actions of service allotments, sessions and relayed orders', () => {
  let mesh: Mesh
  let session: Party

  beforeEach(async () => {
    mesh = await startMesh()
    await enrol(mesh)
    await openChannel(mesh, mesh.payer, 100n * DUCK)
    session = createParty(mesh.anvil.url, generatePrivateKey())
    await mesh.test.setBalance({ address: session.address, value: DUCK })
  })

  afterEach(() => mesh.anvil.stop())

  const sign = (
    { account }: Party,
    primaryType: string,
    message: Record<string, unknown>,
    verifyingContract: Address = mesh.addresses.registry,
  ): Promise<Hex> => {
    const domain = { name: 'DuckMesh', version: '1', chainId: anvilChain.id, verifyingContract }
    return account.signTypedData({ domain, types, primaryType, message })
  }

  const deadline = async (): Promise<bigint> => (await mesh.chain.getBlock()).timestamp + 600n

  /** A permit of the payer's, in parts. */
  async function permitOf(value: bigint, until: bigint): Promise<TokenPermit> {
    const { addresses, payer } = mesh
    const message = {
      owner: payer.address,
      spender: addresses.market,
      value,
      nonce: 0n,
      deadline: until,
    }
    const { r, s, yParity } = parseSignature(await sign(payer, 'Permit', message, addresses.token))
    return { deadline: until, v: 27 + yParity, r, s }
  }

  /** Gives the payer's account free money that another paid for. */
  async function top(amount: bigint): Promise<void> {
    const { addresses, deployer, payer, provider, relayer, done } = mesh
    await done(mint(deployer.client, { addresses, to: payer.address, amount }))
    const until = await deadline()
    const deposit = {
      payer: payer.address,
      amount,
      provider: provider.address,
      allotted: 0n,
      nonce: 77n,
      deadline: until,
    }
    const signature = await sign(payer, 'Deposit', deposit)
    const permit = await permitOf(amount, until)
    await done(depositBySig(relayer.client, { addresses, deposit, signature, permit }))
  }

  it('pays who serves from the service allotment, and gives the rest back', async () => {
    const { chain, addresses, payer, provider, relayer, done, pass } = mesh
    await top(40n * DUCK)
    await done(allotService(payer.client, { addresses, amount: 30n * DUCK }))
    const ids = { payer: payer.address, provider: provider.address }
    const voucher = { ...ids, cumulative: 10n * DUCK }
    const signature = await sign(payer, 'ServiceVoucher', voucher)
    const vouchers = [{ ...voucher, signature }]
    const batch = { addresses, provider: provider.address, vouchers }
    const { logs } = await done(finalizeService(relayer.client, batch))
    expect(parseRedemption({ addresses, logs })).to.include({
      paid: 10n * DUCK,
      burnt: DUCK / 10n,
      vouchers: 1,
    })
    await done(startUnallotService(payer.client, { addresses, amount: 15n * DUCK }))
    const service = await readService(chain, { addresses, ...ids })
    expect(service).to.include({ allotted: 30n * DUCK, redeemed: 10n * DUCK, capacity: 5n * DUCK })
    expect(service).to.include({ redeemedBy: 10n * DUCK, thawing: 15n * DUCK })
    expect((await readService(chain, { addresses, payer: payer.address })).redeemedBy).to.equal(0n)
    await pass(LOCAL_DURATIONS.escrowThaw)
    await done(finishUnallotService(payer.client, { addresses }))
    const { free } = await readAccount(chain, { addresses, payer: payer.address })
    expect(free).to.equal(25n * DUCK)
  })

  it('deposits and allots for a payer that holds no native coin', async () => {
    const { chain, addresses, payer, provider, relayer, deployer, done } = mesh
    const amount = 50n * DUCK
    await done(mint(deployer.client, { addresses, to: payer.address, amount }))
    const until = await deadline()
    const ids = { payer: payer.address, provider: provider.address }
    const deposit = { ...ids, amount, allotted: 20n * DUCK, nonce: 1n, deadline: until }
    const signature = await sign(payer, 'Deposit', deposit)
    const permit = await permitOf(amount, until)
    const { gasUsed } = await done(
      depositBySig(relayer.client, { addresses, deposit, signature, permit }),
    )
    expect(Number(gasUsed)).to.be.lessThan(160_000)
    expect((await readChannel(chain, { addresses, ...ids })).allotted).to.equal(120n * DUCK)
    expect((await readAccount(chain, { addresses, payer: payer.address })).free).to.equal(
      30n * DUCK,
    )
  })

  it('frees a channel by the signature of the operator', async () => {
    const { chain, addresses, payer, provider, operator, relayer, done } = mesh
    const ids = { payer: payer.address, provider: provider.address }
    const unallotment = { ...ids, nonce: 5n, deadline: await deadline() }
    const signature = await sign(operator, 'Unallotment', unallotment)
    await done(unallotBySig(relayer.client, { addresses, unallotment, signature }))
    expect((await readChannel(chain, { addresses, ...ids })).capacity).to.equal(0n)
  })

  it('redeems for several providers, takes the fee it was promised, and says what it skipped', async () => {
    const { chain, addresses, payer, provider, operator, relayer, done } = mesh
    const ids = { payer: payer.address, provider: provider.address }
    const cumulative = 40n * DUCK
    const signature = await sign(payer, 'Voucher', { ...ids, cumulative, epoch: 0n })
    const vouchers = [{ payer: payer.address, cumulative, signature }]
    const permit = { feeBps: 50, nonce: 9n, deadline: await deadline() }
    const promise = { provider: provider.address, relayer: relayer.address, ...permit }
    const fee = {
      bps: 50,
      nonce: 9n,
      deadline: permit.deadline,
      signature: await sign(operator, 'RedeemPermit', promise),
    }
    const groups = [
      { provider: provider.address, vouchers, fee },
      { provider: payer.address, vouchers },
    ]
    const { logs } = await done(finalizeMany(relayer.client, { addresses, groups }))
    expect(parseRedemption({ addresses, logs })).to.deep.equal({
      paid: cumulative,
      burnt: cumulative / 100n,
      fees: cumulative / 200n,
      vouchers: 1,
      skipped: [],
      skippedGroups: [{ provider: payer.address, index: 1, reason: 'INVALID_PROVIDER' }],
    })
    const earned = await readEarned(chain, { addresses, provider: relayer.address })
    expect(earned.total).to.equal(cumulative / 200n)
    const { room } = await readRedeemable(chain, { addresses, provider: provider.address })
    expect(room).to.equal(1_960n * DUCK)
  })

  it('lets a session key spend up to its cap, and brings its money back', async () => {
    const { chain, addresses, payer, provider, done, pass } = mesh
    await top(60n * DUCK)
    const key = { addresses, session: session.address }
    expect(await readSession(chain, key)).to.equal(undefined)
    const grant = {
      account: payer.address,
      session: session.address,
      cap: 50n * DUCK,
      expiry: (await deadline()) + 10_000n,
    }
    const proof = await sign(session, 'SessionGrant', grant)
    await done(authorizeSession(payer.client, { ...key, ...grant, proof }))
    await done(allotService(session.client, { addresses, amount: 10n * DUCK }))
    const funding = { ...key, provider: provider.address, amount: 40n * DUCK }
    await done(allotFor(payer.client, funding))
    expect(await readSession(chain, key)).to.include({ drawn: 50n * DUCK, cap: 50n * DUCK })
    await done(startUnallotFor(payer.client, funding))
    await done(startRevokeSession(payer.client, key))
    await pass(LOCAL_DURATIONS.escrowThaw)
    await done(finishUnallotFor(payer.client, { ...key, provider: provider.address }))
    await done(reclaimSession(payer.client, key))
    const { free } = await readAccount(chain, { addresses, payer: payer.address })
    expect(free).to.equal(50n * DUCK)
  })
})
