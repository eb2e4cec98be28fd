import { expect } from 'chai'
import { Redeemer, emptyChannel, redeemable } from '../../src/settlement/index.ts'
import { expectCode } from '../support/expect-code.ts'
import { JobWorld, PROVIDER } from '../support/job-world.ts'
import type { Payer } from '../support/job-world.ts'
import { gate } from '../support/scripted-engine.ts'

const JOB = `0x${'05'.repeat(32)}` as const

function redeemerOf(world: JobWorld): Redeemer {
  const { channels, ledger, logger, port } = world
  return new Redeemer({ channels, ledger, logger, port, provider: PROVIDER })
}

async function earn(world: JobWorld, payer: Payer, amount: bigint): Promise<void> {
  const frame = await payer.channels.paymentsTo(PROVIDER).pay(JOB, 0, amount)
  await world.channels.accept(frame)
}

describe('redeemer', () => {
  it('redeems what is held in one transaction, and once', async () => {
    const world = new JobWorld()
    await earn(world, world.payer, 100n)
    await earn(world, world.newPayer('second'), 30n)
    const redeemer = redeemerOf(world)
    const [tx, ...more] = await redeemer.redeem()
    expect(more).to.deep.equal([])
    expect(tx?.vouchers).to.equal(2)
    expect(world.port.earned.get(PROVIDER)).to.equal(130n)
    expect(await redeemer.redeem()).to.deep.equal([])
    expect(world.port.redeems).to.equal(1)
  })

  it('redeems again only what came on top', async () => {
    const world = new JobWorld()
    const redeemer = redeemerOf(world)
    for (let round = 1; round <= 3; round += 1) {
      await earn(world, world.payer, 10n)
      await redeemer.redeem()
      expect(world.port.earned.get(PROVIDER)).to.equal(BigInt(round) * 10n)
    }
  })

  it('shares one run between callers and keeps a voucher that comes meanwhile', async () => {
    const world = new JobWorld()
    await earn(world, world.payer, 100n)
    const redeemer = redeemerOf(world)
    const chain = gate()
    world.port.gate = chain.wait
    const runs = [redeemer.redeem(), redeemer.redeem()]
    await world.until(() => world.port.redeems === 1, 'transaction under way')
    world.port.gate = undefined
    await earn(world, world.payer, 20n)
    chain.open()
    await Promise.all(runs)
    expect(world.port.redeems).to.equal(1)
    const [row] = await world.ledger.listChannels()
    expect(row).to.include({ paid: 120n, redeemed: 100n })
    await redeemer.redeem()
    expect(world.port.earned.get(PROVIDER)).to.equal(120n)
  })

  it('holds every voucher when the chain fails, and redeems them later', async () => {
    const world = new JobWorld()
    await earn(world, world.payer, 100n)
    const redeemer = redeemerOf(world)
    world.port.unreachable = true
    await expectCode('CHAIN_UNREACHABLE', () => redeemer.redeem())
    world.port.unreachable = false
    await redeemer.redeem()
    expect(world.port.earned.get(PROVIDER)).to.equal(100n)
  })

  it('tells of a transaction whose result it could not read back', async () => {
    const world = new JobWorld()
    await earn(world, world.payer, 100n)
    const redeem = world.port.redeem.bind(world.port)
    world.port.redeem = async (provider, vouchers) => {
      const done = await redeem(provider, vouchers)
      world.port.unreachable = true
      return done
    }
    const redeemer = redeemerOf(world)
    expect(await redeemer.redeem()).to.have.length(1)
    world.port.unreachable = false
    world.port.redeem = redeem
    // The chain skips what it paid already, and then the book is right.
    await redeemer.redeem()
    expect(world.port.earned.get(PROVIDER)).to.equal(100n)
    expect((await world.ledger.listChannels())[0]?.redeemed).to.equal(100n)
  })

  it('keeps a skipped voucher and tries it again', async () => {
    const world = new JobWorld()
    await earn(world, world.payer, 100n)
    world.port.skip.add(world.payer.address)
    const redeemer = redeemerOf(world)
    const [tx] = await redeemer.redeem()
    expect(tx?.skipped).to.deep.equal([world.payer.address])
    expect((await world.ledger.listChannels())[0]).to.include({ paid: 100n, redeemed: 0n })
    expect(world.logger.entries.map(({ event }) => event)).to.include(
      'voucher not redeemed in full',
    )
    world.port.skip.clear()
    await redeemer.redeem()
    expect(world.port.earned.get(PROVIDER)).to.equal(100n)
  })

  it('redeems after a restart what the store holds', async () => {
    const world = new JobWorld()
    const run = await world.submit(await world.connect(), { maxTokens: 100 })
    const { progress } = await run.ended
    await world.until(() => world.server.inFlight === 0)
    await world.restartProvider()
    await redeemerOf(world).redeem()
    expect(world.port.earned.get(PROVIDER)).to.equal(progress.prepaid)
  })

  it('leaves out what gains too little and takes the highest gain first', async () => {
    const world = new JobWorld()
    const rich = world.newPayer('rich')
    await earn(world, world.payer, 10n)
    await earn(world, rich, 50n)
    const rows = redeemable(await world.ledger.listChannels())
    expect(rows.map(({ paid }) => paid)).to.deep.equal([50n, 10n])
    await redeemerOf(world).redeem(20n)
    expect(world.port.earned.get(PROVIDER)).to.equal(50n)
    const left = redeemable(await world.ledger.listChannels())
    expect(left.map(({ paid }) => paid)).to.deep.equal([10n])
  })

  it('has nothing to redeem without a voucher', () => {
    const row = { ...emptyChannel(JOB, PROVIDER), paid: 5n }
    expect(redeemable([row])).to.deep.equal([])
    expect(redeemable([{ ...row, paid: 0n }])).to.deep.equal([])
  })
})
