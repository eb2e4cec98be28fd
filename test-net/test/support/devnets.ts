/** Local networks for tests, in this process, with everything their children tell. */
import { Devnet, runJob, settle } from '../../src/index.ts'
import type { DevnetInit, JobReport } from '../../src/index.ts'
import type { JobInput } from '../../src/job/run-job.ts'
import { ACCOUNT_INDEX, account } from '../../src/chain/accounts.ts'
import { readBalances } from '../../src/chain/balances.ts'
import type { ChildEvent } from '../../src/processes/interface.ts'
import { readAccount, readChannel } from '@duckmesh/contracts'
import type { Address } from 'viem'
import { testRoot } from './test-root.ts'
import { until } from './until.ts'

export const DUCK: bigint = 10n ** 18n
export const PROMPT = 'Tell me a story about a brave duck.'

/** Bans the model's end token, so that an answer is as long as maxTokens: one step is 64 tokens. */
export const ENDLESS = { logitBias: [{ id: 1, bias: -100 }] }

export interface ToldEvent extends ChildEvent {
  process: string
}

const running = new Set<TestNet>()

/** Stops every network that still runs, for hooks. */
export async function stopNets(): Promise<void> {
  await Promise.all([...running].map((world) => world.stop()))
}

export class TestNet {
  readonly net: Devnet
  readonly events: ToldEvent[]
  readonly logs: { process: string; line: string }[]

  private constructor(net: Devnet, events: ToldEvent[], logs: { process: string; line: string }[]) {
    this.net = net
    this.events = events
    this.logs = logs
  }

  static async start(init: Partial<DevnetInit> = {}): Promise<TestNet> {
    const events: ToldEvent[] = []
    const logs: { process: string; line: string }[] = []
    const net = await Devnet.start({
      root: testRoot(),
      onEvent: (process, event) => events.push({ ...event, process }),
      onLog: (process, line) => logs.push({ process, line }),
      ...init,
    })
    const world = new TestNet(net, events, logs)
    running.add(world)
    return world
  }

  job(fields: Partial<JobInput> = {}): Promise<JobReport> {
    return runJob(this.net.client, { prompt: PROMPT, model: 'duckling', maxPrice: DUCK, ...fields })
  }

  settle(): ReturnType<typeof settle> {
    return settle(this.net)
  }

  /** Everything of the client and of each provider's owner, wei. */
  balances(): ReturnType<typeof readBalances> {
    const providers = this.net.providers.map(({ owner }) => owner.address)
    const payers = [account(ACCOUNT_INDEX.client).address]
    const { addresses, publicClient } = this.net.funder
    return readBalances(publicClient, addresses, { payers, providers })
  }

  /** The channel of the client to the first provider as the chain has it. */
  channel(): ReturnType<typeof readChannel> {
    const { addresses, publicClient } = this.net.funder
    const payer = account(ACCOUNT_INDEX.client).address
    return readChannel(publicClient, {
      addresses,
      payer,
      provider: this.net.provider.owner.address,
    })
  }

  escrow(payer: Address): ReturnType<typeof readAccount> {
    const { addresses, publicClient } = this.net.funder
    return readAccount(publicClient, { addresses, payer })
  }

  /** The first event of a job's run that matches, among those told from now on. */
  nextJobEvent(matches: (event: ToldEvent) => boolean): Promise<ToldEvent> {
    const from = this.events.length
    return until('the job told it', () =>
      this.events.slice(from).find((event) => event.event === 'job' && matches(event)),
    )
  }

  /** The sum of the receipts and the highest voucher that the client told of. */
  told(): { receipts: bigint; cumulative: bigint } {
    const jobs = this.events.filter(({ event }) => event === 'job')
    const receipts = jobs.filter(({ type }) => type === 'receipt')
    const vouchers = jobs.filter(({ type }) => type === 'voucher')
    const amounts = receipts.map(({ receipt }) => BigInt((receipt as { amount: string }).amount))
    const totals = vouchers.map(({ cumulative }) => BigInt(String(cumulative)))
    return {
      receipts: amounts.reduce((sum, amount) => sum + amount, 0n),
      cumulative: totals.reduce((highest, total) => (total > highest ? total : highest), 0n),
    }
  }

  /** What the first provider says about itself. */
  status(): Promise<{ inFlight: number; unredeemed: string }> {
    return this.net.provider.child.ask('status', {}, 10_000)
  }

  async stop(): Promise<void> {
    running.delete(this)
    await this.net.stop()
  }
}
