/** Random steps for the market and its model. Amounts reach beyond what is there, so that refusals are compared too. */
import { encodeFunctionData, type Abi, type Address, type Hex, type TypedData } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { jobMarketAbi } from '../../ts/abi/job-market.ts'
import { providerRegistryAbi } from '../../ts/abi/provider-registry.ts'
import { packVouchers, type SignedVoucher } from '../../ts/index.ts'
import { SERVICE, type ModelVoucher } from './escrow-model.ts'
import { STAKE, type World } from './escrow-world.ts'
import { DUCK } from './mesh.ts'

/** A random integer from 0 to `below` - 1. */
export type Pick = (below: number) => number

/** What is sent to the chain, and the same to the model. */
export interface Step {
  text: string
  from: Address
  to?: Address
  data: Hex
  /** what a redemption returns says what it skipped */
  model: (now: bigint) => unknown
}

/** Who and what a step is about. */
interface Scene {
  world: World
  pick: Pick
  now: bigint
  payer: PrivateKeyAccount
  provider: PrivateKeyAccount
  account: PrivateKeyAccount
  /** a random part of `most`, now and then more than all of it */
  upTo: (most: bigint) => bigint
}

type Maker = (scene: Scene) => Step | Promise<Step>

/** What may come next at time `now`. */
export async function nextStep(world: World, pick: Pick, now: bigint): Promise<Step> {
  const one = <T>(list: readonly T[]): T => list[pick(list.length)] as T
  return await one(makers)({
    world,
    pick,
    now,
    payer: one([...world.accounts, world.session]),
    provider: one(world.providers),
    account: one(world.accounts),
    upTo: (most) => (most * BigInt(pick(1_250))) / 1_000n,
  })
}

/** A small generator (mulberry32), so that a failing sequence can be run again by its seed. */
export function randomOf(seed: number): Pick {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) % below
  }
}

/** Names and arguments come from tables here, so they are checked when they are encoded and not by type. */
const abi: Abi = jobMarketAbi

function step(
  from: Address,
  name: string,
  args: readonly unknown[],
  model: (now: bigint) => unknown,
): Step {
  const data = encodeFunctionData({ abi, functionName: name, args })
  return { text: name, from, data, model }
}

const types: TypedData = {
  Voucher: [
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'cumulative', type: 'uint96' },
    { name: 'epoch', type: 'uint64' },
  ],
  ServiceVoucher: [
    { name: 'payer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'cumulative', type: 'uint96' },
  ],
  SessionGrant: [
    { name: 'account', type: 'address' },
    { name: 'session', type: 'address' },
    { name: 'cap', type: 'uint96' },
    { name: 'expiry', type: 'uint64' },
  ],
}

function sign(
  { world: { mesh } }: Scene,
  who: PrivateKeyAccount,
  primaryType: string,
  message: Record<string, unknown>,
): Promise<Hex> {
  const verifyingContract = mesh.addresses.registry
  const domain = { name: 'DuckMesh', version: '1', chainId: 31_337, verifyingContract }
  return who.signTypedData({ domain, types, primaryType, message })
}

/** One to four vouchers of any payers, some stale, some above the allotment, one in nine forged. */
async function batchOf(
  scene: Scene,
  type: 'Voucher' | 'ServiceVoucher',
): Promise<{ packed: Hex; vouchers: ModelVoucher[] }> {
  const { world, pick, provider, upTo } = scene
  const { model, accounts, session } = world
  const vouchers: ModelVoucher[] = []
  const signed: SignedVoucher[] = []
  for (let left = 1 + pick(4); left > 0; left--) {
    const who = [...accounts, session][pick(3)] ?? session
    const payer = who.address
    const { allotted, redeemed } = model.channel(
      payer,
      type === 'Voucher' ? provider.address : SERVICE,
    )
    const before = type === 'Voucher' ? redeemed : model.served(payer, provider.address)
    const cumulative = before + upTo(allotted - redeemed) / (pick(3) === 0 ? 1n : 3n)
    const forged = pick(9) === 0
    const message = { payer, provider: provider.address, cumulative, epoch: 0n }
    const signature = await sign(scene, forged ? provider : who, type, message)
    vouchers.push({ payer, cumulative, signed: !forged })
    signed.push({ payer, cumulative, signature })
  }
  return { packed: packVouchers(signed), vouchers }
}

const deposit: Maker = ({ world: { model }, account, payer, upTo }) => {
  const amount = upTo(800n * DUCK)
  return step(account.address, 'deposit', [payer.address, amount], () =>
    model.deposit(account.address, payer.address, amount),
  )
}

const allot: Maker = ({ world: { model }, payer, provider, pick, upTo }) => {
  const { address } = payer
  const amount = upTo(model.account(address).free) + (pick(4) === 0 ? upTo(300n * DUCK) : 0n)
  return step(address, 'allot', [provider.address, amount], (now) =>
    model.allot(address, provider.address, amount, now),
  )
}

const allotService: Maker = ({ world: { model }, payer: { address }, pick, upTo }) => {
  const amount = upTo(model.account(address).free / 2n) + (pick(4) === 0 ? DUCK : 0n)
  return step(address, 'allotService', [amount], (now) =>
    model.allot(address, SERVICE, amount, now),
  )
}

const accountMakers: readonly Maker[] = [
  deposit,
  deposit,
  allot,
  allot,
  allotService,
  ({ world: { model }, payer: { address }, upTo }) => {
    const { free, thaw } = model.account(address)
    const amount = upTo(free + thaw.amount)
    return step(address, 'startWithdraw', [amount], (now) =>
      model.startWithdraw(address, amount, now),
    )
  },
  ({ world: { model }, payer: { address } }) =>
    step(address, 'cancelWithdraw', [], () => model.cancelWithdraw(address)),
  ({ world: { model }, payer: { address } }) =>
    step(address, 'withdraw', [address], (now) => model.withdraw(address, now)),
]

const releaseMakers: readonly Maker[] = [
  ({ world: { model }, payer: { address }, provider, upTo }) => {
    const { allotted, redeemed } = model.channel(address, provider.address)
    const amount = upTo(allotted - redeemed)
    return step(address, 'startUnallot', [provider.address, amount], (now) =>
      model.startUnallot(address, provider.address, amount, now),
    )
  },
  ({ world: { model }, payer: { address }, upTo }) => {
    const { allotted, redeemed } = model.channel(address, SERVICE)
    const amount = upTo(allotted - redeemed)
    return step(address, 'startUnallotService', [amount], (now) =>
      model.startUnallot(address, SERVICE, amount, now),
    )
  },
  ({ world: { model }, payer: { address }, provider }) =>
    step(address, 'cancelUnallot', [provider.address], () =>
      model.cancelUnallot(address, provider.address),
    ),
  ({ world: { model }, payer: { address }, provider }) =>
    step(address, 'finishUnallot', [provider.address], (now) =>
      model.finishUnallot(address, provider.address, now),
    ),
  ({ world: { model }, payer: { address } }) =>
    step(address, 'finishUnallotService', [], (now) => model.finishUnallot(address, SERVICE, now)),
  ({ world: { model }, payer, provider: { address } }) =>
    step(address, 'unallot', [payer.address], () => model.unallot(address, payer.address)),
]

const redeemMakers: readonly Maker[] = [
  async (scene) => {
    const { world, payer, provider, pick, upTo } = scene
    const { allotted, redeemed } = world.model.channel(payer.address, provider.address)
    const cumulative = redeemed + upTo(allotted - redeemed)
    const forged = pick(9) === 0
    const ids = { payer: payer.address, provider: provider.address }
    const voucher = { ...ids, cumulative, epoch: 0n }
    const signature = await sign(scene, forged ? provider : payer, 'Voucher', voucher)
    return step(world.session.address, 'finalizeJob', [voucher, signature], (now) =>
      world.model.finalizeJob(
        provider.address,
        { payer: payer.address, cumulative, signed: !forged },
        now,
      ),
    )
  },
  async (scene) => {
    const { packed, vouchers } = await batchOf(scene, 'Voucher')
    const { address } = scene.provider
    return step(scene.payer.address, 'finalizeJobs', [address, packed], (now) =>
      scene.world.model.finalizeJobs(address, vouchers, now),
    )
  },
  async (scene) => {
    const { packed, vouchers } = await batchOf(scene, 'ServiceVoucher')
    const { address } = scene.provider
    return step(scene.payer.address, 'finalizeService', [address, packed], (now) =>
      scene.world.model.finalizeService(address, vouchers, now),
    )
  },
]

const providerMakers: readonly Maker[] = [
  ({ world: { model }, provider: { address }, upTo }) => {
    const amount = upTo(model.earned(address).total)
    return step(address, 'startWithdrawEarned', [amount], (now) =>
      model.startWithdrawEarned(address, amount, now),
    )
  },
  ({ world: { model }, provider: { address } }) =>
    step(address, 'withdrawEarned', [address], (now) => model.withdrawEarned(address, now)),
  ({ world: { model, disputes }, provider: { address }, upTo }) => {
    const amount = upTo(model.earned(address).total / 4n)
    const fault = `0x${'0f'.repeat(32)}`
    return step(disputes, 'slashEarned', [address, amount, fault], () =>
      model.slashEarned(address, amount),
    )
  },
  ({ world: { model, mesh }, provider: { address }, upTo }) => {
    const amount = 1n + upTo(STAKE / 2n)
    const data = encodeFunctionData({
      abi: providerRegistryAbi,
      functionName: 'startUnstake',
      args: [amount],
    })
    const run = (): unknown => model.stakes.set(address, STAKE - amount)
    return { text: 'startUnstake', from: address, to: mesh.addresses.registry, data, model: run }
  },
]

const sessionMakers: readonly Maker[] = [
  async (scene) => {
    const { world, account, pick, now, upTo } = scene
    const [cap, expiry] = [upTo(900n * DUCK), now + BigInt(pick(200))]
    const key = world.session.address
    const grant = { account: account.address, session: key, cap, expiry }
    const proof = await sign(scene, world.session, 'SessionGrant', grant)
    return step(account.address, 'authorizeSession', [key, cap, expiry, proof], () =>
      world.model.authorizeSession(account.address, key, cap, expiry),
    )
  },
  ({ world: { model, session }, account: { address } }) =>
    step(address, 'startRevokeSession', [session.address], (now) =>
      model.startRevokeSession(address, session.address, now),
    ),
  ({ world: { model, session }, account: { address } }) =>
    step(address, 'reclaimSession', [session.address], (now) =>
      model.reclaimSession(address, session.address, now),
    ),
]

const makers = [
  ...accountMakers,
  ...releaseMakers,
  ...redeemMakers,
  ...redeemMakers,
  ...providerMakers,
  ...sessionMakers,
]
