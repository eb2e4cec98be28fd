/** Local networks for tests, in this process, with everything their children tell. */
import { AssertionError } from 'chai'
import { lowerHex } from '@duckmesh/protocols'
import { Devnet, runJob, settle } from '../../src/index.ts'
import type { DevnetInit, DevnetProvider, JobReport } from '../../src/index.ts'
import type { JobInput } from '../../src/job/run-job.ts'
import { ACCOUNT_INDEX, account } from '../../src/chain/accounts.ts'
import { readBalances } from '../../src/chain/balances.ts'
import type { PeerStatus } from '@duckmesh/node'
import type { ChildEvent } from '../../src/processes/interface.ts'
import { readAccount, readChannel, readService } from '@duckmesh/contracts'
import type { JobTranscript } from '@duckmesh/sdk'
import type { Address, Hex } from 'viem'
import { testRoot } from './test-root.ts'

export const DUCK: bigint = 10n ** 18n
export const PROMPT = 'Tell me a story about a brave duck.'

/** Bans the model's end token, so that an answer is as long as maxTokens: one step is 64 tokens. */
export const ENDLESS = { logitBias: [{ id: 1, bias: -100 }] }

export interface ToldEvent extends ChildEvent {
  process: string
}

/** What the client told of one channel, or of all when no provider is named, wei. */
export interface Told {
  /** Sum of the receipts. */
  receipts: bigint
  /** The highest voucher; of one channel it is all that was ever signed. */
  cumulative: bigint
}

export type ToldStatus = Omit<PeerStatus, 'unredeemed'> & { unredeemed: string }

const running = new Set<TestNet>()

/** Stops every network that still runs, for hooks. */
export async function stopNets(): Promise<void> {
  await Promise.all([...running].map((world) => world.stop()))
}

export class TestNet {
  readonly net: Devnet
  readonly events: ToldEvent[]
  readonly logs: { process: string; line: string }[]
  /** 1 % of all redemptions so far, wei: by so much less is in all accounts together. */
  burnt = 0n

  readonly #listeners: Set<(event: ToldEvent) => void>

  private constructor(
    net: Devnet,
    told: Pick<TestNet, 'events' | 'logs'>,
    listeners: Set<(event: ToldEvent) => void>,
  ) {
    this.net = net
    this.events = told.events
    this.logs = told.logs
    this.#listeners = listeners
  }

  static async start(init: Partial<DevnetInit> = {}): Promise<TestNet> {
    const events: ToldEvent[] = []
    const logs: { process: string; line: string }[] = []
    const listeners = new Set<(event: ToldEvent) => void>()
    const net = await Devnet.start({
      root: testRoot(),
      providers: 1,
      onEvent: (process, event) => {
        const told = { ...event, process }
        events.push(told)
        for (const listener of listeners) listener(told)
      },
      onLog: (process, line) => logs.push({ process, line }),
      ...init,
    })
    const world = new TestNet(net, { events, logs }, listeners)
    running.add(world)
    return world
  }

  /** On the direct lane unless the fields say otherwise. */
  job(fields: Partial<JobInput> = {}): Promise<JobReport> {
    const usual = { prompt: PROMPT, model: 'duckling', maxPrice: DUCK, lane: 'direct' as const }
    return runJob(this.net.client, { ...usual, ...fields })
  }

  /** On the auction lane, unless the fields say otherwise. */
  auction(fields: Partial<JobInput> = {}): Promise<JobReport> {
    return this.job({ lane: 'auction', ...fields })
  }

  /** The record of a job that the client keeps. */
  transcript(jobId: Hex): Promise<JobTranscript> {
    return this.net.client.ask('transcript', { jobId }, 10_000)
  }

  /** The running provider of an owner. */
  providerOf(owner: unknown): DevnetProvider {
    const found = this.net.providers.find((one) => ownerOf(one) === owner)
    if (found === undefined) throw new TypeError(`No provider is ${String(owner)}.`)
    return found
  }

  /** What each provider says about itself. */
  statuses(): Promise<ToldStatus[]> {
    return Promise.all(this.net.providers.map((one) => this.status(one)))
  }

  /** Ends a provider with SIGKILL; resolves when it is gone. */
  async kill({ child }: DevnetProvider): Promise<void> {
    child.process.kill('SIGKILL')
    await child.exited
  }

  /** Redeems everything; what was burnt by it is remembered. */
  async settle(): ReturnType<typeof settle> {
    const report = await settle(this.net)
    this.burnt += report.burnt
    return report
  }

  /** Everything of the client, of the account for chats and of each provider's owner, wei. */
  balances(): ReturnType<typeof readBalances> {
    const providers = this.net.providers.map(({ owner }) => owner.address)
    const payers = [account(ACCOUNT_INDEX.client).address, account(ACCOUNT_INDEX.chat).address]
    const { addresses, publicClient } = this.net.funder
    return readBalances(publicClient, addresses, { payers, providers })
  }

  /** The channel of the client to a provider as the chain has it; to the first when left out. */
  channel(provider: DevnetProvider = this.net.provider): ReturnType<typeof readChannel> {
    const { addresses, publicClient } = this.net.funder
    const payer = account(ACCOUNT_INDEX.client).address
    return readChannel(publicClient, { addresses, payer, provider: provider.owner.address })
  }

  /** The client's allotment for seats, with what one provider redeemed of it. */
  service(provider: DevnetProvider): ReturnType<typeof readService> {
    const { addresses, publicClient } = this.net.funder
    const payer = account(ACCOUNT_INDEX.client).address
    return readService(publicClient, { addresses, payer, provider: provider.owner.address })
  }

  escrow(payer: Address): ReturnType<typeof readAccount> {
    const { addresses, publicClient } = this.net.funder
    return readAccount(publicClient, { addresses, payer })
  }

  /** The first event of a job's run that matches, among those told from now on; told in the moment it comes. */
  nextJobEvent(matches: (event: ToldEvent) => boolean): Promise<ToldEvent> {
    const { promise, resolve } = Promise.withResolvers<ToldEvent>()
    const listener = (event: ToldEvent): void => {
      if (event.event === 'job' && matches(event)) resolve(event)
    }
    this.#listeners.add(listener)
    const told = promise.finally(() => this.#listeners.delete(listener))
    return orGuard('the job told it', told)
  }

  /** Events of the jobs so far, of one provider when it is named. */
  jobEvents(type: string, provider?: DevnetProvider): ToldEvent[] {
    const owner = provider === undefined ? undefined : ownerOf(provider)
    const ofJobs = this.events.filter((event) => event.event === 'job' && event['type'] === type)
    return ofJobs.filter((event) => owner === undefined || event['provider'] === owner)
  }

  /** What the client told of the channel to a provider; of all together when left out. */
  told(provider?: DevnetProvider): Told {
    const receipts = this.jobEvents('receipt', provider)
    const vouchers = this.jobEvents('voucher', provider)
    const amounts = receipts.map(({ receipt }) => BigInt((receipt as { amount: string }).amount))
    const totals = vouchers.map(({ cumulative }) => BigInt(String(cumulative)))
    return {
      receipts: amounts.reduce((sum, amount) => sum + amount, 0n),
      cumulative: totals.reduce((highest, total) => (total > highest ? total : highest), 0n),
    }
  }

  /** What a provider says about itself, amounts as decimal strings; the first one when left out. */
  status({ child }: DevnetProvider = this.net.provider): Promise<ToldStatus> {
    return child.ask('status', {}, 10_000)
  }

  async stop(): Promise<void> {
    running.delete(this)
    await this.net.stop()
  }
}

/** Longest wait for one event, ms: a guard for the machine, not something that is tested. */
const EVENT_GUARD_MS = 60_000

async function orGuard<T>(what: string, work: Promise<T>): Promise<T> {
  const guard = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    guard.reject(new AssertionError(`In ${EVENT_GUARD_MS} ms never: ${what}`))
  }, EVENT_GUARD_MS)
  try {
    return await Promise.race([work, guard.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** The name of a provider everywhere. */
export function ownerOf({ owner }: Pick<DevnetProvider, 'owner'>): Hex {
  return lowerHex(owner.address)
}

/** The sum of an account's balances, wei. */
export function sumOf(balances: Readonly<Record<string, bigint>>): bigint {
  return Object.values(balances).reduce((sum, amount) => sum + amount, 0n)
}
