import { expect } from 'chai'
import type { Hex, VoucherFrame } from '@duckmesh/proto'
import { creditOf } from '../../src/settlement/index.ts'
import type { ChannelRow } from '../../src/settlement/index.ts'
import { recoverStruct } from '../../src/signed-struct.ts'
import { expectCode } from '../support/expect-code.ts'
import { JobWorld, PROVIDER, type Payer } from '../support/job-world.ts'
import { signedVoucher } from '../support/resign.ts'
import { TEST_NETWORK, testCrypto } from '../support/test-crypto.ts'

const job = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`

async function mine(payer: Payer): Promise<ChannelRow | undefined> {
  return payer.ledger.loadChannel({ payer: payer.address, provider: PROVIDER })
}

async function theirs(world: JobWorld): Promise<ChannelRow | undefined> {
  return world.ledger.loadChannel({ payer: world.payer.address, provider: PROVIDER })
}

describe('the payer’s channels', () => {
  it('sign cumulative vouchers that are on disk before they are handed out', async () => {
    const { payer } = new JobWorld()
    payer.ledger.disk.held = true
    const payments = payer.channels.paymentsTo(PROVIDER)
    const first = await payments.pay(job(1), 0, 100n)
    const second = await payments.pay(job(1), 0, 50n)
    expect(first).to.include({ jobId: job(1), segment: 0, amount: 100n })
    const { voucher, signature } = second.voucher
    expect(voucher).to.deep.equal({
      payer: payer.address,
      provider: PROVIDER,
      cumulative: 150n,
      epoch: 0,
    })
    expect(recoverStruct(testCrypto, TEST_NETWORK, 'Voucher', voucher, signature)).to.equal(
      payer.address,
    )
    const [synced] = [...payer.ledger.disk.synced.values()]
    expect(synced?.voucher).to.deep.equal(second.voucher)
  })

  it('use credit first and then show the last voucher again', async () => {
    const { payer } = new JobWorld()
    const payments = payer.channels.paymentsTo(PROVIDER)
    const first = await payments.pay(job(1), 0, 100n)
    await payments.receipted(job(1), 0, 30n)
    await payments.close(job(1), 0)
    const second = await payments.pay(job(2), 0, 70n)
    expect(second.voucher).to.deep.equal(first.voucher)
    const third = await payments.pay(job(2), 0, 1n)
    expect(third.voucher.voucher.cumulative).to.equal(101n)
  })

  it('sign nothing above the allotment, thawing excluded', async () => {
    const world = new JobWorld()
    const { payer, port } = world
    port.allot(payer.address, PROVIDER, 100n, 40n)
    const payments = payer.channels.paymentsTo(PROVIDER)
    const error = await expectCode('BALANCE_INSUFFICIENT', () => payments.pay(job(1), 0, 61n))
    expect(error.details).to.include({ need: 61n, allotted: 60n })
    await payments.pay(job(1), 0, 60n)
    expect((await mine(payer))?.paid).to.equal(60n)
  })

  it('say what a channel may cover at best: with what runs or is in doubt given back', async () => {
    const { payer, port } = new JobWorld()
    port.allot(payer.address, PROVIDER, 100n, 10n)
    const payments = payer.channels.paymentsTo(PROVIDER)
    expect(await payer.channels.mayCover(PROVIDER, 90n)).to.equal(true)
    expect(await payer.channels.mayCover(PROVIDER, 91n)).to.equal(false)
    await payments.pay(job(1), 0, 80n)
    await payments.receipted(job(1), 0, 30n)
    await payments.leave(job(1), 0)
    // 50 of them are in doubt: the provider's hello may give them back.
    expect(await payer.channels.mayCover(PROVIDER, 60n)).to.equal(true)
    expect(await payer.channels.mayCover(PROVIDER, 61n)).to.equal(false)
    port.unreachable = true
    await expectCode('CHAIN_UNREACHABLE', () => payer.channels.mayCover(PROVIDER, 1n))
  })

  it('sign nothing while the chain does not answer or the disk fails', async () => {
    const world = new JobWorld()
    const payments = world.payer.channels.paymentsTo(PROVIDER)
    world.port.unreachable = true
    await expectCode('CHAIN_UNREACHABLE', () => payments.pay(job(1), 0, 1n))
    world.port.unreachable = false
    world.payer.ledger.disk.failing = true
    await expectCode('STORE_CORRUPT', () => payments.pay(job(1), 0, 1n))
    world.payer.ledger.disk.failing = false
    expect((await payments.pay(job(1), 0, 1n)).voucher.voucher.cumulative).to.equal(1n)
  })

  it('concurrent payments never share money', async () => {
    const { payer } = new JobWorld()
    const payments = payer.channels.paymentsTo(PROVIDER)
    const frames = await Promise.all([1, 2, 3, 4].map((n) => payments.pay(job(n), 0, 10n)))
    const cumulatives = frames.map(({ voucher }) => voucher.voucher.cumulative)
    expect(cumulatives).to.deep.equal([10n, 20n, 30n, 40n])
  })

  it('keep a step in doubt reserved until a hello tells', async () => {
    const { payer } = new JobWorld()
    const payments = payer.channels.paymentsTo(PROVIDER)
    await payments.pay(job(1), 0, 100n)
    await payments.leave(job(1), 0)
    const next = await payments.pay(job(2), 0, 10n)
    expect(next.voucher.voucher.cumulative).to.equal(110n)
    await payments.close(job(2), 0)
    await payer.channels.adopt(PROVIDER, undefined, 25n)
    const row = await mine(payer)
    expect(row).to.include({ settled: 25n, paid: 110n })
    expect(row?.open).to.deep.equal([])
  })

  it('are settled by a hello after a restart, whatever ran before', async () => {
    const world = new JobWorld()
    await world.payer.channels.paymentsTo(PROVIDER).pay(job(1), 0, 100n)
    const again = world.payer.restarted(world.port)
    await again.channels.adopt(PROVIDER, undefined, 64n)
    expect(await mine(again)).to.include({ settled: 64n, paid: 100n })
  })

  it('ignore a hello whose voucher they never signed', async () => {
    const world = new JobWorld()
    const thief = world.newPayer('thief')
    const content = { payer: world.payer.address, provider: PROVIDER, cumulative: 9n, epoch: 0 }
    const lies = [
      signedVoucher(thief.signer, content),
      signedVoucher(thief.signer, { ...content, payer: thief.address }),
      signedVoucher(world.payer.signer, { ...content, provider: thief.address }),
      signedVoucher(world.payer.signer, { ...content, epoch: 1 }),
    ]
    for (const lie of lies) await world.payer.channels.adopt(PROVIDER, lie, 9n)
    expect(await mine(world.payer)).to.equal(undefined)
  })

  it('learn a lost voucher from the provider', async () => {
    const world = new JobWorld()
    const run = await world.submit(await world.connect(), { maxTokens: 100 })
    await run.ended
    await world.until(() => world.server.inFlight === 0)
    const before = await mine(world.payer)
    world.payer = world.newPayer()
    await world.connect()
    const after = await mine(world.payer)
    expect(after).to.deep.equal(before)
    const { lastVoucher } = await world.payer.channels.standing(PROVIDER)
    expect(lastVoucher).to.deep.equal(before?.voucher)
  })
})

describe('the provider’s channels', () => {
  async function frame(world: JobWorld, n: number, amount: bigint): Promise<VoucherFrame> {
    return world.payer.channels.paymentsTo(PROVIDER).pay(job(n), 0, amount)
  }

  it('add up what belongs to a segment', async () => {
    const world = new JobWorld()
    expect(await world.channels.accept(await frame(world, 1, 10n))).to.equal(10n)
    expect(await world.channels.accept(await frame(world, 1, 15n))).to.equal(25n)
    expect(await world.channels.accept(await frame(world, 2, 5n))).to.equal(5n)
    expect((await theirs(world))?.paid).to.equal(30n)
  })

  it('take vouchers in any order and each once', async () => {
    const world = new JobWorld()
    const [one, two] = [await frame(world, 1, 10n), await frame(world, 2, 20n)]
    expect(await world.channels.accept(two)).to.equal(20n)
    expect(await world.channels.accept(one)).to.equal(10n)
    await expectCode('VOUCHER_INVALID', () => world.channels.accept(one))
    await expectCode('VOUCHER_INVALID', () => world.channels.accept(two))
    expect((await theirs(world))?.paid).to.equal(30n)
  })

  it('refuse a voucher of a later epoch', async () => {
    const world = new JobWorld()
    const good = await frame(world, 1, 10n)
    const voucher = signedVoucher(world.payer.signer, { ...good.voucher.voucher, epoch: 1 })
    await expectCode('VOUCHER_INVALID', () => world.channels.accept({ ...good, voucher }))
  })

  it('redeem after a crash what was accepted, receipts as credit to nobody', async () => {
    const world = new JobWorld()
    await world.channels.accept(await frame(world, 1, 100n))
    await world.channels.receipted(world.payer.address, job(1), 0, 64n)
    await world.restartProvider()
    const row = await theirs(world)
    expect(row).to.include({ paid: 100n, settled: 64n })
    expect(row?.open).to.deep.equal([])
    expect(await world.channels.standing(world.payer.address)).to.deep.include({ due: 64n })
  })

  it('get back from the payer’s hello what the crash took, and both books agree', async () => {
    const world = new JobWorld()
    const first = await world.submit(await world.connect(), { maxTokens: 40 })
    await first.ended
    await world.until(() => world.server.inFlight === 0)
    world.ledger.disk.held = true
    const second = await world.submit(await world.connect(), { maxTokens: 50 })
    await second.ended
    await world.until(() => world.server.inFlight === 0)
    const before = await mine(world.payer)
    await world.restartProvider()
    expect((await theirs(world))?.paid).to.equal(first.state.progress.prepaid)
    const link = await world.connect()
    const after = await theirs(world)
    expect(after).to.include({ paid: before?.paid, settled: before?.settled })
    const third = await world.submit(link, { maxTokens: 70 })
    expect((await third.ended).state).to.equal('finalized')
  })

  it('ignore in a hello what they could not redeem', async () => {
    const world = new JobWorld()
    const { payer } = world
    const thief = world.newPayer('thief')
    const content = { payer: payer.address, provider: PROVIDER, cumulative: 9n, epoch: 0 }
    const lies = [
      signedVoucher(thief.signer, content),
      signedVoucher(payer.signer, { ...content, cumulative: 10n ** 25n }),
      signedVoucher(payer.signer, { ...content, epoch: 2 }),
      signedVoucher(payer.signer, { ...content, provider: thief.address }),
    ]
    for (const lie of lies) await world.channels.adopt(payer.address, lie, 5n)
    world.port.unreachable = true
    await world.channels.adopt(payer.address, signedVoucher(payer.signer, content), 0n)
    expect(await theirs(world)).to.equal(undefined)
  })

  it('count in a hello what running segments hold', async () => {
    const world = new JobWorld()
    await world.channels.accept(await frame(world, 1, 100n))
    await world.channels.receipted(world.payer.address, job(1), 0, 30n)
    expect((await world.channels.standing(world.payer.address)).due).to.equal(100n)
    await world.channels.close(world.payer.address, job(1), 0)
    expect((await world.channels.standing(world.payer.address)).due).to.equal(30n)
    const row = await theirs(world)
    expect(row && creditOf(row)).to.equal(70n)
  })

  it('do not settle by a hello while a segment runs', async () => {
    const world = new JobWorld()
    await world.channels.accept(await frame(world, 1, 100n))
    const voucher = signedVoucher(world.payer.signer, {
      payer: world.payer.address,
      provider: PROVIDER,
      cumulative: 130n,
      epoch: 0,
    })
    await world.channels.adopt(world.payer.address, voucher, 120n)
    const row = await theirs(world)
    expect(row).to.include({ paid: 130n, settled: 0n })
    expect(row?.open).to.have.length(1)
  })
})
