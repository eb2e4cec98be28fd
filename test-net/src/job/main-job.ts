/** The main job: one streamed, paid answer, then its redemption, with the balances around both. */
import { getAddress } from 'viem'
import { DuckMeshError } from '@duckmesh/protocols'
import { ACCOUNT_INDEX, account } from '../chain/accounts.ts'
import { countTransactions, readBalances } from '../chain/balances.ts'
import type { Devnet } from '../devnet.ts'
import type { ChildEvent } from '../processes/interface.ts'
import type { JobReport, MainJobReport } from './interface.ts'
import { runJob } from './run-job.ts'
import { settle } from './settle.ts'

export interface MainJobHooks {
  /** Balances before the job are read. */
  onBefore?: (balances: MainJobReport['balances']['before']) => void
  onJobDone?: (job: JobReport) => void
}

export interface MainJobInput {
  prompt: string
  maxPrice: bigint
}

/** Runs and settles it. Rejects when the job did not finish or the vouchers were not redeemed in full. */
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
  const read = (): ReturnType<typeof readBalances> => readBalances(publicClient, addresses, watched)
  const before = await read()
  hooks.onBefore?.(before)
  const model = await servedModel(net)
  const block = await publicClient.getBlockNumber()
  const job = await runJob(net.client, { ...input, model: model.name })
  const chainTxDuringJobs = await countTransactions(publicClient, block)
  hooks.onJobDone?.(job)
  const settlement = await settle(net)
  const after = await read()
  checkSettled(job, before, after)
  return {
    peers: peersOf(net),
    model,
    jobs: [job],
    settlement,
    balances: { before, after },
    chainTxDuringJobs,
  }
}

/** The provider must have gained at least what the receipts say, and nobody else lost anything. */
function checkSettled(
  job: JobReport,
  before: MainJobReport['balances']['before'],
  after: MainJobReport['balances']['after'],
): void {
  const sum = (balances: MainJobReport['balances']['before']): bigint =>
    Object.values(balances).reduce((total, amount) => total + amount, 0n)
  for (const { paid, provider } of job.winners) {
    const owner = getAddress(provider)
    const gained = (after[owner] ?? 0n) - (before[owner] ?? 0n)
    if (gained >= paid && sum(before) === sum(after)) continue
    throw new DuckMeshError(
      'CHAIN_REVERTED',
      'The vouchers of the job were not redeemed in full.',
      {
        jobId: job.jobId,
        details: { paid, gained },
      },
    )
  }
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
