/** A light client: joins the mesh, finds providers, runs paid jobs. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import type { SegmentRow } from '@duckmesh/protocols/dispatch'
import type { BookEntry } from '@duckmesh/protocols/market'
import type { ChainReader, Funds } from './chain/chain-reader.ts'
import type { OfferFinder } from './discovery/find-offers.ts'
import type { JobHandle } from './job/job-handle.ts'
import type { JobOptions, JobRequest } from './job/request.ts'
import type { JobRunComponents } from './job/job-run.ts'
import { submitJob } from './job/submit-job.ts'
import { ChatCompletions } from './openai/chat-completions.ts'
import { classificationOf, embeddingsOf } from './openai/number-answers.ts'
import { toClassificationJob, toEmbeddingJob } from './openai/number-answers.ts'
import type { Classification, ClassificationRequest } from './openai/types.ts'
import type { EmbeddingRequest, EmbeddingResponse } from './openai/types.ts'
import type { ClientStore } from './store/memory-store.ts'
import type { JobTranscript } from './store/transcripts.ts'

/** `degraded`: no seed is connected now, known providers may still answer. */
export type ClientHealth = 'ready' | 'degraded' | 'stopped'

export interface LightClientParts {
  jobs: JobRunComponents
  chain: ChainReader
  store: ClientStore
  finder: OfferFinder
  /** Peer id of this client. */
  peerId: string
  connectedPeers: () => number
  stop: () => Promise<void>
}

export class LightClient implements AsyncDisposable {
  readonly chat: { completions: ChatCompletions }
  /** Embeddings in OpenAI's shape. */
  readonly embeddings: {
    create: (request: EmbeddingRequest, options?: JobOptions) => Promise<EmbeddingResponse>
  }
  readonly peerId: string
  /** The payer: this client's account. */
  readonly payer: Hex
  readonly #parts: LightClientParts
  readonly #stopping = new AbortController()
  readonly #submitting = new Set<Promise<JobHandle>>()
  readonly #running = new Set<JobHandle>()
  #stopped: Promise<void> | undefined

  constructor(parts: LightClientParts) {
    this.#parts = parts
    this.peerId = parts.peerId
    this.payer = parts.jobs.signer.address
    const { clock } = parts.jobs
    this.chat = {
      completions: new ChatCompletions(
        (request, options) => this.submit(request, options),
        () => clock.now(),
      ),
    }
    this.embeddings = { create: (request, options) => this.#embed(request, options) }
  }

  get health(): ClientHealth {
    if (this.#isStopping()) return 'stopped'
    return this.#parts.connectedPeers() > 0 ? 'ready' : 'degraded'
  }

  /** Starts one paid job; see `submitJob` for the errors. Rejects with SHUTTING_DOWN after `stop`. */
  async submit(request: JobRequest, options: JobOptions = {}): Promise<JobHandle> {
    if (this.#isStopping()) throw shuttingDown()
    const signals = [
      this.#stopping.signal,
      ...(options.signal === undefined ? [] : [options.signal]),
    ]
    const signal = AbortSignal.any(signals)
    const submitting = submitJob(this.#parts.jobs, request, { signal }, (job) => {
      this.#watch(job)
    })
    this.#submitting.add(submitting)
    try {
      return await submitting
    } catch (error) {
      throw this.#isStopping() ? shuttingDown(error) : error
    } finally {
      this.#submitting.delete(submitting)
    }
  }

  /** Classes of texts, as one paid job. Rejects as `submit` and `JobHandle.result`. */
  async classify(request: ClassificationRequest, options?: JobOptions): Promise<Classification> {
    const job = await this.submit(toClassificationJob(request), options)
    const created = Math.floor(this.#parts.jobs.clock.now() / 1000)
    return classificationOf({ id: job.jobId, created, model: request.model }, await job.result())
  }

  /** Live offers of the network, after a search when none are known. */
  offers(signal: AbortSignal = new AbortController().signal): Promise<BookEntry[]> {
    return this.#parts.finder.offers(signal)
  }

  /** Stored rows of a job of this client, one per segment; empty when it is not known here. */
  job(jobId: Hex): Promise<SegmentRow[]> {
    return this.#parts.store.jobs.listSegments({ jobId })
  }

  /** How a finished job was decided, when its record is still kept. */
  transcript(jobId: Hex): Promise<JobTranscript | undefined> {
    return this.#parts.store.transcripts.find(jobId)
  }

  /** What the account can spend, in its wallet and in escrow. */
  funds(): Promise<Funds> {
    return this.#parts.chain.funds(this.payer)
  }

  /** Cancels every job, waits for their accounts and leaves the mesh; what was receipted stays paid. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #embed(request: EmbeddingRequest, options?: JobOptions): Promise<EmbeddingResponse> {
    const job = await this.submit(toEmbeddingJob(request), options)
    return embeddingsOf(request, await job.result(), request.encoding_format)
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  #watch(job: JobHandle): void {
    this.#running.add(job)
    // Until the seat is paid and the record stored, which a job that failed at once has too.
    void job.settled.then(() => this.#running.delete(job))
  }

  async #stop(): Promise<void> {
    this.#stopping.abort(shuttingDown())
    await Promise.allSettled(this.#submitting)
    // Bounded: a cancelled job ends by its own clock when the provider is silent.
    await Promise.all([...this.#running].map((job) => job.settled))
    await this.#parts.stop()
  }
}

function shuttingDown(cause?: unknown): DuckMeshError {
  return new DuckMeshError('SHUTTING_DOWN', 'The client is stopped.', { cause })
}
