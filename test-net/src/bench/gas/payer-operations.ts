/** What payers do before and between jobs. */
import {
  allot,
  allotBySig,
  allotService,
  deposit,
  depositBySig,
  depositWithPermit,
  signPermit,
} from '@duckmesh/contracts'
import type { Address, Hash } from 'viem'
import { PRICE } from './amounts.ts'
import type { GasWorld, Party } from './gas-world.ts'
import { GOALS } from './goals.ts'

/** No permit of the benchmark expires, unix seconds. */
const FAR = 4_000_000_000n

/** Measures deposits and allotments of fresh payers to this provider. */
export async function measurePayers(world: GasWorld, provider: Address): Promise<void> {
  await measureDeposits(world)
  await measurePermits(world)
  await measureAllotments(world, provider)
  await measureSigned(world, provider)
}

async function measureDeposits(world: GasWorld): Promise<void> {
  const { addresses } = world
  // so that the market is not empty, which only the very first deposit of a network finds
  const other = await world.funded('depositor before')
  await world.done(deposit(other.client, { addresses, payer: other.address, amount: PRICE }))
  const payer = await world.funded('depositor')
  const send = (): Promise<Hash> =>
    deposit(payer.client, { addresses, payer: payer.address, amount: PRICE })
  await world.measure({ name: 'deposit, first' }, send())
  await world.measure({ name: 'deposit, again', goal: GOALS.depositAgain }, send())
}

async function measurePermits(world: GasWorld): Promise<void> {
  const { addresses } = world
  const payer = await world.rich('permitter')
  const send = (): Promise<Hash> =>
    depositWithPermit(payer.client, { addresses, amount: PRICE, deadline: FAR })
  await world.done(send())
  const goal = GOALS.depositWithPermit
  await world.measure({ name: 'depositWithPermit', goal, recoveries: 1 }, send())
}

async function measureAllotments(world: GasWorld, provider: Address): Promise<void> {
  const { addresses } = world
  const payer = await world.funded('allotter')
  const amount = PRICE
  const all = { addresses, payer: payer.address, amount: 100n * amount }
  await world.done(deposit(payer.client, all))
  const toProvider = (): Promise<Hash> => allot(payer.client, { addresses, provider, amount })
  const toService = (): Promise<Hash> => allotService(payer.client, { addresses, amount })
  await world.measure({ name: 'allot, first' }, toProvider())
  await world.measure({ name: 'allot, again', goal: GOALS.allotAgain }, toProvider())
  await world.measure({ name: 'allotService, first' }, toService())
  await world.measure({ name: 'allotService, again', goal: GOALS.allotAgain }, toService())
}

/** Payers without ether: a relayer sends what they signed. */
async function measureSigned(world: GasWorld, provider: Address): Promise<void> {
  const payer = await world.rich('signer')
  const relayer = await world.funded('relayer of orders')
  await world.done(sendDeposit(world, { payer, relayer, provider, nonce: 0n }))
  const name = 'depositBySig with permit and allotment'
  const hash = sendDeposit(world, { payer, relayer, provider, nonce: 1n })
  await world.measure({ name, recoveries: 2 }, hash)
  await world.done(sendAllotment(world, { payer, relayer, provider, nonce: 2n }))
  const again = sendAllotment(world, { payer, relayer, provider, nonce: 3n })
  await world.measure({ name: 'allotBySig, again', recoveries: 1 }, again)
}

interface Relayed {
  payer: Party
  relayer: Party
  provider: Address
  nonce: bigint
}

async function sendDeposit(world: GasWorld, order: Relayed): Promise<Hash> {
  const { addresses } = world
  const { nonce, payer, provider, relayer } = order
  const spending = { spender: addresses.market, amount: 2n * PRICE, deadline: FAR }
  const permit = await signPermit(payer.client, { addresses, ...spending })
  const wanted = {
    payer: payer.address,
    amount: 2n * PRICE,
    provider,
    allotted: PRICE,
    nonce,
    deadline: FAR,
  }
  const signature = await world.sign(payer, 'Deposit', wanted)
  return depositBySig(relayer.client, { addresses, deposit: wanted, signature, permit })
}

async function sendAllotment(world: GasWorld, order: Relayed): Promise<Hash> {
  const { addresses } = world
  const { nonce, payer, provider, relayer } = order
  const allotment = { payer: payer.address, provider, amount: PRICE / 2n, nonce, deadline: FAR }
  const signature = await world.sign(payer, 'Allotment', allotment)
  return allotBySig(relayer.client, { addresses, allotment, signature })
}
