import { expect } from 'chai'
import type { Hex } from '@duckmesh/proto'
import { recoverStruct } from '../../src/signed-struct.ts'
import { expectCode } from '../support/expect-code.ts'
import { JobWorld, PROVIDER } from '../support/job-world.ts'
import { signedVoucher } from '../support/resign.ts'
import { TEST_NETWORK, testCrypto } from '../support/test-crypto.ts'

const job = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`

describe('steps that cost nothing', () => {
  let world: JobWorld

  beforeEach(() => {
    world = new JobWorld()
  })

  const pay = (n: number, amount: bigint) =>
    world.payer.channels.paymentsTo(PROVIDER).pay(job(n), 0, amount)

  it('show a signed voucher over nothing on a channel without an allotment', async () => {
    world.port.allot(world.payer.address, PROVIDER, 0n)
    const { amount, voucher } = await pay(1, 0n)
    expect(amount).to.equal(0n)
    const { address } = world.payer
    const terms = { payer: address, provider: PROVIDER, cumulative: 0n, epoch: 0 }
    expect(voucher.voucher).to.deep.equal(terms)
    const signed = recoverStruct(
      testCrypto,
      TEST_NETWORK,
      'Voucher',
      voucher.voucher,
      voucher.signature,
    )
    expect(signed).to.equal(address)
    expect(await world.channels.accept({ jobId: job(1), segment: 0, amount, voucher })).to.equal(0n)
    // Nothing of it is told in a hello or redeemed.
    expect(await world.payer.channels.standing(PROVIDER)).to.deep.equal({ due: 0n })
    expect(await world.channels.standing(address)).to.deep.equal({ due: 0n })
  })

  it('show the last voucher again on a channel that paid, and leave its total as it is', async () => {
    const paid = await pay(1, 100n)
    const free = await pay(2, 0n)
    expect(free).to.deep.equal({ jobId: job(2), segment: 0, amount: 0n, voucher: paid.voucher })
    await world.channels.accept({ ...free, ...paid })
    expect(await world.channels.accept(free)).to.equal(0n)
    expect((await pay(1, 1n)).voucher.voucher.cumulative).to.equal(101n)
  })

  it('make no money of a voucher over nothing', async () => {
    const { address, signer } = world.payer
    const terms = { payer: address, provider: PROVIDER, cumulative: 0n, epoch: 0 }
    const voucher = signedVoucher(signer, terms)
    const frame = { jobId: job(1), segment: 0, amount: 1n, voucher }
    await expectCode('VOUCHER_INVALID', () => world.channels.accept(frame))
  })
})
