/** Tests: RelayedSettlement. */
import type { Hex, SignedVoucher } from '@duckmesh/proto'
import { expect } from 'chai'
import fc from 'fast-check'
import { DuckMeshError } from '../../src/errors.ts'
import { RelayedSettlement, Redeemer } from '../../src/settlement/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { expectCode } from '../support/expect-code.ts'
import { JobWorld, PROVIDER } from '../support/job-world.ts'
import { memoryLogger } from '../support/memory-logger.ts'
import type { MemoryLogger } from '../support/memory-logger.ts'
import { testSigner } from '../support/test-crypto.ts'
import { RelayChain, voucherOf } from './relay-model.ts'

const PAYERS = ['anne', 'bert', 'carl']
const NO_HASH: Hex = `0x${'99'.repeat(32)}`
const HOUR_MS = 3_600_000

type Relay = (vouchers: readonly SignedVoucher[]) => Promise<Hex>

class Desk {
  readonly chain = new RelayChain()
  readonly clock = new FakeClock()
  readonly logger: MemoryLogger = memoryLogger()
  asked = 0
  readonly settlement: RelayedSettlement
  /** What the relay does; an honest one when left alone. */
  relay: Relay = (vouchers) => this.honest(vouchers)

  constructor() {
    const route = {
      relay: (_: Hex, vouchers: readonly SignedVoucher[]) => {
        this.asked += 1
        return this.relay(vouchers)
      },
    }
    const { chain: port, clock, logger } = this
    this.settlement = new RelayedSettlement({ clock, logger, port, route })
    for (const payer of PAYERS) port.allot(testSigner(payer).address, PROVIDER, 1_000n)
  }

  async honest(vouchers: readonly SignedVoucher[]): Promise<Hex> {
    const [done] = await this.chain.redeemMany([{ provider: PROVIDER, vouchers }])
    return done?.hash ?? NO_HASH
  }

  vouchers(cumulative: bigint): Promise<SignedVoucher[]> {
    return Promise.all(PAYERS.map((payer) => voucherOf(payer, PROVIDER, cumulative)))
  }

  get earned(): bigint {
    return this.chain.earned.get(PROVIDER) ?? 0n
  }

  get events(): unknown[] {
    return this.logger.entries.map(({ event, fields }) => [event, fields['code'] ?? null])
  }
}

describe('RelayedSettlement', () => {
  it('has the relay redeem everything and sends nothing itself', async () => {
    const desk = new Desk()
    const [redemption, ...more] = await desk.settlement.redeem(PROVIDER, await desk.vouchers(10n))
    expect(more).to.deep.equal([])
    expect(redemption).to.include({ kind: 'jobs', vouchers: 3, relayFee: 0n })
    expect(desk.chain.mined.has(redemption?.hash ?? NO_HASH)).to.equal(true)
    expect([desk.earned, desk.chain.alone]).to.deep.equal([30n, 0])
    expect(desk.events).to.deep.equal([])
  })

  it('redeems alone when the relay refuses, and asks it again the next time', async () => {
    const desk = new Desk()
    desk.relay = () => Promise.reject(new DuckMeshError('PERMIT_INVALID', 'No.'))
    const [redemption] = await desk.settlement.redeem(PROVIDER, await desk.vouchers(10n))
    expect(redemption).to.not.have.property('relayFee')
    expect([desk.earned, desk.chain.alone]).to.deep.equal([30n, 1])
    expect(desk.events).to.deep.equal([['redeem.relay_failed', 'PERMIT_INVALID']])
    desk.relay = (vouchers) => desk.honest(vouchers)
    await desk.settlement.redeem(PROVIDER, await desk.vouchers(20n))
    expect([desk.earned, desk.chain.alone]).to.deep.equal([60n, 1])
  })

  const lies: [name: string, relay: (desk: Desk) => Relay][] = [
    ['a transaction that does not exist', () => () => Promise.resolve(NO_HASH)],
    [
      'a transaction of before',
      (desk) => () => Promise.resolve([...desk.chain.mined.keys()][0] ?? NO_HASH),
    ],
    [
      'a transaction with vouchers of before only',
      (desk) => async () => desk.honest(await desk.vouchers(10n)),
    ],
    [
      'a transaction with broken vouchers only',
      (desk) => (vouchers) =>
        desk.honest(vouchers.map((one) => ({ ...one, signature: `0x${'11'.repeat(65)}` }))),
    ],
  ]
  for (const [name, lie] of lies) {
    it(`believes no relay that names ${name}: redeems alone and leaves it for an hour`, async () => {
      const desk = new Desk()
      await desk.settlement.redeem(PROVIDER, await desk.vouchers(10n))
      desk.relay = lie(desk)
      await desk.settlement.redeem(PROVIDER, await desk.vouchers(20n))
      expect([desk.earned, desk.chain.alone]).to.deep.equal([60n, 1])
      expect(desk.events).to.deep.equal([['redeem.relay_failed', 'RELAY_UNTRUE']])
      desk.relay = (vouchers) => desk.honest(vouchers)
      await desk.settlement.redeem(PROVIDER, await desk.vouchers(30n))
      expect([desk.earned, desk.chain.alone, desk.asked]).to.deep.equal([90n, 2, 2])
      desk.clock.set(desk.clock.now() + HOUR_MS)
      await desk.settlement.redeem(PROVIDER, await desk.vouchers(40n))
      expect([desk.earned, desk.chain.alone, desk.asked]).to.deep.equal([120n, 2, 3])
    })
  }

  it('sends itself what the relay left out, also what it spoilt', async () => {
    const desk = new Desk()
    desk.relay = ([first, second]) =>
      desk.honest([first, { ...second, signature: `0x${'11'.repeat(65)}` }] as SignedVoucher[])
    const redemptions = await desk.settlement.redeem(PROVIDER, await desk.vouchers(10n))
    expect(redemptions.map(({ vouchers }) => vouchers)).to.deep.equal([3, 2])
    expect([desk.earned, desk.chain.alone]).to.deep.equal([30n, 1])
  })

  it('does not send again what the contract skips for good reason', async () => {
    const desk = new Desk()
    desk.chain.skip.add(testSigner('bert').address)
    const redemptions = await desk.settlement.redeem(PROVIDER, await desk.vouchers(10n))
    expect(redemptions).to.have.length(1)
    expect(redemptions[0]?.skipped).to.deep.equal([testSigner('bert').address])
    expect([desk.earned, desk.chain.alone]).to.deep.equal([20n, 0])
  })

  it('keeps what the relay redeemed when its own transaction then fails', async () => {
    const desk = new Desk()
    desk.relay = async (vouchers) => desk.honest(vouchers.slice(0, 1))
    desk.chain.redeem = () => Promise.reject(new DuckMeshError('CHAIN_REVERTED', 'No.'))
    const redemptions = await desk.settlement.redeem(PROVIDER, await desk.vouchers(10n))
    expect(redemptions).to.have.length(1)
    expect(desk.earned).to.equal(10n)
  })

  it('rejects as its own transaction does when nothing was redeemed at all', async () => {
    const desk = new Desk()
    desk.relay = () => Promise.reject(new DuckMeshError('TIMED_OUT', 'No.'))
    desk.chain.unreachable = true
    const vouchers = await desk.vouchers(10n)
    await expectCode('CHAIN_UNREACHABLE', () => desk.settlement.redeem(PROVIDER, vouchers))
  })

  it('takes a channel that cannot be read for paid: what is held is sent the next time', async () => {
    const desk = new Desk()
    desk.relay = async (vouchers) => {
      const hash = await desk.honest(vouchers.slice(1))
      desk.chain.unreachable = true
      return hash
    }
    expect(await desk.settlement.redeem(PROVIDER, await desk.vouchers(10n))).to.have.length(1)
    desk.chain.unreachable = false
    desk.relay = (vouchers) => desk.honest(vouchers)
    await desk.settlement.redeem(PROVIDER, await desk.vouchers(10n))
    expect(desk.earned).to.equal(30n)
  })

  it('asks the relay for 256 vouchers and sends the rest itself', async () => {
    const desk = new Desk()
    const [voucher] = await desk.vouchers(10n)
    if (voucher === undefined) throw new TypeError('No voucher.')
    let asked = 0
    desk.relay = (vouchers) => {
      asked = vouchers.length
      return desk.honest(vouchers)
    }
    const many = new Array<SignedVoucher>(300).fill(voucher)
    const redemptions = await desk.settlement.redeem(PROVIDER, many)
    expect(asked).to.equal(256)
    expect(redemptions.map(({ vouchers }) => vouchers)).to.deep.equal([256, 44])
  })

  it('is paid once when a relay mines late, after the provider redeemed alone', async () => {
    const desk = new Desk()
    let late: Promise<unknown> = Promise.resolve()
    const held = Promise.withResolvers<undefined>()
    desk.relay = (vouchers) => {
      late = held.promise.then(() => desk.honest(vouchers))
      return Promise.reject(new DuckMeshError('TIMED_OUT', 'Too slow.'))
    }
    await desk.settlement.redeem(PROVIDER, await desk.vouchers(10n))
    expect(desk.earned).to.equal(30n)
    held.resolve(undefined)
    await late
    expect(desk.chain.batches, 'the relay did send them').to.have.length(1)
    expect(desk.earned).to.equal(30n)
    // The other way round: higher vouchers of the late one pay the difference only.
    await desk.honest(await desk.vouchers(15n))
    expect(desk.earned).to.equal(45n)
  })

  it('whatever a relay does, every wei is redeemed exactly once and booked', async () => {
    const deeds = fc.array(
      fc.record({
        deed: fc.constantFrom('honest', 'refuse', 'lie', 'part', 'redeem and refuse', 'old'),
        gain: fc.bigInt({ min: 1n, max: 5n }),
      }),
      { minLength: 1, maxLength: 6 },
    )
    await fc.assert(
      fc.asyncProperty(deeds, async (rounds) => {
        const desk = new Desk()
        let total = 0n
        for (const { deed, gain } of rounds) {
          total += gain
          desk.relay = deedOf(desk, deed)
          await desk.settlement.redeem(PROVIDER, await desk.vouchers(total))
          expect(desk.earned, deed).to.equal(total * 3n)
          desk.clock.set(desk.clock.now() + HOUR_MS)
        }
      }),
      { numRuns: 25 },
    )
  })

  it('lets the redeemer book what the chain shows, not what the relay said', async () => {
    const world = new JobWorld()
    const { channels, ledger, logger, clock } = world
    const frame = await world.payer.channels
      .paymentsTo(PROVIDER)
      .pay(`0x${'05'.repeat(32)}`, 0, 100n)
    await channels.accept(frame)
    const chain = new RelayChain()
    chain.allot(world.payer.address, PROVIDER, 1_000n)
    chain.redeem = () => Promise.reject(new DuckMeshError('CHAIN_REVERTED', 'No.'))
    const route = { relay: () => Promise.resolve(NO_HASH) }
    const port = new RelayedSettlement({ clock, logger, port: chain, route })
    const redeemer = new Redeemer({ channels, ledger, logger, port, provider: PROVIDER })
    await expectCode('CHAIN_REVERTED', () => redeemer.redeem())
    expect((await ledger.listChannels())[0]).to.include({ paid: 100n, redeemed: 0n })
  })
})

function deedOf(desk: Desk, deed: string): Relay {
  const refuse = (): Promise<never> => Promise.reject(new DuckMeshError('RATE_LIMITED', 'No.'))
  const deeds: Record<string, Relay> = {
    honest: (vouchers) => desk.honest(vouchers),
    refuse,
    lie: () => Promise.resolve(NO_HASH),
    part: (vouchers) => desk.honest(vouchers.slice(1)),
    'redeem and refuse': async (vouchers) => {
      await desk.honest(vouchers)
      return refuse()
    },
    old: () => Promise.resolve([...desk.chain.mined.keys()][0] ?? NO_HASH),
  }
  return deeds[deed] ?? refuse
}
