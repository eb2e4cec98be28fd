/** Tests: checkRelayRequest. */
import type { Hex, RelayPermit, RelayRequest } from '@duckmesh/proto'
import { expect } from 'chai'
import type { ErrorCode } from '../../src/error-codes.ts'
import type { RelayGroup } from '../../src/settlement/index.ts'
import { checkRelayRequest } from '../../src/settlement/relay-rules.ts'
import { signStruct } from '../../src/signed-struct.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { expectCode } from '../support/expect-code.ts'
import { TestStake, ownerOf } from '../support/mesh-fixtures.ts'
import { TEST_NETWORK, testCrypto, testSigner } from '../support/test-crypto.ts'
import { RelayChain, packed, voucherOf } from './relay-model.ts'

const OWNER = ownerOf('duck')
const OPERATOR = testSigner('duck').address

describe('checkRelayRequest', () => {
  let chain: RelayChain
  let clock: FakeClock
  let stake: TestStake
  let request: RelayRequest

  beforeEach(async () => {
    chain = new RelayChain()
    clock = new FakeClock()
    stake = new TestStake()
    stake.stake('duck')
    for (const payer of ['anne', 'bert']) chain.allot(testSigner(payer).address, OWNER, 100n)
    const vouchers = [await voucherOf('anne', OWNER, 40n), await voucherOf('bert', OWNER, 50n)]
    request = { id: 1, provider: OWNER, vouchers: vouchers.map(packed) }
  })

  const check = (changes: Partial<RelayRequest> = {}, feeBps = 0): Promise<RelayGroup> =>
    checkRelayRequest({ ...request, ...changes }, OPERATOR, {
      ...{ clock, crypto: testCrypto, network: TEST_NETWORK, port: chain, stake, feeBps },
    })
  const refuses = (code: ErrorCode, changes: Partial<RelayRequest>, feeBps = 0): Promise<unknown> =>
    expectCode(code, () => check(changes, feeBps))
  const payersOf = ({ vouchers }: RelayGroup): Hex[] => vouchers.map(({ voucher }) => voucher.payer)

  it('takes the vouchers of the provider that asks', async () => {
    const group = await check()
    expect(group.provider).to.equal(OWNER)
    expect(group.vouchers).to.deep.equal([
      await voucherOf('anne', OWNER, 40n),
      await voucherOf('bert', OWNER, 50n),
    ])
    expect(group).to.not.have.property('fee')
  })

  it('refuses a request for a foreign provider, and of one without stake', async () => {
    await refuses('INVALID_PROVIDER', { provider: ownerOf('goose') })
    stake.owners.clear()
    await refuses('INVALID_PROVIDER', {})
    stake.unknown = true
    await refuses('CHAIN_UNREACHABLE', {})
  })

  it('refuses vouchers that are not signed by their payer for this provider', async () => {
    const foreign = packed(await voucherOf('anne', ownerOf('goose'), 40n))
    await refuses('VOUCHER_INVALID', { vouchers: [foreign] })
    const [anne, bert] = request.vouchers as [never, never]
    await refuses('VOUCHER_INVALID', {
      vouchers: [anne, { ...(bert as object), cumulative: 51n } as never],
    })
    await refuses('VOUCHER_INVALID', { vouchers: [anne, bert, anne] })
  })

  it('leaves out what would pay nothing, and refuses when nothing is left', async () => {
    await chain.redeem(OWNER, [await voucherOf('anne', OWNER, 40n)])
    expect(payersOf(await check())).to.deep.equal([testSigner('bert').address])
    chain.allot(testSigner('bert').address, OWNER, 49n)
    await refuses('NOTHING_TO_REDEEM', {})
    await refuses('NOTHING_TO_REDEEM', { vouchers: [] })
    chain.unreachable = true
    await refuses('CHAIN_UNREACHABLE', {})
  })

  describe('with a fee', () => {
    const FEE = 50

    async function permit(
      changes: Partial<RelayPermit & { provider: Hex; relayer: Hex }> = {},
      signer = 'duck',
    ): Promise<RelayPermit> {
      const deadline = Math.floor(clock.now() / 1_000) + 60
      const terms = { feeBps: FEE, nonce: 7, deadline }
      const message = { provider: OWNER, relayer: chain.relayer, ...terms, ...changes }
      const signature = await signStruct(testSigner(signer), TEST_NETWORK, 'RedeemPermit', message)
      const { feeBps, nonce } = message
      return { feeBps, nonce, deadline: message.deadline, signature }
    }

    it('passes the permit on as the operator or the owner signed it', async () => {
      for (const signer of ['duck', 'owner duck']) {
        const signed = await permit({}, signer)
        const { feeBps: bps, ...rest } = signed
        expect((await check({ permit: signed }, FEE)).fee).to.deep.equal({ bps, ...rest })
      }
      expect((await check({ permit: await permit({ feeBps: 51 }) }, FEE)).fee?.bps).to.equal(51)
    })

    it('takes nothing when it asks for nothing, whatever the provider signed', async () => {
      expect(await check({ permit: await permit() })).to.not.have.property('fee')
    })

    it('refuses to work for less', async () => {
      await refuses('PERMIT_INVALID', {}, FEE)
      await refuses('PERMIT_INVALID', { permit: await permit({ feeBps: 49 }) }, FEE)
    })

    it('refuses permits that the contract would not honour', async () => {
      const stranger = testSigner('stranger').address
      const good = await permit()
      const bad: RelayPermit[] = [
        await permit({ relayer: stranger }),
        await permit({ provider: stranger }),
        await permit({}, 'stranger'),
        await permit({ deadline: Math.floor(clock.now() / 1_000) + 9 }),
        { ...good, feeBps: 51 },
        { ...good, nonce: 8 },
        { ...good, signature: `0x${'00'.repeat(65)}` },
      ]
      for (const one of bad) await refuses('PERMIT_INVALID', { permit: one }, FEE)
      expect((await check({ permit: good }, FEE)).fee?.nonce).to.equal(7)
    })

    it('refuses a replayed permit', async () => {
      const signed = await permit()
      await chain.redeemMany([await check({ permit: signed }, FEE)])
      const vouchers = [packed(await voucherOf('anne', OWNER, 60n))]
      await refuses('PERMIT_INVALID', { permit: signed, vouchers }, FEE)
    })
  })
})
