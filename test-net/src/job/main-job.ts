/**
 * The main job: one streamed answer and one that three providers compute and compare, both auctioned and paid; then
 * one round of redemptions, with the balances around all of it.
 */
import { getAddress } from 'viem'
import { DuckMeshError } from '@duckmesh/protocols'
import { ACCOUNT_INDEX, account } from '../chain/accounts.ts'
import { countTransactions, readBalances } from '../chain/balances.ts'
import type { Devnet } from '../devnet.ts'
import type { ChildEvent } from '../processes/interface.ts'
import type { JobReport, MainJobReport, SettlementReport } from './interface.ts'
import { runJob } from './run-job.ts'
import type { JobInput } from './run-job.ts'
import { settle } from './settle.ts'
import { readEngines, withEngineSpeed } from './speed.ts'

/** Members of the redundant job. */
const REPLICAS = 3

type Balances = MainJobReport['balances']['before']

export interface MainJobHooks {
  onJobStart?: (kind: JobReport['kind']) => void
  onJobDone?: (job: JobReport) => void
}

export interface MainJobInput {
  prompt: string
  maxPrice: bigint
}

/** Runs and settles it. Rejects when a job did not finish or the vouchers were not redeemed in full. */
export async function runMainJob(
  net: Devnet,
  input: MainJobInput,
  hooks: MainJobHooks = {},
): Promise<MainJobReport> {
  const watched = {
    payers: [account(ACCOUNT_INDEX.client).address],
    providers: net.providers.map(({ owner }) => owner.address),
  }
  const { addresses, publicClient } = net.funder
  const read = (): Promise<Balances> => readBalances(publicClient, addresses, watched)
  const before = await read()
  const model = await servedModel(net)
  const block = await publicClient.getBlockNumber()
  const jobs: JobReport[] = []
  for (const kind of kindsFor(net.providers.length)) {
    hooks.onJobStart?.(kind)
    const redundant = kind === 'redundant' ? { redundant: REPLICAS } : {}
    const job = await timedJob(net, { ...input, ...redundant, model: model.name })
    jobs.push(job)
    hooks.onJobDone?.(job)
  }
  const chainTxDuringJobs = await countTransactions(publicClient, block)
  const settlement = await settle(net)
  const after = await read()
  checkSettled(jobs, settlement, { before, after })
  const balances = { before, after }
  return { peers: peersOf(net), model, jobs, settlement, balances, chainTxDuringJobs }
}

/** The job with what the engines of its providers counted meanwhile; nobody else uses them. */
async function timedJob(net: Devnet, input: JobInput): Promise<JobReport> {
  const enginesBefore = await readEngines(net.providers)
  const job = await runJob(net.client, input)
  const enginesAfter = await readEngines(net.providers)
  return { ...job, winners: withEngineSpeed(job.winners, enginesBefore, enginesAfter) }
}

/** A small network has too few distinct providers for the redundant job. */
function kindsFor(providers: number): JobReport['kind'][] {
  return providers < REPLICAS ? ['stream'] : ['stream', 'redundant']
}

/**
 * Every provider must have gained at least what its receipts say, less the burnt percent, and nothing may have
 * vanished but what was burnt.
 */
function checkSettled(
  jobs: readonly JobReport[],
  { burnt }: SettlementReport,
  { before, after }: MainJobReport['balances'],
): void {
  const sum = (balances: Balances): bigint =>
    Object.values(balances).reduce((total, amount) => total + amount, 0n)
  const lost = sum(before) - sum(after) - burnt
  for (const [owner, due] of duesOf(jobs)) {
    const gained = (after[owner] ?? 0n) - (before[owner] ?? 0n)
    if (gained >= due - percentOf(due) && lost === 0n) continue
    const what = 'The vouchers of the jobs were not redeemed in full.'
    throw new DuckMeshError('CHAIN_REVERTED', what, { details: { owner, due, gained, lost } })
  }
}

function duesOf(jobs: readonly JobReport[]): Map<ReturnType<typeof getAddress>, bigint> {
  const dues = new Map<ReturnType<typeof getAddress>, bigint>()
  const add = (provider: string, amount: bigint): void => {
    const owner = getAddress(provider)
    dues.set(owner, (dues.get(owner) ?? 0n) + amount)
  }
  for (const { seat, seatFee, winners } of jobs) {
    for (const { paid, provider } of winners) add(provider, paid)
    if (seat !== null) add(seat, seatFee)
  }
  return dues
}

/** What is burnt of an amount, rounded up because each redemption rounds by itself. */
function percentOf(amount: bigint): bigint {
  return (amount + 99n) / 100n
}

async function servedModel(net: Devnet): Promise<MainJobReport['model']> {
  const { models } = await readyOf(net.provider.child)
  const [model] = models as MainJobReport['model'][]
  if (model === undefined)
    throw new DuckMeshError('PROVIDER_UNAVAILABLE', 'The provider serves no model.')
  const { cid, modelId, name } = model
  return { name, modelId, cid }
}

function readyOf(child: Devnet['client']): Promise<ChildEvent> {
  return child.event('ready', 1_000)
}

function peersOf(net: Devnet): MainJobReport['peers'] {
  return net.children.map((child) => {
    const ready = child.lastReady
    const addresses = Array.isArray(ready?.['addresses']) ? (ready['addresses'] as string[]) : []
    const peerId = typeof ready?.['peerId'] === 'string' ? ready['peerId'] : null
    return { name: child.name, pid: child.pid ?? 0, peerId, address: addresses[0] ?? null }
  })
}
