import { expect } from 'chai'
import { limits, textModelId } from '@duckmesh/proto'
import type { AwardFrame, Hex, JobFrame, JobOrder } from '@duckmesh/proto'
import { OPEN_TIMEOUT_MS } from '../../../src/dispatch/constants.ts'
import { StreamJob, saltSpec, signOrder } from '../../../src/dispatch/index.ts'
import type { JobPlan } from '../../../src/dispatch/index.ts'
import { prepareAward } from '../../../src/dispatch/wire/prepare-award.ts'
import type { AwardDraft } from '../../../src/dispatch/wire/prepare-award.ts'
import { MODEL, jobSpec } from '../../support/job-world.ts'
import { forever } from '../../support/job-helpers.ts'
import { withAward, withOrder } from '../../support/resign.ts'
import { TEST_NETWORK } from '../../support/test-crypto.ts'
import { Fleet, MATCH, answerOf } from '../support/fleet.ts'
import type { PlanInput } from '../support/fleet.ts'

const zero: Hex = `0x${'00'.repeat(32)}`

interface Sent {
  fleet: Fleet
  /** Code of the refusal, or the kind of the first answer. */
  answer: string
  detail: string
}

/** Sends one award, as `change` leaves it, on a raw stream and waits for the answer. */
async function award(
  change: (frame: AwardFrame, fleet: Fleet) => AwardFrame,
  input: PlanInput & { draft?: Partial<AwardDraft> } = {},
  fleet = new Fleet(2),
): Promise<Sent> {
  const plan = await fleet.plan(input)
  return sendAward(fleet, plan, change, input.draft)
}

async function sendAward(
  fleet: Fleet,
  plan: JobPlan,
  change: (frame: AwardFrame, fleet: Fleet) => AwardFrame,
  draft: Partial<AwardDraft> = {},
): Promise<Sent> {
  const provider = fleet.at(0)
  const { encKey } = provider.unsealer
  const whole = { place: provider.place, segment: 0, prefixIds: [], budget: 10n ** 9n, ...draft }
  const { frame } = await prepareAward(fleet.components, plan, whole, encKey)
  const { jobId, segment } = frame.award.award
  const voucher =
    plan.order.order.mode === 0
      ? {}
      : {
          voucher: await fleet.payer.channels
            .paymentsTo(provider.owner)
            .pay(jobId, segment, 10n ** 6n),
        }
  await fleet.connector.to(provider.owner, new AbortController().signal)
  const before = answers(fleet).length
  await provider.stream?.other.send({
    kind: 'award',
    award: change({ ...frame, ...voucher }, fleet),
  })
  await fleet.until(() => answers(fleet).length > before, 'an answer')
  const first = answers(fleet)[before]
  const refusal = first?.kind === 'refuse' ? first.refuse : undefined
  return { fleet, answer: refusal?.code ?? first?.kind ?? '', detail: refusal?.detail ?? '' }
}

function answers(fleet: Fleet): JobFrame[] {
  return fleet.wire.flatMap(({ frame, from }) => (from === 'provider' ? [frame] : []))
}

function changeOrder(change: Partial<JobOrder>) {
  return (frame: AwardFrame, { payer }: Fleet): AwardFrame => withOrder(frame, payer.signer, change)
}

const same = (frame: AwardFrame): AwardFrame => frame

describe('an award that follows an auction', () => {
  it('is served at the price of the own bid', async () => {
    expect((await award(same)).answer).to.equal('accept')
    expect((await award(same, { mode: 0, replicas: 3 })).answer).to.equal('accept')
    expect((await award(same, { mode: 0, replicas: 16 })).answer).to.equal('accept')
  })

  const WRONG: [string, string, Parameters<typeof award>[0], PlanInput?][] = [
    [
      'another match than the proof shows',
      'MATCH_INVALID',
      (frame, { payer }) => withAward(frame, payer.signer, { matchHash: MODEL }),
    ],
    ['a match and no proof', 'AWARD_INVALID', ({ auction: _, ...frame }) => frame],
    [
      'a proof and no match',
      'AWARD_INVALID',
      (frame, { payer }) => withAward(frame, payer.signer, { matchHash: zero }),
    ],
    ['another price in', 'PRICE_MISMATCH', (frame) => ({ ...frame, priceIn: frame.priceIn - 1n })],
    ['another price out', 'PRICE_MISMATCH', (frame) => ({ ...frame, priceOut: 1n })],
    ['17 members', 'NOT_SUPPORTED', changeOrder({ replicas: 17 }), { mode: 0, replicas: 3 }],
    ['no members', 'NOT_SUPPORTED', changeOrder({ replicas: 0 }), { mode: 0, replicas: 3 }],
    ['two streaming replicas', 'NOT_SUPPORTED', changeOrder({ replicas: 2 })],
    ['the TEE mode', 'NOT_SUPPORTED', changeOrder({ mode: 2 })],
    [
      'members of a text model',
      'NOT_SUPPORTED',
      changeOrder({ modelId: textModelId('remote') }),
      { mode: 0, replicas: 3 },
    ],
    [
      'redundancy and no auction',
      'NOT_SUPPORTED',
      ({ auction: _, ...frame }, { payer }) => withAward(frame, payer.signer, { matchHash: zero }),
      { mode: 0, replicas: 3 },
    ],
    [
      'more tokens than a reveal holds',
      'SPEC_INVALID',
      (frame) => ({ ...frame, maxTokens: limits.MAX_REVEAL_IDS + 1 }),
      { mode: 0, replicas: 3 },
    ],
  ]
  for (const [name, code, change, input] of WRONG) {
    it(`with ${name} is refused with ${code}; nothing is stored, no prompt opened`, async () => {
      const { answer, fleet } = await award(change, input)
      expect(answer).to.equal(code)
      expect(await fleet.at(0).jobLog.listSegments()).to.deep.equal([])
      expect(fleet.at(0).engine.specs).to.deep.equal([])
    })
  }

  it('whose turn it is not is refused, and may come again with a later segment', async () => {
    const fleet = new Fleet(2)
    const plan = await fleet.plan()
    const late = fleet.at(1)
    const draft = { place: late.place, segment: 0, prefixIds: [], budget: 10n ** 9n }
    const { encKey } = late.unsealer
    const { facts, frame } = await prepareAward(fleet.components, plan, draft, encKey)
    const connection = await fleet.connector.to(late.owner, new AbortController().signal)
    const run = connection.run(facts, frame)
    expect((await run.ended).failure?.code).to.equal('CHOICE_WRONG')
    const next = { ...draft, segment: 1 }
    const again = await prepareAward(fleet.components, plan, next, encKey)
    expect((await connection.run(again.facts, again.frame).ended).state).to.equal('finalized')
  })

  it('that prepays a member is refused', async () => {
    const fleet = new Fleet(1)
    const streamed = await fleet.plan()
    await sendAward(fleet, streamed, same)
    const voucher = fleet.sent('award')[0]?.frame.award.voucher
    const plan = await fleet.plan({ mode: 0, replicas: 1 })
    const { answer } = await sendAward(fleet, plan, (frame) =>
      voucher === undefined ? frame : { ...frame, voucher },
    )
    expect(answer).to.equal('AWARD_INVALID')
  })

  it('is checked within the time of an award', async () => {
    const fleet = new Fleet(1)
    fleet.at(0).auctionGate = forever
    const pending = award(same, {}, fleet)
    await fleet.until(() => fleet.sent('award').length === 1, 'sent')
    await fleet.quiet()
    expect(fleet.at(0).server.inFlight).to.equal(1)
    await fleet.clock.advance(OPEN_TIMEOUT_MS)
    expect((await pending).answer).to.equal('TIMED_OUT')
    expect(fleet.at(0).server.inFlight).to.equal(0)
  })

  it('sent twice is served once', async () => {
    const fleet = new Fleet(1)
    const plan = await fleet.plan({ mode: 0, replicas: 1, maxTokens: 8 })
    expect((await sendAward(fleet, plan, same)).answer).to.equal('accept')
    expect((await sendAward(fleet, plan, same)).answer).to.equal('SEGMENT_USED')
    const later = await fleet.at(0).jobLog.listSegments()
    expect(later).to.have.length(1)
    fleet.at(0).cut()
    await fleet.until(() => fleet.at(0).server.inFlight === 0)
    // Also when the first is over, on another stream.
    expect((await sendAward(fleet, plan, same)).answer).to.equal('SEGMENT_USED')
  })
})

describe('the award of a resumed segment', () => {
  const prefixIds = answerOf(40).ids

  it('names prefix, bucket and rest', async () => {
    const { fleet, answer } = await award(same, { draft: { segment: 1, prefixIds } })
    expect(answer).to.equal('accept')
    const [sent] = fleet.sent('award')
    expect(sent?.frame.award).to.include({ inBucket: 64, maxTokens: 120 })
  })

  const WRONG: [string, string, Parameters<typeof award>[0], Partial<AwardDraft>][] = [
    ['in the first segment', 'AWARD_INVALID', same, { segment: 0, prefixIds }],
    [
      'with other ids than its hash',
      'AWARD_INVALID',
      (frame) => ({ ...frame, prefixIds: [...frame.prefixIds.slice(1), 1] }),
      { segment: 1, prefixIds },
    ],
    [
      'with more tokens than the spec leaves',
      'SPEC_INVALID',
      (frame) => ({ ...frame, maxTokens: 121 }),
      { segment: 1, prefixIds },
    ],
    [
      'with fewer tokens than the spec leaves',
      'SPEC_INVALID',
      (frame) => ({ ...frame, maxTokens: 119 }),
      { segment: 1, prefixIds },
    ],
    [
      'with a bucket that its prefix fills',
      'AWARD_INVALID',
      (frame) => ({ ...frame, inBucket: 40 }),
      { segment: 1, prefixIds },
    ],
    [
      'with a bucket that its prompt does not fit into any more',
      'SPEC_INVALID',
      (frame) => ({ ...frame, inBucket: 49 }),
      { segment: 1, prefixIds },
    ],
  ]
  for (const [name, code, change, draft] of WRONG) {
    it(`${name} is refused with ${code}`, async () => {
      expect((await award(change, { draft })).answer).to.equal(code)
    })
  }

  it('of a redundant job is refused: members start from nothing', async () => {
    const draft = { segment: 1, prefixIds }
    const { answer } = await award(same, { mode: 0, replicas: 1, draft })
    expect(answer).to.equal('AWARD_INVALID')
  })
})

describe('an order', () => {
  it('commits to two secrets that its caller keeps, fresh for each', async () => {
    const fleet = new Fleet(1)
    const { signer } = fleet.payer
    const { specHash } = saltSpec(jobSpec(8), fleet.rng)
    const input = { modelId: MODEL, specHash, maxPrice: 1n, deadline: 1, nonce: 1 }
    const first = await signOrder(signer, TEST_NETWORK, fleet.rng, input)
    const second = await signOrder(signer, TEST_NETWORK, fleet.rng, {
      ...input,
      mode: 0,
      replicas: 3,
      auditBps: 500,
    })
    expect(first.order).to.include({ mode: 1, replicas: 1, auditBps: 0 })
    expect(second.order).to.include({ mode: 0, replicas: 3, auditBps: 500 })
    const secrets = [first, second].flatMap((one) => [one.secrets.draw, one.secrets.audit])
    expect(new Set(secrets).size).to.equal(4)
    expect(first.order.secretHash).to.not.equal(second.order.secretHash)
    expect(JSON.stringify(first.order, (_, value: unknown) => String(value))).to.not.include(
      first.secrets.draw,
    )
  })
})

describe('the direct lane beside auctions', () => {
  it('is served by the offers, and knows no auction', async () => {
    const fleet = new Fleet(1)
    const plan = await fleet.plan({ auctioned: false })
    expect(plan.matchHash).to.not.equal(MATCH)
    const { outcome } = await fleet.finish(new StreamJob(fleet.components, plan))
    expect(outcome.state).to.equal('finalized')
    const job = await fleet.plan({ auctioned: false })
    const [place] = job.ranked
    if (place === undefined) return
    const other = { ...job, ranked: [{ ...place, bidHash: MATCH }] }
    const { outcome: refused } = await fleet.finish(new StreamJob(fleet.components, other))
    expect(refused.failure?.code).to.equal('PRICE_MISMATCH')
  })
})
