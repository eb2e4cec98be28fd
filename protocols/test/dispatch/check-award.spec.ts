import { expect } from 'chai'
import { saltSpec, sealSpec } from '../../src/dispatch/index.ts'
import { MAX_JOB_LIFE_MS } from '../../src/dispatch/constants.ts'
import { DuckMeshError } from '../../src/errors.ts'
import type { ErrorCode } from '../../src/error-codes.ts'
import type { AwardFrame, Hex, JobFrame } from '@duckmesh/proto'
import { JobWorld, MODEL, OFFER, PROVIDER, jobSpec } from '../support/job-world.ts'
import type { JobInput } from '../support/job-world.ts'
import { signedVoucher, withAward, withOrder } from '../support/resign.ts'
import { testCrypto, testSigner, testUnsealer } from '../support/test-crypto.ts'

const payer = testSigner('payer')
const thief = testSigner('thief')
const other: Hex = `0x${'77'.repeat(20)}`
const hash: Hex = `0x${'88'.repeat(32)}`

type Change = (frame: AwardFrame, world: JobWorld) => AwardFrame

interface Case {
  name: string
  code: ErrorCode
  /** Part of the sentence, where one code has many reasons. */
  says?: string
  change?: Change
  input?: JobInput
  setUp?: (world: JobWorld) => void
}

function voucherWith(
  frame: AwardFrame,
  change: { amount?: bigint; cumulative?: bigint },
): AwardFrame {
  const { voucher } = frame
  if (voucher === undefined) return frame
  const { amount = voucher.amount, cumulative = voucher.voucher.voucher.cumulative } = change
  const signed = signedVoucher(payer, { ...voucher.voucher.voucher, cumulative })
  return { ...frame, voucher: { ...voucher, amount, voucher: signed } }
}

const soon = (world: JobWorld, ms: number): number => Math.floor((world.clock.now() + ms) / 1000)

const CASES: Case[] = [
  {
    name: 'an order by another payer',
    code: 'AWARD_INVALID',
    says: 'by another payer',
    change: (frame) => withOrder(frame, thief, { payer: thief.address }),
  },
  {
    name: 'an award to another provider',
    code: 'AWARD_INVALID',
    says: 'names another provider',
    change: (frame) => withAward(frame, payer, { provider: other }),
  },
  {
    name: 'an altered order',
    code: 'AWARD_INVALID',
    says: 'for another order',
    change: (frame) => ({
      ...frame,
      order: { ...frame.order, order: { ...frame.order.order, maxPrice: 1n } },
    }),
  },
  {
    name: 'an altered award',
    code: 'BAD_SIGNATURE',
    change: (frame) => ({
      ...frame,
      award: { ...frame.award, award: { ...frame.award.award, issuedAt: 1 } },
    }),
  },
  {
    name: 'an order signed by somebody else',
    code: 'BAD_SIGNATURE',
    change: (frame) => ({
      ...frame,
      order: { ...frame.order, signature: withOrder(frame, thief, {}).order.signature },
    }),
  },
  {
    name: 'an award signed by somebody else',
    code: 'BAD_SIGNATURE',
    change: (frame) => withAward(frame, thief, {}),
  },
  {
    name: 'a signature of zeros',
    code: 'BAD_SIGNATURE',
    change: (frame) => ({ ...frame, award: { ...frame.award, signature: `0x${'00'.repeat(65)}` } }),
  },
  {
    name: 'redundant mode',
    code: 'NOT_SUPPORTED',
    change: (frame) => withOrder(frame, payer, { mode: 0 }),
  },
  {
    name: 'two replicas',
    code: 'NOT_SUPPORTED',
    change: (frame) => withOrder(frame, payer, { replicas: 2 }),
  },
  {
    name: 'an award after a match',
    code: 'NOT_SUPPORTED',
    change: (frame) => withAward(frame, payer, { matchHash: hash }),
  },
  {
    name: 'an order past its deadline',
    code: 'JOB_EXPIRED',
    change: (frame, world) => withOrder(frame, payer, { deadline: soon(world, 0) }),
  },
  {
    name: 'a deadline too far away',
    code: 'AWARD_INVALID',
    says: 'too far away',
    change: (frame, world) =>
      withOrder(frame, payer, { deadline: soon(world, MAX_JOB_LIFE_MS + 1_000) }),
  },
  {
    name: 'a prefix of another length',
    code: 'AWARD_INVALID',
    says: 'another length',
    change: (frame) => ({ ...frame, prefixIds: [1] }),
  },
  {
    name: 'a prefix with another hash',
    code: 'AWARD_INVALID',
    says: 'another hash',
    change: (frame) => ({ ...withAward(frame, payer, { fromToken: 1 }), prefixIds: [1] }),
  },
  {
    name: 'an offer that is unknown or too old',
    code: 'PRICE_MISMATCH',
    change: (frame) => withAward(frame, payer, { bidHash: hash }),
  },
  {
    name: 'a lower input price than offered',
    code: 'PRICE_MISMATCH',
    change: (frame) => ({ ...frame, priceIn: frame.priceIn - 1n }),
  },
  {
    name: 'another output price than offered',
    code: 'PRICE_MISMATCH',
    change: (frame) => ({ ...frame, priceOut: frame.priceOut + 1n }),
  },
  {
    name: 'a budget above the maximum price',
    code: 'AWARD_INVALID',
    says: 'above the maximum',
    change: (frame) => withAward(frame, payer, { budget: frame.order.order.maxPrice + 1n }),
  },
  {
    name: 'a budget below the first step',
    code: 'BUDGET',
    change: (frame) => withAward(frame, payer, { budget: 1n }),
  },
  { name: 'no voucher', code: 'PAYMENT_MISSING', change: ({ voucher: _, ...frame }) => frame },
  {
    name: 'a voucher frame for another segment',
    code: 'PAYMENT_MISSING',
    change: (frame) => ({
      ...frame,
      ...(frame.voucher && { voucher: { ...frame.voucher, segment: 9 } }),
    }),
  },
  {
    name: 'a voucher below the price of the first step',
    code: 'PAYMENT_MISSING',
    change: (frame) => voucherWith(frame, { amount: 1n }),
  },
  {
    name: 'a voucher that does not raise the channel by what it names',
    code: 'VOUCHER_INVALID',
    change: (frame) => voucherWith(frame, { cumulative: 1n }),
  },
  {
    name: 'a voucher by another payer',
    code: 'VOUCHER_INVALID',
    change: (frame) => {
      if (frame.voucher === undefined) return frame
      const voucher = { ...frame.voucher.voucher.voucher, payer: thief.address }
      return { ...frame, voucher: { ...frame.voucher, voucher: signedVoucher(thief, voucher) } }
    },
  },
  {
    name: 'a voucher signed by somebody else',
    code: 'VOUCHER_INVALID',
    change: (frame) => {
      if (frame.voucher === undefined) return frame
      const signed = signedVoucher(thief, frame.voucher.voucher.voucher)
      return { ...frame, voucher: { ...frame.voucher, voucher: signed } }
    },
  },
  {
    name: 'a voucher for another provider',
    code: 'VOUCHER_INVALID',
    change: (frame) => {
      if (frame.voucher === undefined) return frame
      const voucher = { ...frame.voucher.voucher.voucher, provider: other }
      return { ...frame, voucher: { ...frame.voucher, voucher: signedVoucher(payer, voucher) } }
    },
  },
  {
    name: 'a voucher above what the chain shows at the provider',
    code: 'ALLOTMENT_EXCEEDED',
    change: (frame, world) => {
      // The payer thaws between its own look at the chain and the provider's.
      world.port.allot(world.payer.address, PROVIDER, 10n ** 21n, 10n ** 21n)
      return frame
    },
  },
  {
    name: 'a chain that does not answer',
    code: 'CHAIN_UNREACHABLE',
    change: (frame, world) => {
      world.port.unreachable = true
      return frame
    },
  },
  {
    name: 'a spec that does not match the hash in the order',
    code: 'AWARD_INVALID',
    says: 'does not match the hash',
    input: { specHash: hash },
  },
  {
    name: 'a spec that says another maxTokens than the award',
    code: 'SPEC_INVALID',
    input: { spec: { maxTokens: 12 } },
  },
  {
    name: 'a prompt longer than its bucket',
    code: 'SPEC_INVALID',
    setUp: (world) => {
      world.engine.script = { tokensIn: 17 }
    },
  },
  {
    name: 'a model that the engine lacks',
    code: 'MODEL_NOT_FOUND',
    setUp: (world) => {
      world.engine.script = { failOpen: new DuckMeshError('MODEL_NOT_FOUND', 'No such model.') }
    },
  },
]

/** Runs one award whose frame was changed on the way; nothing else is wrong with it. */
async function award(
  world: JobWorld,
  one: Omit<Case, 'name' | 'code'>,
): Promise<{
  code: ErrorCode | undefined
  detail: string
  world: JobWorld
}> {
  one.setUp?.(world)
  const toRight = (frame: JobFrame): JobFrame[] =>
    frame.kind === 'award' && one.change
      ? [{ ...frame, award: one.change(frame.award, world) }]
      : [frame]
  const link = await world.connect({ toRight, toLeft: (frame) => [backTo(frame, jobOf(run))] })
  const { facts, frame } = await world.prepare(one.input)
  const run = link.connection.run(facts, frame)
  const segment = await run.ended
  const { code, detail = '' } = segment.failure ?? {}
  return { code, detail, world }
}

/** A refusal names the changed job; the client still waits under the first name. */
function backTo(frame: JobFrame, jobId: Hex): JobFrame {
  return frame.kind === 'refuse'
    ? { ...frame, refuse: { ...frame.refuse, jobId, segment: 0 } }
    : frame
}

function jobOf(run: { key: { jobId: Hex } }): Hex {
  return run.key.jobId
}

describe('what a provider refuses', () => {
  for (const one of CASES) {
    it(`${one.code} for ${one.name}`, async () => {
      const { code, detail, world } = await award(new JobWorld(), one)
      expect(code).to.equal(one.code)
      expect(detail).to.contain(one.says ?? '')
      expect(world.engine.steps, 'a step ran').to.deep.equal([])
      await world.until(() => world.server.inFlight === 0, 'slot free')
      expect(world.engine.open_, 'a generation stayed open').to.equal(0)
      const rows = await world.ledger.listChannels()
      expect(rows.every(({ paid }) => paid === 0n)).to.equal(true)
    })
  }

  it('AWARD_INVALID for a spec sealed to another key', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    const { facts, frame } = await world.prepare()
    const salted = saltSpec(jobSpec(160), world.rng)
    const { encKey } = testUnsealer('somebody')
    const spec = await sealSpec(testCrypto, encKey, facts.jobId, PROVIDER, salted)
    const run = link.connection.run(facts, { ...frame, spec })
    expect((await run.ended).failure?.code).to.equal('AWARD_INVALID')
  })

  it('AWARD_INVALID for a spec sealed for another job', async () => {
    const world = new JobWorld()
    const link = await world.connect()
    const [one, two] = [await world.prepare(), await world.prepare()]
    const run = link.connection.run(two.facts, { ...two.frame, spec: one.frame.spec })
    expect((await run.ended).failure?.code).to.equal('AWARD_INVALID')
  })

  it('SEGMENT_USED for a replayed award, also after a restart', async () => {
    const world = new JobWorld()
    const { facts, frame } = await world.prepare({ maxTokens: 8 })
    const link = await world.connect()
    expect((await link.connection.run(facts, frame).ended).state).to.equal('finalized')
    await world.until(() => world.server.inFlight === 0)

    const replay = async (): Promise<ErrorCode | undefined> => {
      // A client whose own log forgot the job, as an attacker's would.
      world.payer = world.newPayer()
      const again = await world.connect()
      return (await again.connection.run(facts, frame).ended).failure?.code
    }
    expect(await replay()).to.equal('SEGMENT_USED')
    await world.restartProvider()
    expect(await replay()).to.equal('SEGMENT_USED')
    expect(world.engine.steps).to.deep.equal([8])
  })

  it('SEGMENT_USED for the same award twice at once', async () => {
    const world = new JobWorld()
    const twice = (frame: JobFrame): JobFrame[] =>
      frame.kind === 'award' ? [frame, frame] : [frame]
    const link = await world.connect({ toRight: twice })
    const run = await world.submit(link, { maxTokens: 8 })
    await run.ended
    await world.until(() => world.server.inFlight === 0)
    expect(world.engine.steps.length <= 1).to.equal(true)
    expect(world.wire).to.include('p:refuse')
  })

  it('looks prices up by the offer and the model', async () => {
    const world = new JobWorld()
    const asked: [Hex, Hex][] = []
    world.quotes = {
      find: (bid, model) => {
        asked.push([bid, model])
        return undefined
      },
    }
    const run = await world.submit(await world.connect())
    expect((await run.ended).failure?.code).to.equal('PRICE_MISMATCH')
    expect(asked).to.deep.equal([[OFFER, MODEL]])
  })

  it('gives a refused first voucher back as credit on both sides', async () => {
    const world = new JobWorld()
    const { setUp } = CASES.find(({ name }) => name.startsWith('a model')) ?? {}
    setUp?.(world)
    const link = await world.connect()
    await (
      await world.submit(link)
    ).ended
    const [row] = await world.payer.ledger.listChannels()
    expect(row).to.include({ settled: 0n })
    expect(row?.open).to.deep.equal([])
    world.engine.script = {}
    const run = await world.submit(link)
    expect((await run.ended).state).to.equal('finalized')
  })
})
