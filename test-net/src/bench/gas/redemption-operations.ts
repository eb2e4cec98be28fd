/** What redemptions cost: one voucher, batches, several providers at once, service vouchers. */
import { allotBySig, allotService, deposit, finalizeJob, finalizeJobs } from '@duckmesh/contracts'
import { finalizeMany, finalizeService, registerProvider } from '@duckmesh/contracts'
import type { RedeemGroup, SignedVoucher } from '@duckmesh/contracts'
import { keccak256 } from 'viem'
import type { Address, Hash } from 'viem'
import { PRICE, STAKE } from './amounts.ts'
import type { GasWorld, Party } from './gas-world.ts'
import { GOALS } from './goals.ts'

const PAYERS = 256
/** Vouchers of a provider in a transaction over several providers, and in one of service vouchers. */
const FEW = 16
/** Pairs of one provider in the comparison per job. */
export const PAIRS_PER_PROVIDER = 32
/** Half a per cent. */
const FEE_BPS = 50
const FAR = 4_000_000_000n
const ALLOTTED = 100n * PRICE

/** What a round of redemptions needs. */
interface Redemption {
  world: GasWorld
  payers: readonly Party[]
  relayer: Party
  provider: Address
}

/** Registers a provider of this name that stakes; its operator is a key of its own. */
export async function enrol(world: GasWorld, name: string): Promise<Party> {
  const owner = await world.funded(name)
  await world.nextSecond()
  await world.done(register(world, owner, name))
  return owner
}

/** The registration itself; the endpoint is as long as a multiaddr with a peer id. */
export function register(world: GasWorld, owner: Party, name: string): Promise<Hash> {
  const endpoint =
    '/ip4/203.0.113.7/tcp/3825/p2p/12D3KooWQJ5v1WnLkPo7Lq7z2Hk5RrZb1mMZkqJv1jX9bC3dE5fG'
  return registerProvider(owner.client, {
    addresses: world.addresses,
    operator: world.party(`${name} operator`).address,
    peerKey: keccak256(owner.address),
    endpoint,
    stake: STAKE,
  })
}

/** Measures all redemptions of this provider's vouchers; resolves to the gas of a batch for the comparison per job. */
export async function measureRedemptions(world: GasWorld, provider: Address): Promise<number> {
  const relayer = await world.funded('relayer')
  const payers = Array.from({ length: PAYERS }, (_, n) => world.party(`payer ${n}`))
  const redemption = { world, payers, relayer, provider }
  for (const payer of payers) await fundPayer(redemption, payer)
  for (const payer of payers) await openChannel(redemption, payer, 0n)
  await measureSingle(redemption)
  const batch = await measureBatches(redemption)
  await measureMany(redemption)
  await measureService(world, provider)
  return batch
}

/** The relayer's money in the payer's account, so that payers need no ether. */
async function fundPayer({ world, relayer }: Redemption, payer: Party): Promise<void> {
  const { addresses } = world
  const amount = 10n * ALLOTTED
  await world.done(deposit(relayer.client, { addresses, payer: payer.address, amount }))
}

async function openChannel(redemption: Redemption, payer: Party, nonce: bigint): Promise<void> {
  const { provider, relayer, world } = redemption
  const { addresses } = world
  const allotment = { payer: payer.address, provider, amount: ALLOTTED, nonce, deadline: FAR }
  const signature = await world.sign(payer, 'Allotment', allotment)
  await world.done(allotBySig(relayer.client, { addresses, allotment, signature }))
}

/** The vouchers of some payers, each over so many prices in all. */
function sign(
  { world, provider }: Redemption,
  payers: readonly Party[],
  prices: bigint,
  type: 'Voucher' | 'ServiceVoucher' = 'Voucher',
): Promise<SignedVoucher[]> {
  return Promise.all(
    payers.map(async (payer) => {
      const voucher = { payer: payer.address, provider, cumulative: prices * PRICE, epoch: 0n }
      return { ...voucher, signature: await world.sign(payer, type, voucher) }
    }),
  )
}

async function measureSingle(redemption: Redemption): Promise<void> {
  const { payers, provider, relayer, world } = redemption
  const { addresses } = world
  const send = async (prices: bigint): Promise<Hash> => {
    const [signed] = await sign(redemption, payers.slice(0, 1), prices)
    if (signed === undefined) throw new TypeError('There is no payer.')
    const { signature, ...rest } = signed
    const voucher = { ...rest, provider, epoch: 0n }
    return finalizeJob(relayer.client, { addresses, voucher, signature })
  }
  // the provider's first redemption of all finds its earnings empty
  await batch(redemption, payers.slice(1, 2), 1n)
  await world.measure({ name: 'finalizeJob, first of a channel', recoveries: 1 }, send(1n))
  const goal = GOALS.redeemSingle
  await world.measure({ name: 'finalizeJob, again', goal, recoveries: 1 }, send(2n))
}

async function batch(redemption: Redemption, payers: readonly Party[], prices: bigint) {
  const { provider, relayer, world } = redemption
  const vouchers = await sign(redemption, payers, prices)
  return world.done(
    finalizeJobs(relayer.client, { addresses: world.addresses, provider, vouchers }),
  )
}

async function measureBatches(redemption: Redemption): Promise<number> {
  const { payers, provider, relayer, world } = redemption
  const { addresses } = world
  // first redemptions of a channel fill what later ones change
  await batch(redemption, payers.slice(2), 1n)
  let [prices, ofPairs] = [2n, 0]
  for (const vouchers of [1, FEW, PAIRS_PER_PROVIDER, 64, PAYERS]) {
    prices += 1n
    const signed = await sign(redemption, payers.slice(0, vouchers), prices)
    const name = `finalizeJobs of ${vouchers}, a voucher`
    const goal = goalOf(vouchers)
    const kept = { name, recoveries: vouchers, vouchers, ...(goal === undefined ? {} : { goal }) }
    const hash = finalizeJobs(relayer.client, { addresses, provider, vouchers: signed })
    const { gasUsed } = await world.measure(kept, hash)
    if (vouchers === PAIRS_PER_PROVIDER) ofPairs = Number(gasUsed)
  }
  return ofPairs
}

function goalOf(vouchers: number): number | undefined {
  if (vouchers === 64) return GOALS.voucherOf64
  return vouchers === PAYERS ? GOALS.voucherOf256 : undefined
}

/** Three providers, the last of which pays the relayer. */
async function measureMany(redemption: Redemption): Promise<void> {
  const { relayer, world } = redemption
  const payers = redemption.payers.slice(0, FEW)
  const names = ['many 0', 'many 1', 'many 2']
  const providers: Party[] = []
  for (const name of names) providers.push(await enrol(world, name))
  for (const [n, { address }] of providers.entries()) {
    for (const payer of payers) {
      await openChannel({ ...redemption, provider: address }, payer, BigInt(n) + 1n)
    }
  }
  const operator = world.party('many 2 operator')
  const { addresses } = world
  for (const round of [1n, 2n]) {
    const groups = await Promise.all(
      providers.map(async ({ address }, n): Promise<RedeemGroup> => {
        const vouchers = await sign({ ...redemption, provider: address }, payers, round)
        if (n < 2) return { provider: address, vouchers }
        return {
          provider: address,
          vouchers,
          fee: await feeOf(redemption, operator, address, round),
        }
      }),
    )
    const hash = finalizeMany(relayer.client, { addresses, groups })
    if (round === 1n) await world.done(hash)
    else {
      const name = `finalizeMany of 3 x ${FEW} with one fee, a voucher`
      await world.measure({ name, recoveries: 3 * FEW + 1, vouchers: 3 * FEW }, hash)
    }
  }
}

async function feeOf(
  { relayer, world }: Redemption,
  operator: Party,
  provider: Address,
  nonce: bigint,
): Promise<NonNullable<RedeemGroup['fee']>> {
  const permit = { provider, relayer: relayer.address, feeBps: FEE_BPS, nonce, deadline: FAR }
  const signature = await world.sign(operator, 'RedeemPermit', permit)
  return { bps: FEE_BPS, nonce, deadline: FAR, signature }
}

async function measureService(world: GasWorld, provider: Address): Promise<void> {
  const { addresses } = world
  const relayer = await world.funded('relayer of services')
  const payers: Party[] = []
  for (let n = 0; n < FEW; n++) {
    const payer = await world.funded(`service payer ${n}`)
    const all = { addresses, payer: payer.address, amount: ALLOTTED }
    await world.done(deposit(payer.client, all))
    await world.done(allotService(payer.client, { addresses, amount: ALLOTTED }))
    payers.push(payer)
  }
  const redemption = { world, payers, relayer, provider }
  for (const prices of [1n, 2n]) {
    const vouchers = await sign(redemption, payers, prices, 'ServiceVoucher')
    const hash = finalizeService(relayer.client, { addresses, provider, vouchers })
    const name = `finalizeService of ${FEW}, a voucher`
    if (prices === 1n) await world.done(hash)
    else await world.measure({ name, recoveries: FEW, vouchers: FEW }, hash)
  }
}
