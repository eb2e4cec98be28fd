/** The seed document's client: five calls over a light client. Amounts are wei in `bigint`. */
import { registryOf } from '@duckmesh/contracts'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex, Signer } from '@duckmesh/protocols'
import { isTerminal } from '@duckmesh/protocols/dispatch'
import { createClient, http } from 'viem'
import type { LocalAccount } from 'viem'
import { getChainId } from 'viem/actions'
import { createLightClient } from './create-light-client.ts'
import type { LightClientOptions } from './create-light-client.ts'
import { keySigner } from './crypto/key-signer.ts'
import type { JobHandle } from './job/job-handle.ts'
import type { WholeState } from './job/interface.ts'
import type { LightClient } from './light-client.ts'
import { DEFAULT_TIMEOUT_MS } from './job/request.ts'
import type { JobRequest } from './job/request.ts'

/** Verification modes of the seed document (DESIGN §9). */
export const VerificationMode = { REDUNDANT: 0, REFERENCE: 1, TEE: 2, ZKML: 3 } as const
export type VerificationModeValue = (typeof VerificationMode)[keyof typeof VerificationMode]

export interface InferenceSpec {
  prompt: string
  maxTokens?: number
  temperature?: number
}

export interface InferenceResult {
  output: string
  metadata: { tokensUsed: number; executionTime: number; providers: Hex[] }
  /** Wei. */
  paid: bigint
}

/** Status words of the seed document. */
export type JobStatus =
  | 'posted'
  | 'assigned'
  | 'running'
  | 'completed'
  | 'finalized'
  | 'disputed'
  | 'cancelled'
  | 'failed'

/** Jobs remembered with their results; the oldest finished one goes first. */
const MAX_KEPT_JOBS = 1_000

const STATUS: Record<WholeState, JobStatus> = {
  posted: 'posted',
  matched: 'posted',
  awarded: 'assigned',
  accepted: 'assigned',
  running: 'running',
  completed: 'completed',
  finalized: 'finalized',
  disputed: 'disputed',
  expired: 'failed',
  cancelled: 'cancelled',
  failed: 'failed',
}

/** Modes that exist, as requests name them. */
const VERIFICATION: Partial<Record<VerificationModeValue, JobRequest['verification'] & string>> = {
  [VerificationMode.REDUNDANT]: 'redundant',
  [VerificationMode.REFERENCE]: 'reference',
}

export class DuckMeshClient {
  readonly #client: Promise<LightClient>
  readonly #jobs = new Map<Hex, JobHandle>()

  /**
   * @param rpcUrl JSON-RPC endpoint of the chain
   * @param account viem local account, or a private key on the local network
   * @param jobMarketAddress where `JobMarket` is deployed; the registry is read from it
   * @param duckTokenAddress where `DuckToken` is deployed
   * @param seeds multiaddrs of seed peers: there is no central coordinator whose URL could be given
   */
  constructor(
    rpcUrl: string,
    account: LocalAccount | Hex,
    jobMarketAddress: Hex,
    duckTokenAddress: Hex,
    seeds: string | readonly string[],
  ) {
    this.#client = connect(rpcUrl, account, jobMarketAddress, duckTokenAddress, [seeds].flat())
    // A failure is told by the first call that needs the client.
    this.#client.catch(() => undefined)
  }

  /**
   * Submits a job and resolves to its id. Mode REDUNDANT (the default) has three providers compute it and compares
   * their answers, REFERENCE takes one; the others answer NOT_SUPPORTED. Errors as `submitJob`.
   */
  async submitJob(
    modelId: string,
    jobSpec: InferenceSpec,
    maxPrice: bigint,
    verificationMode: VerificationModeValue = VerificationMode.REDUNDANT,
    timeoutMs: number = DEFAULT_TIMEOUT_MS,
  ): Promise<Hex> {
    const verification = VERIFICATION[verificationMode]
    if (verification === undefined) {
      throw new DuckMeshError(
        'NOT_SUPPORTED',
        `Verification mode ${verificationMode} is not there yet.`,
      )
    }
    const { prompt, maxTokens, temperature } = jobSpec
    const client = await this.#client
    const job = await client.submit({
      model: modelId,
      messages: [{ role: 'user', content: prompt }],
      maxPrice,
      timeoutMs,
      verification,
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(temperature === undefined ? {} : { sampling: { temperature } }),
    })
    this.#keep(job)
    return job.jobId
  }

  /** Resolves when the job is done. Rejects with its failure, or JOB_UNKNOWN. */
  async waitForResult(jobId: Hex): Promise<InferenceResult> {
    const found = this.#jobs.get(lowerCase(jobId))
    if (found === undefined)
      throw new DuckMeshError('JOB_UNKNOWN', `${jobId} was not submitted here.`)
    const { paid, providers, states, text, usage } = await found.result()
    const start = states[0]?.atMs ?? 0
    const end = states.at(-1)?.atMs ?? 0
    const metadata = {
      tokensUsed: usage.promptTokens + usage.completionTokens,
      executionTime: end - start,
      providers,
    }
    return { output: text, metadata, paid }
  }

  /** Where the job stands. Rejects with JOB_UNKNOWN. */
  async getJobStatus(jobId: Hex): Promise<JobStatus> {
    const id = lowerCase(jobId)
    const job = this.#jobs.get(id)
    if (job !== undefined) return STATUS[job.state]
    const client = await this.#client
    const ended = await client.transcript(id)
    const last = ended ?? (await client.job(id)).at(-1)
    if (last === undefined) throw new DuckMeshError('JOB_UNKNOWN', `${jobId} is not stored here.`)
    return STATUS[last.state]
  }

  /** DUCK in the account's wallet and free in its escrow, wei. */
  async getBalance(): Promise<bigint> {
    const { wallet, free } = await (await this.#client).funds()
    return wallet + free
  }

  /** Leaves the mesh; running jobs end, what was receipted stays paid. A client that never joined has nothing to leave. */
  async close(): Promise<void> {
    const client = await this.#client.catch(() => undefined)
    await client?.stop()
  }

  #keep(job: JobHandle): void {
    this.#jobs.set(job.jobId, job)
    if (this.#jobs.size <= MAX_KEPT_JOBS) return
    const oldest = [...this.#jobs.values()].find(({ state }) => isOver(state))
    if (oldest !== undefined) this.#jobs.delete(oldest.jobId)
  }
}

function isOver(state: WholeState): boolean {
  return state !== 'matched' && isTerminal(state)
}

/** Ids are compared as text; one that is no hex is simply not known. */
function lowerCase(jobId: Hex): Hex {
  return `0x${jobId.slice(2).toLowerCase()}`
}

async function connect(
  rpcUrl: string,
  given: LocalAccount | Hex,
  market: Hex,
  token: Hex,
  seeds: readonly string[],
): Promise<LightClient> {
  const local = seeds.length > 0 && seeds.every(isLoopback)
  const account = typeof given === 'string' ? signerOf(given, local) : given
  const chain = createClient({ transport: http(rpcUrl, { retryCount: 1 }) })
  const chainId = await reading(() => getChainId(chain))
  const registry = await reading(() => registryOf(chain, market))
  const network: LightClientOptions['network'] = {
    chainId,
    rpcUrl,
    registry,
    market,
    token,
    seeds,
    local,
  }
  return createLightClient({ network, account })
}

function isLoopback(seed: string): boolean {
  return seed.startsWith('/ip4/127.0.0.1/') || seed.startsWith('/ip6/::1/')
}

function signerOf(privateKey: Hex, local: boolean): Signer {
  if (!local) {
    throw new DuckMeshError('KEY_REFUSED', 'A raw key was given for a network that is not local.')
  }
  try {
    return keySigner(privateKey)
  } catch {
    // Without the cause: it may quote the key.
    throw new DuckMeshError('CONFIG_INVALID', 'The private key must be 32 bytes of hex.')
  }
}

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    throw new DuckMeshError('CHAIN_UNREACHABLE', 'The chain did not answer for this market.', {
      cause,
    })
  }
}
