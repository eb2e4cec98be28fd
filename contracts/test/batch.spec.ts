import { expect } from 'chai'
import { generatePrivateKey } from 'viem/accounts'
import {
  finalizeJob,
  finalizeJobs,
  parseRedemption,
  readChannel,
  readEarned,
  type SignedVoucher,
} from '../ts/index.ts'
import {
  DUCK,
  createParty,
  enrol,
  openChannel,
  signVoucher,
  startMesh,
  type Mesh,
  type Party,
} from './support/mesh.ts'

const PAYERS = 64

/** wei; as in real jobs most of its bytes are not zero, which calldata charges for */
const PRICE = 1_234_567_890_123_456_789n

/** What one transaction may cost, gas: DESIGN, "Numbers to reach"; about 15 000 of each are the burn. */
const GAS = { single: 60_000n, batch1: 63_500n, perVoucherOf16: 14_400n, perVoucherOf64: 12_000n }

describe('a batch of vouchers on a real chain', () => {
  let mesh: Mesh
  const payers: Party[] = []

  before(async function () {
    this.timeout(60_000)
    mesh = await startMesh()
    await enrol(mesh)
    for (let i = 0; i < PAYERS; i++) {
      const party = createParty(mesh.anvil.url, generatePrivateKey())
      await mesh.test.setBalance({ address: party.address, value: DUCK })
      await openChannel(mesh, party, 100n * DUCK)
      payers.push(party)
    }
    // first redemptions pay for fresh slots; the figures are about the steady state
    await redeem(payers, PRICE)
  })

  after(() => mesh.anvil.stop())

  async function signed(party: Party, cumulative: bigint): Promise<SignedVoucher> {
    const voucher = { payer: party.address, provider: mesh.provider.address, cumulative, epoch: 0n }
    return { ...voucher, signature: await signVoucher(mesh, party.account, voucher) }
  }

  async function redeem(from: readonly Party[], cumulative: bigint): Promise<bigint> {
    const { addresses, provider, relayer, done } = mesh
    const vouchers = await Promise.all(from.map((party) => signed(party, cumulative)))
    const receipt = await done(
      finalizeJobs(relayer.client, { addresses, provider: provider.address, vouchers }),
    )
    const { vouchers: paid, skipped } = parseRedemption({ addresses, logs: receipt.logs })
    expect({ paid, skipped }).to.deep.equal({ paid: from.length, skipped: [] })
    return receipt.gasUsed
  }

  it('costs within the goals for 1, 16 and 64 vouchers', async () => {
    const one = await redeem(payers.slice(0, 1), 2n * PRICE)
    const sixteen = await redeem(payers.slice(0, 16), 3n * PRICE)
    const all = await redeem(payers, 4n * PRICE)
    expect(one <= GAS.batch1, `k=1: ${one}`).to.equal(true)
    expect(sixteen <= 16n * GAS.perVoucherOf16, `k=16: ${sixteen / 16n}`).to.equal(true)
    expect(all <= 64n * GAS.perVoucherOf64, `k=64: ${all / 64n}`).to.equal(true)
  })

  it('costs within the goal for a single voucher', async () => {
    const { addresses, provider, relayer, done } = mesh
    const party = payers[0]!
    const { signature, ...rest } = await signed(party, 5n * PRICE)
    const voucher = { ...rest, provider: provider.address, epoch: 0n }
    const { gasUsed } = await done(finalizeJob(relayer.client, { addresses, voucher, signature }))
    expect(gasUsed <= GAS.single, String(gasUsed)).to.equal(true)
  })

  it('does what its vouchers do one by one', async () => {
    const { chain, test, addresses, provider, relayer, done } = mesh
    const some = payers.slice(0, 4)
    const vouchers = await Promise.all(
      some.map((party, i) => signed(party, BigInt(i + 1) * 10n * DUCK)),
    )
    // a stale one, and one above the allotment
    vouchers.push(await signed(payers[0]!, 9n), await signed(payers[1]!, 101n * DUCK))
    const read = async (): Promise<unknown> => [
      await readEarned(chain, { addresses, provider: provider.address }),
      ...(await Promise.all(
        some.map(({ address }) =>
          readChannel(chain, { addresses, payer: address, provider: provider.address }),
        ),
      )),
    ]
    const id = await test.snapshot()
    await done(finalizeJobs(relayer.client, { addresses, provider: provider.address, vouchers }))
    const batched = await read()
    await test.revert({ id })
    for (const { signature, ...rest } of vouchers.slice(0, 4)) {
      const voucher = { ...rest, provider: provider.address, epoch: 0n }
      await done(finalizeJob(relayer.client, { addresses, voucher, signature }))
    }
    expect(await read()).to.deep.equal(batched)
  })
})
