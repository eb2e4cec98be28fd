import { expect } from 'chai'
import { ChainReader } from '../../src/chain/chain-reader.ts'
import { expectCode } from '../support/expect-code.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FakeRpc, MARKET, REGISTRY, TOKEN } from '../support/fake-rpc.ts'
import { address, bytes32 } from '../support/offers.ts'

const PAYER = address(1)
const OWNER = address(2)
const OPERATOR = address(3)

describe('ChainReader', () => {
  let rpc: FakeRpc
  let clock: FakeClock
  let reader: ChainReader
  beforeEach(async () => {
    rpc = await FakeRpc.start()
    clock = new FakeClock()
    reader = new ChainReader(rpc.network(), clock)
  })
  afterEach(() => rpc.stop())

  it('takes the chain that the network names', async () => {
    await reader.check()
    expect(rpc.calls).to.include.members(['eth_chainId', 'eth_getCode'])
  })

  it('refuses another chain id', async () => {
    rpc.chainId = 1
    const error = await expectCode('WRONG_CHAIN', () => reader.check())
    expect(error.details).to.deep.equal({ actual: 1, expected: 31_337 })
  })

  for (const [name, missing] of [
    ['registry', REGISTRY],
    ['market', MARKET],
  ] as const) {
    it(`refuses a chain without the ${name}`, async () => {
      rpc.contracts = [REGISTRY, MARKET, TOKEN].filter((one) => one !== missing)
      const error = await expectCode('WRONG_CHAIN', () => reader.check())
      expect(error.details).to.deep.equal({ address: missing })
    })
  }

  it('says CHAIN_UNREACHABLE without the path of the endpoint, which may be a secret', async () => {
    const closed = new ChainReader(rpc.network({ rpcUrl: `${rpc.url}/v3/key` }), clock)
    rpc.broken = true
    const error = await expectCode('CHAIN_UNREACHABLE', () => closed.check())
    expect(error.message).to.contain(rpc.url).and.not.contain('v3/key')
    await expectCode('CHAIN_UNREACHABLE', () => reader.channel(PAYER, OWNER))
    await expectCode('CHAIN_UNREACHABLE', () => reader.funds(PAYER))
  })

  it('reads a channel and the funds of an account', async () => {
    rpc.channels.set(`${PAYER}:${OWNER}`, { allotted: 9n, redeemed: 4n, thawing: 2n })
    rpc.wallets.set(PAYER, 100n)
    rpc.escrows.set(PAYER, { free: 30n, thawing: 7n })
    expect(await reader.channel(PAYER, OWNER)).to.include({
      allotted: 9n,
      redeemed: 4n,
      thawing: 2n,
    })
    expect(await reader.funds(PAYER)).to.deep.equal({ wallet: 100n, free: 30n, thawing: 7n })
  })

  it('redeems nothing', async () => {
    await expectCode('NOTHING_TO_REDEEM', () => reader.redeem())
    await expectCode('NOTHING_TO_REDEEM', () => reader.finalizeService())
  })

  it('reads the service allotment as one seat sees it', async () => {
    const service = { allotted: 9n, redeemed: 4n, thawing: 2n, redeemedBy: 3n }
    rpc.services.set(PAYER, service)
    expect(await reader.service(PAYER, OWNER)).to.include(service)
    rpc.broken = true
    await expectCode('CHAIN_UNREACHABLE', () => reader.service(PAYER, OWNER))
  })

  it('reads what the election needs: durations, the seed, one weight at a time', async () => {
    rpc.weights.set(`${OWNER}:7`, 1_000n)
    expect(await reader.electionTimes()).to.deep.equal({ epochS: 60, turnS: 10 })
    expect(await reader.seed(7)).to.equal(bytes32(7))
    expect(await reader.weight(OWNER, 7)).to.equal(1_000n)
    expect(await reader.weight(OWNER, 8)).to.equal(0n)
    rpc.broken = true
    await expectCode('CHAIN_UNREACHABLE', () => reader.electionTimes())
    await expectCode('CHAIN_UNREACHABLE', () => reader.seed(7))
    await expectCode('CHAIN_UNREACHABLE', () => reader.weight(OWNER, 7))
  })

  describe('operatorOf', () => {
    it('is who signs for an active owner, asked for once in a while', async () => {
      rpc.operators.set(OPERATOR, OWNER)
      rpc.inactive.add(PAYER)
      expect(await reader.operatorOf(OWNER)).to.equal(OPERATOR)
      expect(await reader.operatorOf(PAYER)).to.equal(null)
      rpc.operators.clear()
      expect(await reader.operatorOf(OWNER)).to.equal(OPERATOR)
      await clock.advance(30_000)
      expect(await reader.operatorOf(OWNER)).not.to.equal(OPERATOR)
    })

    it('is unknown while the chain does not answer, and asks again', async () => {
      rpc.operators.set(OPERATOR, OWNER)
      rpc.broken = true
      expect(await reader.operatorOf(OWNER)).to.equal('unknown')
      rpc.broken = false
      expect(await reader.operatorOf(OWNER)).to.equal(OPERATOR)
    })
  })

  describe('providerOf', () => {
    const asked = (): number => rpc.calls.filter((name) => name === 'providerOf').length

    it('is the active owner behind an operator, null for a stranger and for too little stake', async () => {
      rpc.operators.set(OPERATOR, OWNER)
      expect(await reader.providerOf(OPERATOR)).to.equal(OWNER)
      expect(await reader.providerOf(PAYER)).to.equal(null)
      rpc.operators.set(address(5), address(4))
      rpc.inactive.add(address(4))
      expect(await reader.providerOf(address(5))).to.equal(null)
    })

    it('asks the chain once for all who ask at the same time, and again after 30 s', async () => {
      rpc.operators.set(OPERATOR, OWNER)
      await Promise.all([reader.providerOf(OPERATOR), reader.providerOf(OPERATOR)])
      await clock.advance(29_999)
      await reader.providerOf(OPERATOR)
      expect(asked()).to.equal(1)
      await clock.advance(1)
      rpc.operators.delete(OPERATOR)
      expect(await reader.providerOf(OPERATOR)).to.equal(null)
      expect(asked()).to.equal(2)
    })

    it('is unknown while the chain does not answer, which is not remembered', async () => {
      rpc.operators.set(OPERATOR, OWNER)
      rpc.broken = true
      expect(await reader.providerOf(OPERATOR)).to.equal('unknown')
      rpc.broken = false
      expect(await reader.providerOf(OPERATOR)).to.equal(OWNER)
    })
  })
})
