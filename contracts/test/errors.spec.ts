import { expect } from 'chai'
import { createPublicClient, encodeErrorResult, http, zeroAddress, type Abi, type Hex } from 'viem'
import { duckTokenAbi } from '../ts/abi/duck-token.ts'
import { jobMarketAbi } from '../ts/abi/job-market.ts'
import { providerRegistryAbi } from '../ts/abi/provider-registry.ts'
import {
  ContractError,
  LOCAL_DURATIONS,
  addStake,
  allot,
  allotBySig,
  decodeRevert,
  decodeRevertData,
  deposit,
  finalizeJob,
  getActiveProviders,
  mint,
  readAccount,
  registerProvider,
  startWithdrawEarned,
  toContractError,
  withdrawEarned,
} from '../ts/index.ts'
import { adviceFor } from '../ts/error-advice.ts'
import {
  createParty,
  DUCK,
  enrol,
  openChannel,
  signAllotment,
  signVoucher,
  startMesh,
  type Mesh,
} from './support/mesh.ts'

async function errorOf(call: Promise<unknown>): Promise<ContractError> {
  try {
    await call
  } catch (error) {
    expect(error).to.be.instanceOf(ContractError)
    return error as ContractError
  }
  throw new Error('expected the call to fail')
}

describe('errors of a real chain', () => {
  let mesh: Mesh

  before(async () => {
    mesh = await startMesh()
    await enrol(mesh)
    await openChannel(mesh, mesh.payer, 100n * DUCK)
  })

  after(() => mesh.anvil.stop())

  const voucherOf = (cumulative: bigint) => ({
    payer: mesh.payer.address,
    provider: mesh.provider.address,
    cumulative,
    epoch: 0n,
  })

  it('says INSUFFICIENT_STAKE with what there is and what is needed', async () => {
    const { addresses, relayer } = mesh
    const registration = {
      operator: relayer.address,
      peerKey: `0x${'01'.repeat(32)}`,
      stake: DUCK,
    } as const
    const error = await errorOf(registerProvider(relayer.client, { addresses, ...registration }))
    expect(error.code).to.equal('INSUFFICIENT_STAKE')
    expect(error.args).to.deep.equal([DUCK, 1_000n * DUCK])
    expect(error.message).to.equal(
      'The stake is 1 DUCK where 1000 DUCK are needed. Stake more, or take out less.',
    )
    expect(error).to.include({ stage: 'chain', retryable: false })
    expect(error.cause).to.be.instanceOf(Error)
  })

  it('says INVALID_PROVIDER when a stranger adds stake or gets an allotment', async () => {
    const { addresses, payer, relayer } = mesh
    const adding = await errorOf(addStake(relayer.client, { addresses, amount: 1n }))
    expect(adding).to.have.property('code', 'INVALID_PROVIDER')
    const allotting = await errorOf(
      allot(payer.client, { addresses, provider: relayer.address, amount: 1n }),
    )
    expect(allotting.code).to.equal('INVALID_PROVIDER')
    expect(allotting.args).to.deep.equal([relayer.address])
  })

  it('says ALREADY_FINALIZED for a voucher that was redeemed', async () => {
    const { addresses, payer, relayer, done } = mesh
    const voucher = voucherOf(30n * DUCK)
    const signature = await signVoucher(mesh, payer.account, voucher)
    await done(finalizeJob(relayer.client, { addresses, voucher, signature }))
    const error = await errorOf(finalizeJob(relayer.client, { addresses, voucher, signature }))
    expect(error.code).to.equal('ALREADY_FINALIZED')
    expect(error.args).to.deep.equal([30n * DUCK])
  })

  it('says AllotmentExceeded and InvalidSignature for vouchers that cannot be paid', async () => {
    const { addresses, payer, relayer } = mesh
    const voucher = voucherOf(101n * DUCK)
    const signature = await signVoucher(mesh, payer.account, voucher)
    const above = await errorOf(finalizeJob(relayer.client, { addresses, voucher, signature }))
    expect(above.code).to.equal('AllotmentExceeded')
    const other = { addresses, voucher: voucherOf(99n * DUCK), signature }
    expect((await errorOf(finalizeJob(relayer.client, other))).code).to.equal('InvalidSignature')
  })

  it('says JOB_EXPIRED for an allotment past its deadline', async () => {
    const { addresses, payer, provider, relayer } = mesh
    const pair = { payer: payer.address, provider: provider.address }
    const allotment = { ...pair, amount: 1n, nonce: 0n, deadline: 1n }
    const signature = await signAllotment(mesh, payer.account, allotment)
    const error = await errorOf(allotBySig(relayer.client, { addresses, allotment, signature }))
    expect(error.code).to.equal('JOB_EXPIRED')
    expect(error.message).to.contain('1970-01-01T00:00:01.000Z')
  })

  it('says StillThawing, which is worth trying again, and NotThawing, which is not', async () => {
    const { addresses, provider, done, pass } = mesh
    const to = provider.address
    const early = await errorOf(withdrawEarned(provider.client, { addresses, to }))
    expect(early).to.include({ code: 'NotThawing', retryable: false })
    await done(startWithdrawEarned(provider.client, { addresses, amount: DUCK }))
    const waiting = await errorOf(withdrawEarned(provider.client, { addresses, to }))
    expect(waiting).to.include({ code: 'StillThawing', retryable: true })
    await pass(LOCAL_DURATIONS.earnedThaw)
    await done(withdrawEarned(provider.client, { addresses, to }))
  })

  it('explains refusals of the token', async () => {
    const { addresses, payer, relayer } = mesh
    const minting = await errorOf(
      mint(relayer.client, { addresses, to: relayer.address, amount: 1n }),
    )
    expect(minting.code).to.equal('OwnableUnauthorizedAccount')
    const own = { addresses, payer: payer.address, amount: 1n }
    expect((await errorOf(deposit(payer.client, own))).code).to.equal('ERC20InsufficientAllowance')
  })

  it('explains refused reads', async () => {
    const { chain, addresses } = mesh
    const error = await errorOf(getActiveProviders(chain, { addresses, limit: 101 }))
    expect(error.code).to.equal('PageLimit')
  })

  it('says GAS_FUNDS_MISSING for an account without the native coin', async () => {
    const poor = createParty(mesh.anvil.url, `0x${'77'.repeat(32)}`)
    const { addresses, provider } = mesh
    const error = await errorOf(
      allot(poor.client, { addresses, provider: provider.address, amount: 1n }),
    )
    // a node may run the call before it looks at the purse
    expect(error.code).to.be.oneOf(['GAS_FUNDS_MISSING', 'InsufficientBalance'])
  })
})

describe('error decoding', () => {
  const errors = [...duckTokenAbi, ...providerRegistryAbi, ...jobMarketAbi].filter(
    (entry) => entry.type === 'error',
  )

  it('has advice for every error that DuckMesh itself declares', () => {
    const foreign =
      /^(Checkpoint|ERC20InvalidApprover|ERC20InvalidSender|ERC20InvalidSpender|ECDSA|InvalidAccountNonce|InvalidShortString|StringTooLong|OwnableInvalidOwner|ReentrancyGuard|SafeERC20|SafeCast)/
    const missing = errors
      .map(({ name }) => name)
      .filter((name) => !foreign.test(name) && adviceFor(name, []).startsWith('A contract refused'))
    expect(missing).to.deep.equal([])
  })

  it('gives every error of the ABIs its name back', () => {
    const sample: Record<string, unknown> = {
      address: zeroAddress,
      bytes32: `0x${'00'.repeat(32)}`,
      string: 'duck',
    }
    const sampleOf = (type: string): unknown => (type.startsWith('uint') ? 5n : sample[type])
    for (const entry of errors) {
      const args = entry.inputs.map(({ type }) => sampleOf(type))
      const abi: Abi = [entry]
      const data = encodeErrorResult({ abi, errorName: entry.name, args })
      const revert = decodeRevertData(data)
      expect(revert.code).to.equal(entry.name)
      expect(revert.args).to.have.length(args.length)
      expect(revert.message).to.match(/\.$/)
    }
  })

  it('keeps unknown and malformed reverts as CHAIN_REVERTED', () => {
    for (const data of ['0xdeadbeef', '0x', '0x12', '0x82b4290000'] satisfies Hex[]) {
      const revert = decodeRevertData(data)
      expect(revert).to.deep.include({ code: 'CHAIN_REVERTED', args: [data] })
    }
  })

  it('finds nothing where no contract refused', () => {
    expect(decodeRevert(new Error('duck'))).to.equal(undefined)
    expect(decodeRevert('duck')).to.equal(undefined)
    expect(toContractError('duck').code).to.equal('CHAIN_CALL_FAILED')
  })

  it('passes a ContractError through as it is', () => {
    const error = new ContractError({ code: 'NotThawing', args: [], message: 'duck' })
    expect(toContractError(error)).to.equal(error)
  })

  it('says CHAIN_UNREACHABLE when nothing answers', async () => {
    const client = createPublicClient({ transport: http('http://127.0.0.1:1', { retryCount: 0 }) })
    const addresses = { token: zeroAddress, registry: zeroAddress, market: zeroAddress }
    const error = await errorOf(readAccount(client, { addresses, payer: zeroAddress }))
    expect(error).to.include({ code: 'CHAIN_UNREACHABLE', retryable: true })
  })
})
