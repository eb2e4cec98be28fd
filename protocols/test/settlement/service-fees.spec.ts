/** Rules S-13 to S-16: fees of seats from the payer's service allotment. */
import { expect } from 'chai'
import fc from 'fast-check'
import type { Hex, SignedServiceVoucher } from '@duckmesh/proto'
import type { Signer } from '../../src/components.ts'
import { ServiceEarnings, ServicePayer, ServiceRedeemer } from '../../src/settlement/index.ts'
import type { ServiceRow } from '../../src/settlement/index.ts'
import { recoverStruct, signStruct } from '../../src/signed-struct.ts'
import { expectCode } from '../support/expect-code.ts'
import { memoryLogger } from '../support/memory-logger.ts'
import { TEST_NETWORK, testCrypto, testSigner } from '../support/test-crypto.ts'
import { MemoryServices, ModelServicePort } from './service-model.ts'

const SEAT: Hex = `0x${'5e'.repeat(20)}`
const OTHER: Hex = `0x${'5f'.repeat(20)}`

/** A payer with an allotment, and a seat, each with its own store. */
class World {
  readonly port = new ModelServicePort()
  readonly signer: Signer = testSigner('payer')
  readonly paid = new MemoryServices()
  readonly earned = new MemoryServices()
  readonly logger = memoryLogger()
  payer: ServicePayer = this.newPayer()
  seat: ServiceEarnings = this.newSeat()

  constructor(allotted = 1_000n, thawing = 0n) {
    this.port.allot(this.signer.address, allotted, thawing)
  }

  newPayer(services = this.paid): ServicePayer {
    const { port, signer } = this
    return new ServicePayer({ network: TEST_NETWORK, port, services, signer })
  }

  newSeat(services = this.earned, provider = SEAT): ServiceEarnings {
    const { port } = this
    return new ServiceEarnings({
      crypto: testCrypto,
      network: TEST_NETWORK,
      port,
      provider,
      services,
    })
  }

  redeemer(): ServiceRedeemer {
    const { earned: services, logger, port, seat: earnings } = this
    return new ServiceRedeemer({ earnings, logger, port, provider: SEAT, services })
  }

  mine(seat = SEAT): ServiceRow | undefined {
    return this.paid.rows.get(`${this.signer.address}:${seat}`)
  }

  theirs(): ServiceRow | undefined {
    return this.earned.rows.get(`${this.signer.address}:${SEAT}`)
  }

  async voucher(
    cumulative: bigint,
    change: { payer?: Hex; provider?: Hex; signer?: Signer } = {},
  ): Promise<SignedServiceVoucher> {
    const { payer = this.signer.address, provider = SEAT, signer = this.signer } = change
    const voucher = { payer, provider, cumulative }
    return { voucher, signature: await signStruct(signer, TEST_NETWORK, 'ServiceVoucher', voucher) }
  }
}

describe('the payer’s service fees', () => {
  it('are running totals per seat, signed and on disk before they are handed out', async () => {
    const world = new World()
    await world.payer.pay(SEAT, 10n)
    await world.payer.pay(OTHER, 5n)
    const { voucher, signature } = await world.payer.pay(SEAT, 7n)
    const payer = world.signer.address
    expect(voucher).to.deep.equal({ payer, provider: SEAT, cumulative: 17n })
    expect(recoverStruct(testCrypto, TEST_NETWORK, 'ServiceVoucher', voucher, signature)).to.equal(
      payer,
    )
    expect(world.mine()).to.include({ paid: 17n, due: 17n })
    expect(world.mine(OTHER)?.paid).to.equal(5n)
    expect(new Set(world.paid.levels)).to.deep.equal(new Set(['durable']))
  })

  it('for nothing show the total as it is, without asking the chain', async () => {
    const world = new World()
    const zero = await world.payer.pay(SEAT, 0n)
    expect(zero.voucher.cumulative).to.equal(0n)
    const ten = await world.payer.pay(SEAT, 10n)
    const { reads } = world.port
    expect(await world.payer.pay(SEAT, 0n)).to.deep.equal(ten)
    expect(world.port.reads).to.equal(reads)
  })

  it('never exceed the shared allotment, whichever seats they go to', async () => {
    const world = new World(100n, 20n)
    await world.payer.pay(SEAT, 50n)
    await world.payer.pay(OTHER, 30n)
    const error = await expectCode('BALANCE_INSUFFICIENT', () => world.payer.pay(SEAT, 1n))
    expect(error.details).to.include({ need: 81n, allotted: 80n })
    expect(world.mine()?.paid).to.equal(50n)
  })

  it('paid at once do not share money', async () => {
    const world = new World(100n)
    const results = await Promise.allSettled(
      [SEAT, OTHER, SEAT, OTHER, SEAT].map((seat) => world.payer.pay(seat, 30n)),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(3)
    expect((world.mine()?.paid ?? 0n) + (world.mine(OTHER)?.paid ?? 0n)).to.equal(90n)
  })

  it('go on after a restart, and after a lost store from what the seat redeemed', async () => {
    const world = new World()
    await world.payer.pay(SEAT, 10n)
    expect((await world.newPayer().pay(SEAT, 1n)).voucher.cumulative).to.equal(11n)
    await world.seat.raise(await world.payer.pay(SEAT, 0n), 10n)
    await world.redeemer().redeem()
    const lost = world.newPayer(new MemoryServices())
    expect((await lost.pay(SEAT, 3n)).voucher.cumulative).to.equal(13n)
  })

  it('are not signed while the chain does not answer or the disk fails', async () => {
    const world = new World()
    world.port.unreachable = true
    await expectCode('CHAIN_UNREACHABLE', () => world.payer.pay(SEAT, 1n))
    world.port.unreachable = false
    world.paid.failing = true
    await expectCode('STORE_CORRUPT', () => world.payer.pay(SEAT, 1n))
    world.paid.failing = false
    expect((await world.payer.pay(SEAT, 1n)).voucher.cumulative).to.equal(1n)
  })

  it('leave the rows of other payers in the same store alone', async () => {
    const world = new World(10n)
    const stranger = { payer: OTHER, provider: SEAT, paid: 10n ** 20n, due: 0n, redeemed: 0n }
    await world.paid.saveService(stranger, 'durable')
    expect((await world.payer.pay(SEAT, 10n)).voucher.cumulative).to.equal(10n)
  })
})

describe('a seat’s service fees', () => {
  it('count one fee per voucher and keep the highest one', async () => {
    const world = new World()
    await world.seat.raise(await world.payer.pay(SEAT, 10n), 10n)
    const last = await world.payer.pay(SEAT, 5n)
    await world.seat.raise(last, 5n)
    expect(world.theirs()).to.deep.include({ paid: 15n, due: 15n, voucher: last })
  })

  it('refuse a second fee for the same voucher', async () => {
    const world = new World()
    const voucher = await world.payer.pay(SEAT, 10n)
    await world.seat.raise(voucher, 10n)
    await expectCode('VOUCHER_INVALID', () => world.seat.raise(voucher, 10n))
    await expectCode('VOUCHER_INVALID', () => world.seat.raise(voucher, 1n))
    await world.seat.raise(voucher, 0n)
    expect(world.theirs()).to.include({ paid: 10n, due: 10n })
  })

  it('take vouchers that overtook one another', async () => {
    const world = new World()
    const [one, two] = [await world.payer.pay(SEAT, 10n), await world.payer.pay(SEAT, 20n)]
    await world.seat.raise(two, 20n)
    await world.seat.raise(one, 10n)
    expect(world.theirs()).to.deep.include({ paid: 30n, due: 30n, voucher: two })
  })

  it('refuse a fee that is too small, for somebody else or badly signed', async () => {
    const world = new World()
    const thief = testSigner('thief')
    const bad = [
      await world.voucher(9n),
      await world.voucher(10n, { provider: OTHER }),
      await world.voucher(10n, { signer: thief }),
      { ...(await world.voucher(10n)), signature: (await world.voucher(11n)).signature },
    ]
    for (const voucher of bad) {
      await expectCode('VOUCHER_INVALID', () => world.seat.raise(voucher, 10n))
    }
    expect(world.theirs()).to.equal(undefined)
  })

  it('refuse what the allotment cannot pay, thawing and redeemed by others excluded', async () => {
    const world = new World(100n, 20n)
    world.port.redeemed.set(`${world.signer.address}:${OTHER}`, 30n)
    const above = await world.voucher(51n)
    const error = await expectCode('ALLOTMENT_EXCEEDED', () => world.seat.raise(above, 1n))
    expect(error.details).to.include({ need: 51n, covered: 50n })
    await world.seat.raise(await world.voucher(50n), 1n)
  })

  it('count what this seat redeemed before as part of the total', async () => {
    const world = new World(100n)
    world.port.redeemed.set(`${world.signer.address}:${SEAT}`, 60n)
    await world.seat.raise(await world.voucher(100n), 40n)
    await expectCode('ALLOTMENT_EXCEEDED', async () =>
      world.seat.raise(await world.voucher(101n), 1n),
    )
  })

  it('are not paid with old vouchers after the seat lost its disk', async () => {
    const world = new World()
    const old = await world.payer.pay(SEAT, 10n)
    await world.seat.raise(old, 10n)
    await world.redeemer().redeem()
    const fresh = world.newSeat(new MemoryServices())
    await expectCode('VOUCHER_INVALID', () => fresh.raise(old, 1n))
    await fresh.raise(await world.payer.pay(SEAT, 2n), 2n)
  })

  it('keep nothing while the chain does not answer', async () => {
    const world = new World()
    const voucher = await world.payer.pay(SEAT, 10n)
    world.port.unreachable = true
    await expectCode('CHAIN_UNREACHABLE', () => world.seat.raise(voucher, 10n))
    world.port.unreachable = false
    await world.seat.raise(voucher, 10n)
    expect(world.theirs()?.due).to.equal(10n)
  })

  it('never count more than was signed, whatever comes in whatever order', async () => {
    const order = fc.array(fc.record({ fee: fc.nat({ max: 30 }), late: fc.boolean() }), {
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(order, async (fees) => {
        const world = new World(10n ** 6n)
        const sent = []
        for (const { fee, late } of fees) {
          const one = { voucher: await world.payer.pay(SEAT, BigInt(fee)), fee: BigInt(fee) }
          if (late) sent.unshift(one)
          else sent.push(one)
        }
        for (const { voucher, fee } of sent) await world.seat.raise(voucher, fee)
        const total = fees.reduce((sum, { fee }) => sum + BigInt(fee), 0n)
        const row = world.theirs()
        expect([row?.paid ?? 0n, row?.due ?? 0n]).to.deep.equal([total, total])
      }),
      { numRuns: 20 },
    )
  })
})

describe('service redeemer', () => {
  it('redeems the highest voucher of each payer, once, and books what the chain shows', async () => {
    const world = new World()
    await world.seat.raise(await world.payer.pay(SEAT, 10n), 10n)
    await world.seat.raise(await world.payer.pay(SEAT, 5n), 5n)
    const redeemer = world.redeemer()
    const [first, second] = await Promise.all([redeemer.redeem(), redeemer.redeem()])
    expect(first).to.equal(second)
    expect(await redeemer.redeem()).to.deep.equal([])
    expect(world.port.batches.map((batch) => batch.length)).to.deep.equal([1])
    expect(world.theirs()).to.include({ paid: 15n, redeemed: 15n })
    expect(world.port.redeemed.get(`${world.signer.address}:${SEAT}`)).to.equal(15n)
  })

  it('leaves small sums and what others earned', async () => {
    const world = new World()
    await world.seat.raise(await world.payer.pay(SEAT, 10n), 10n)
    const foreign = await world.voucher(50n, { provider: OTHER })
    const payer = world.signer.address
    const row = { payer, provider: OTHER, paid: 50n, due: 50n, redeemed: 0n, voucher: foreign }
    await world.earned.saveService(row, 'durable')
    expect(await world.redeemer().redeem(11n)).to.deep.equal([])
    await world.redeemer().redeem(10n)
    expect(world.port.batches.flat().map(({ voucher }) => voucher.provider)).to.deep.equal([SEAT])
  })

  it('holds the voucher when the chain fails or skips it', async () => {
    const world = new World()
    await world.seat.raise(await world.payer.pay(SEAT, 10n), 10n)
    world.port.unreachable = true
    await expectCode('CHAIN_UNREACHABLE', () => world.redeemer().redeem())
    world.port.unreachable = false
    world.port.skip.add(world.signer.address)
    const [skipped] = await world.redeemer().redeem()
    expect(skipped?.skipped).to.deep.equal([world.signer.address])
    expect(world.theirs()).to.include({ paid: 10n, redeemed: 0n })
    expect(world.logger.entries.map(({ event }) => event)).to.include(
      'voucher not redeemed in full',
    )
    world.port.skip.clear()
    await world.redeemer().redeem()
    expect(world.theirs()?.redeemed).to.equal(10n)
  })
})
