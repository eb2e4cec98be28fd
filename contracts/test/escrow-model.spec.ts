/** The market against its plain model: random sequences of everything it offers, compared after every step. */
import { expect } from 'chai'
import type { Address } from 'viem'
import {
  LOCAL_DURATIONS,
  parseRedemption,
  readAccount,
  readChannel,
  readEarned,
  readRedeemable,
  readService,
  readSession,
  toContractError,
  tokenBalanceOf,
} from '../ts/index.ts'
import { ModelRevert, SERVICE } from './support/escrow-model.ts'
import { nextStep, randomOf, type Step } from './support/escrow-steps.ts'
import { startWorld, type World } from './support/escrow-world.ts'

const SEQUENCES = 3
const STEPS = 160

describe('the market beside its model', () => {
  let world: World

  beforeEach(async function () {
    this.timeout(60_000)
    world = await startWorld()
  })

  afterEach(() => world.mesh.anvil.stop())

  for (let seed = 1; seed <= SEQUENCES; seed++) {
    it(`agrees with it over ${STEPS} random steps (seed ${seed})`, async function () {
      this.timeout(120_000)
      const pick = randomOf(seed)
      const trail: string[] = []
      for (let i = 1; i <= STEPS; i++) {
        if (pick(6) === 0) await world.mesh.pass(BigInt(pick(40)))
        const { timestamp } = await world.mesh.chain.getBlock()
        trail.push(await run(world, await nextStep(world, pick, timestamp), trail))
        if (i % 5 === 0) await compare(world)
      }
      // a sequence that is refused throughout would prove little
      const done = trail.filter((text) => text.endsWith('ok')).length
      expect(done, trail.join(', ')).to.be.greaterThan(STEPS / 4)
    })
  }
})

/** Runs one step on both sides, compares how it ends, and says it. */
async function run({ mesh, model }: World, step: Step, trail: string[]): Promise<string> {
  const { chain, test, addresses } = mesh
  const { from, data, to = addresses.market } = step
  const { timestamp } = await chain.getBlock()
  const expected = outcomeOf(() => step.model(timestamp + 1n))
  const refusal = await chain
    .call({ account: from, to, data, blockTag: 'pending' })
    .then(() => undefined)
    .catch((error: unknown) => toContractError(error).code)
  await test.impersonateAccount({ address: from })
  const hash = await test.sendUnsignedTransaction({ from, to, data, gas: 2_000_000n })
  const receipt = await chain.waitForTransactionReceipt({ hash, pollingInterval: 5 })
  const after = `${step.text} after ${trail.join(', ')}`
  expect(refusal, after).to.equal(expected.code)
  expect(receipt.status, after).to.equal(expected.code === undefined ? 'success' : 'reverted')
  const { timestamp: then } = await chain.getBlock({ blockHash: receipt.blockHash })
  expect(then).to.equal(timestamp + 1n)
  if (expected.skipped !== undefined) {
    const { skipped } = parseRedemption({ addresses, logs: receipt.logs })
    expect(skipped.map(({ reason }) => reason)).to.deep.equal(expected.skipped)
  }
  const held = await tokenBalanceOf(chain, { addresses, holder: addresses.market })
  expect(held, after).to.equal(model.wallets.get('market') ?? 0n)
  return `${step.text} ${expected.code ?? 'ok'}`
}

function outcomeOf(act: () => unknown): {
  code: string | undefined
  skipped: string[] | undefined
} {
  try {
    const result = act()
    return { code: undefined, skipped: isRedemption(result) ? result.skipped : undefined }
  } catch (error) {
    if (error instanceof ModelRevert) return { code: error.code, skipped: undefined }
    throw error
  }
}

const isRedemption = (result: unknown): result is { skipped: string[] } =>
  typeof result === 'object' && result !== null && 'skipped' in result

async function compare(world: World): Promise<void> {
  const payers = [...world.accounts, world.session].map(({ address }) => address)
  for (const payer of payers) {
    await compareAccount(world, payer)
    for (const { address } of world.providers) await compareChannel(world, payer, address)
  }
  for (const { address } of world.providers) await compareEarned(world, address)
  await compareSession(world)
}

async function compareAccount({ mesh, model }: World, payer: Address): Promise<void> {
  const { free, thaw } = model.account(payer)
  const account = await readAccount(mesh.chain, { addresses: mesh.addresses, payer })
  expect(account).to.deep.equal({ free, thawing: thaw.amount, thawEnd: thaw.end })
}

async function compareChannel(
  { mesh: { chain, addresses }, model }: World,
  payer: Address,
  provider: Address,
): Promise<void> {
  const { allotted, redeemed, thaw } = model.channel(payer, provider)
  const channel = await readChannel(chain, { addresses, payer, provider })
  expect(channel).to.include({ allotted, redeemed, thawing: thaw.amount, thawEnd: thaw.end })
  const pool = model.channel(payer, SERVICE)
  const service = await readService(chain, { addresses, payer, provider })
  expect(service).to.include({
    allotted: pool.allotted,
    redeemed: pool.redeemed,
    thawing: pool.thaw.amount,
    thawEnd: pool.thaw.end,
    redeemedBy: model.served(payer, provider),
  })
}

async function compareEarned(
  { mesh: { chain, addresses }, model }: World,
  provider: Address,
): Promise<void> {
  const { timestamp } = await chain.getBlock()
  const { total, thaw, room, periodEnd } = model.earned(provider)
  const earned = await readEarned(chain, { addresses, provider })
  expect(earned).to.deep.equal({ total, thawing: thaw.amount, thawEnd: thaw.end })
  const fresh = { room: model.stakes.get(provider), periodEnd: 0n }
  const redeemable = await readRedeemable(chain, { addresses, provider })
  expect(redeemable).to.deep.equal(timestamp < periodEnd ? { room, periodEnd } : fresh)
}

async function compareSession({ mesh, model, session }: World): Promise<void> {
  const key = model.session(session.address)
  const { addresses, chain } = mesh
  const found = await readSession(chain, { addresses, session: session.address })
  if (key === undefined) {
    expect(found).to.equal(undefined)
    return
  }
  const { account, cap, drawn, expiry, revokedAt } = key
  const thawEnd = revokedAt === 0n ? 0n : revokedAt + LOCAL_DURATIONS.escrowThaw
  expect(found).to.deep.equal({ account, cap, drawn, expiry, thawEnd })
}
