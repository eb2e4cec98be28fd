import { rm } from 'node:fs/promises'
import { expect } from 'chai'
import OpenAI from 'openai'
import type { JobReport } from '../src/index.ts'
import { ENDLESS, TestNet, stopNets, sumOf } from './support/devnets.ts'
import type { ToldStatus } from './support/devnets.ts'
import { codeOf } from './support/code-of.ts'
import { until } from './support/until.ts'

const STATES = ['posted', 'awarded', 'accepted', 'running', 'completed', 'finalized']
/** Four steps. */
const ANSWER_TOKENS = 200

/** What an app reads of a chat; `seen` is called at each part. */
async function streamed(openai: OpenAI, content: string, seen?: () => void): Promise<string> {
  const stream = await openai.chat.completions.create({
    model: 'duckling',
    messages: [{ role: 'user', content }],
    stream: true,
    max_completion_tokens: ANSWER_TOKENS,
    logit_bias: { 1: -100 },
  })
  let text = ''
  for await (const chunk of stream) {
    const part = chunk.choices[0]?.delta.content ?? ''
    if (part !== '') seen?.()
    text += part
  }
  return text
}

/** Tokens that a run of the graph drew between two readings of an engine's counters. */
function meanBatch(from: ToldStatus['engine'], to: ToldStatus['engine']): number {
  return (to.decodedTokens - from.decodedTokens) / (to.decodeRuns - from.decodeRuns)
}

/** Price of one step at most: 64 tokens in and out of the local provider, wei. */
const MAX_STEP_PRICE = 10n ** 17n

describe('jobs on one local network', function () {
  this.timeout(120_000)
  let world: TestNet

  before(async () => {
    world = await TestNet.start()
  })
  after(async () => {
    await stopNets()
  })

  /** Redeems and checks that the chain, the receipts and the balances tell the same, to the wei. */
  async function expectSettled(before: Record<string, bigint>): Promise<void> {
    const { burnt } = await world.settle()
    const { cumulative, receipts } = world.told()
    const { redeemed } = await world.channel()
    expect(redeemed, 'the chain paid the last voucher').to.equal(cumulative)
    const credit = redeemed - receipts
    expect(
      credit >= 0n && credit < MAX_STEP_PRICE,
      `credit ${credit} is the rest of one step`,
    ).to.equal(true)
    const after = await world.balances()
    expect(sumOf(before) - sumOf(after), 'nothing is lost but the burnt percent').to.equal(burnt)
  }

  it('runs twenty in a row: all finalized and redeemed, receipts and balances agree to the wei', async () => {
    const before = await world.balances()
    const jobs: JobReport[] = []
    for (let n = 0; n < 20; n++) jobs.push(await world.job({ prompt: `What is ${n} plus 3?` }))
    for (const { states, text } of jobs) {
      expect(states.map(({ state }) => state)).to.deep.equal(STATES)
      expect(text).to.not.equal('')
    }
    expect(new Set(jobs.map(({ jobId }) => jobId)).size).to.equal(20)
    const paid = jobs.reduce((sum, job) => sum + job.paid, 0n)
    expect(world.told().receipts, 'paid is the sum of the receipts').to.equal(paid)
    await expectSettled(before)
  })

  it('has nothing left to redeem afterwards, and says so by redeeming nothing', async () => {
    const { redeemed } = await world.channel()
    expect((await world.settle()).txs).to.deep.equal([])
    expect((await world.channel()).redeemed).to.equal(redeemed)
  })

  it('runs ten at once on the same channel, of one step and of several', async () => {
    const before = await world.balances()
    const lengths = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? 20 : 100))
    const jobs = await Promise.all(
      lengths.map((maxTokens) => world.job({ maxTokens, sampling: ENDLESS })),
    )
    expect(jobs.map(({ tokens }) => tokens)).to.deep.equal(lengths)
    for (const { states } of jobs) expect(states.at(-1)?.state).to.equal('finalized')
    const { burnt } = await world.settle()
    const { cumulative } = world.told()
    expect((await world.channel()).redeemed).to.equal(cumulative)
    const after = await world.balances()
    expect(sumOf(after)).to.equal(sumOf(before) - burnt)
  })

  it('pays before each step and never more than one step ahead', async () => {
    const from = world.events.length
    const job = await world.job({ maxTokens: 150, sampling: ENDLESS })
    const told = world.events.slice(from).filter(({ event }) => event === 'job')
    const order = told
      .map(({ type }) => type)
      .filter((type) => type === 'voucher' || type === 'receipt')
    // The first voucher may be nothing but credit of earlier jobs; it is told all the same.
    expect(order).to.deep.equal(['voucher', 'receipt', 'voucher', 'receipt', 'voucher', 'receipt'])
    let ahead = 0n
    for (const event of told) {
      if (event['type'] === 'voucher') ahead += BigInt(String(event['amount']))
      if (event['type'] === 'receipt')
        ahead -= BigInt((event['receipt'] as { amount: string }).amount)
      expect(ahead <= MAX_STEP_PRICE, `${ahead} wei ahead`).to.equal(true)
    }
    expect(job.tokens).to.equal(150)
  })

  it('refuses with PRICE_ABOVE_CAP what could cost more than the maximum, and pays nothing', async () => {
    const before = await world.balances()
    const before1 = world.told().receipts
    // Enough for the offer of one step, not for the order of three: the price check knows maxTokens.
    expect(await codeOf(world.job({ maxTokens: 150, maxPrice: 10n ** 15n }))).to.equal(
      'PRICE_ABOVE_CAP',
    )
    expect(world.told().receipts).to.equal(before1)
    await expectSettled(before)
  })

  it('goes on with the channel after the client was killed: no double pay, the next job runs', async () => {
    await world.job()
    const { cumulative } = world.told()
    world.net.client.process.kill('SIGKILL')
    await world.net.client.exited
    await world.net.restartClient()
    const before = await world.balances()
    const from = world.events.length
    await world.job()
    const first = world.events.slice(from).find(({ type }) => type === 'voucher')
    const raised = BigInt(String(first?.['cumulative'])) - cumulative
    expect(raised >= 0n, 'the cumulative total never falls').to.equal(true)
    expect(raised < BigInt(String(first?.['amount'])), 'credit from before is used first').to.equal(
      true,
    )
    await expectSettled(before)
  })

  it('learns its last voucher from the provider when the client lost everything', async () => {
    await world.job()
    const { cumulative } = world.told()
    await world.net.client.stop()
    await rm(world.net.clientData, { recursive: true, force: true })
    await world.net.restartClient()
    const before = await world.balances()
    const from = world.events.length
    await world.job()
    const first = world.events.slice(from).find(({ type }) => type === 'voucher')
    const next = BigInt(String(first?.['cumulative']))
    expect(next >= cumulative, 'it goes on from the last voucher').to.equal(true)
    expect(next - cumulative < BigInt(String(first?.['amount'])), 'and knows its credit').to.equal(
      true,
    )
    await expectSettled(before)
  })

  it('was killed in the middle of an answer: the next client pays only what was delivered', async () => {
    const running = codeOf(world.job({ maxTokens: 400, sampling: ENDLESS }))
    await world.nextJobEvent(({ type }) => type === 'receipt')
    world.net.client.process.kill('SIGKILL')
    expect(await running).to.equal('CHILD_FAILED')
    await until('the provider ended the job', async () => (await world.status()).inFlight === 0)
    await world.net.restartClient()
    const job = await world.job()
    expect(job.states.at(-1)?.state).to.equal('finalized')
    await world.settle()
    const { cumulative } = world.told()
    expect((await world.channel()).redeemed).to.equal(cumulative)
  })

  it('draws ten chats of its gateway together: the texts that each has alone, in turns', async () => {
    const openai = new OpenAI({ baseURL: `${world.net.gateways[0] ?? ''}/v1`, apiKey: 'none' })
    const questions = Array.from({ length: 10 }, (_, n) => `What is ${n} plus 3?`)
    const { engine: start } = await world.status()
    const alone: string[] = []
    for (const question of questions) alone.push(await streamed(openai, question))
    const { engine: between } = await world.status()
    expect(meanBatch(start, between), 'one after another').to.equal(1)
    const order: number[] = []
    const together = questions.map((question, n) => streamed(openai, question, () => order.push(n)))
    expect(await Promise.all(together)).to.deep.equal(alone)
    expect(new Set(alone).size, 'each question has an answer of its own').to.equal(10)
    const { engine: end } = await world.status()
    expect(end.tokensOut - between.tokensOut).to.equal(10 * ANSWER_TOKENS)
    expect(meanBatch(between, end), 'tokens of one run of the graph').to.be.least(2)
    const turns = order.filter((stream, at) => stream !== order[at - 1]).length
    expect(turns, 'one after another there would be ten').to.be.above(20)
  })
})

describe('a provider that is killed', function () {
  this.timeout(120_000)
  let world: TestNet

  before(async () => {
    world = await TestNet.start()
  })
  after(async () => {
    await stopNets()
  })

  it('loses the job in the middle of an answer with PROVIDER_LOST', async () => {
    const running = codeOf(world.job({ maxTokens: 400, sampling: ENDLESS }))
    await world.nextJobEvent(({ type }) => type === 'receipt')
    world.net.provider.child.process.kill('SIGKILL')
    expect(await running).to.equal('PROVIDER_LOST')
  })

  it('redeems what it holds to the wei when it is started again', async () => {
    const held = world.told().cumulative
    expect(held > 0n).to.equal(true)
    await world.net.restartProvider(world.net.provider)
    const before = await world.balances()
    const { burnt } = await world.settle()
    const { redeemed } = await world.channel()
    // The last voucher may still have been on its way when it died; the earlier ones are safe.
    expect(
      redeemed <= held && redeemed >= world.told().receipts,
      `${redeemed} of ${held}`,
    ).to.equal(true)
    const after = await world.balances()
    const owner = world.net.provider.owner.address
    expect((after[owner] ?? 0n) - (before[owner] ?? 0n)).to.equal(redeemed - burnt)
  })

  it('serves the next job on the same channel, and learns of vouchers it missed', async () => {
    const job = await world.job()
    expect(job.states.at(-1)?.state).to.equal('finalized')
    await world.settle()
    const { cumulative } = world.told()
    expect((await world.channel()).redeemed).to.equal(cumulative)
  })

  it('redeems after a kill between the last receipt and the redemption', async () => {
    const { redeemed: before } = await world.channel()
    const job = await world.job({ maxTokens: 100, sampling: ENDLESS })
    world.net.provider.child.process.kill('SIGKILL')
    await world.net.provider.child.exited
    expect((await world.channel()).redeemed, 'nothing was redeemed yet').to.equal(before)
    await world.net.restartProvider(world.net.provider)
    await world.settle()
    const { cumulative } = world.told()
    const { redeemed } = await world.channel()
    expect(redeemed).to.equal(cumulative)
    expect(redeemed > before && job.paid > 0n).to.equal(true)
  })
})
