import { expect } from 'chai'
import { LOCAL_DURATIONS } from '@duckmesh/contracts'
import { createTestClient, getAddress, http } from 'viem'
import type { Devnet } from '../src/devnet.ts'
import { parseStartArgs } from '../src/parse-args.ts'
import { runEquivocation } from '../src/scenario/equivocation.ts'
import type { EquivocationReport } from '../src/scenario/interface.ts'
import { DUCK, TestNet, stopNets } from './support/devnets.ts'
import { stopPeers } from './support/raw-peer.ts'

describe('npm start -- --scenario equivocation', function () {
  this.timeout(150_000)
  let world: TestNet
  let report: EquivocationReport
  const lines: string[] = []

  before(async () => {
    world = await TestNet.start({ providers: 2 })
    report = await runEquivocation(world.net, { line: (text = '') => onLine(text) })
  })
  after(async () => {
    await stopPeers()
    await stopNets()
  })

  /** Nothing waits for the lock: the chain's clock passes it as soon as the scenario comes to it. */
  function onLine(text: string): void {
    lines.push(text)
    if (text.startsWith('  lock')) void passLock()
  }

  async function passLock(): Promise<void> {
    const test = createTestClient({ mode: 'anvil', transport: http(world.net.chain.rpcUrl) })
    await test.increaseTime({ seconds: Number(LOCAL_DURATIONS.slashLock) })
    await test.mine({ blocks: 1 })
  }

  it('takes a tenth of the stake by the evidence that a peer submits by itself', () => {
    const { held, reporter, stake } = report
    expect(stake).to.deep.equal({ before: 10_000n * DUCK, after: 9_000n * DUCK })
    expect(held).to.equal(1_000n * DUCK)
    const operators = world.net.providers.map(({ operator }) => operator.address)
    expect(operators).to.include(reporter)
  })

  it('reaches every peer, of which one pays for one transaction', async () => {
    expect([report.peers, report.transactions]).to.deep.equal([2, 1])
    const { publicClient } = world.net.funder
    const { from } = await publicClient.getTransaction({ hash: report.proofTx })
    expect(getAddress(from)).to.equal(report.reporter)
    const kept = await Promise.all(world.net.providers.map(({ child }) => statusOf(child)))
    const states = kept.map(({ evidence }) => evidence)
    const sum = (state: 'submitted' | 'punished'): number =>
      states.reduce((total, counts) => total + counts[state], 0)
    expect([sum('submitted'), sum('punished')]).to.deep.equal([1, 1])
    for (const { open } of states) expect(open).to.equal(0)
  })

  it('accuses nobody else', async () => {
    for (const { child } of world.net.providers) {
      expect((await statusOf(child)).accusations).to.deep.equal([])
    }
  })

  it('comes from two receipts that the client kept', async () => {
    const told = await world.net.client.event('contradiction', 1_000)
    expect(told['jobId']).to.equal(report.jobId)
    const [first, second] = told['receipts'] as { receipt: Record<string, unknown> }[]
    const { amount: _, ...rest } = first?.receipt ?? {}
    expect(second?.receipt).to.deep.include(rest)
    expect(second?.receipt['amount']).to.not.equal(first?.receipt['amount'])
  })

  it('is punished once, and paid out after the lock only', () => {
    expect(report.refusals).to.deep.equal({ again: 'AlreadyPunished', early: 'TooEarly' })
  })

  it('pays a fifth to whoever proved it and burns the rest', () => {
    const { client, reporter, supply } = report.paidOut
    expect(reporter.after - reporter.before).to.equal(200n * DUCK)
    expect(supply.before - supply.after).to.equal(800n * DUCK)
    expect(client.after).to.equal(client.before)
  })

  it('says every step to people, with the balances', () => {
    const proof = ['register', 'receipt', 'client', 'proof', 'slash', 'once', 'replay', 'lock']
    const steps = [...proof, 'pay-out', 'reporter', 'burnt']
    for (const step of steps) {
      expect(
        lines.some((line) => line.startsWith(`  ${step}`)),
        step,
      ).to.equal(true)
    }
  })
})

interface Told {
  evidence: Record<'open' | 'submitted' | 'punished', number>
  accusations: unknown[]
}

function statusOf(child: { ask: Devnet['client']['ask'] }): Promise<Told> {
  return child.ask<Told>('status', {}, 10_000)
}

describe('npm start -- --scenario', () => {
  it('knows equivocation', () => {
    expect(parseStartArgs(['--scenario', 'equivocation']).scenario).to.equal(runEquivocation)
  })

  it('refuses what it does not know, before anything starts', () => {
    expect(() => parseStartArgs(['--scenario', 'toString'])).to.throw(/one of equivocation/)
  })
})
