/** What every request that costs money goes through: a limit, one job for a key, and answers by the money rule. */
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import type { JobRequest, JobResult } from '@duckmesh/sdk'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { MAX_OPEN_COMPLETIONS } from './constants.ts'
import { httpErrorOf } from './http-error.ts'
import type { HttpError } from './http-error.ts'
import type { GatewayComponents, GatewayJob } from './interface.ts'
import { JobDesk } from './job-desk.ts'

/** Names the job of an answer, also of one that failed. */
const JOB_HEADER = 'x-duckmesh-job'

/** Part of the body that a key stands for: chats, which had keys first, have no name. */
const NAMELESS = '/v1/chat/completions'

/** What an answer in one piece needs of a job. */
export type AnsweredJob = Pick<GatewayJob, 'cancel' | 'jobId' | 'result'>

export class PaidRequests {
  readonly #components: GatewayComponents
  readonly #desk: JobDesk
  readonly #stopping: AbortSignal
  #open = 0

  /** `stopping` aborts when the gateway is being stopped. */
  constructor(components: GatewayComponents, stopping: AbortSignal) {
    this.#components = components
    this.#desk = new JobDesk(components)
    this.#stopping = stopping
  }

  /**
   * Orders the job and has it answered; a caller that goes away cancels it. Rejects only while nothing is paid: from
   * there on `answer` tells what fails.
   */
  async serve(
    request: FastifyRequest,
    reply: FastifyReply,
    jobOf: () => JobRequest,
    answer: (job: GatewayJob) => Promise<unknown>,
  ): Promise<unknown> {
    if (this.#open >= MAX_OPEN_COMPLETIONS) {
      throw new DuckMeshError('PROVIDER_BUSY', 'This gateway answers as many requests as it can.')
    }
    const gone = new AbortController()
    const onClose = (): void => {
      gone.abort(new DuckMeshError('CANCELLED', 'The caller closed the connection.'))
    }
    reply.raw.once('close', onClose)
    // It may have gone while its body was read.
    if (reply.raw.destroyed) onClose()
    this.#open += 1
    try {
      const job = await this.#desk.submit(jobOf(), { signal: gone.signal, ...onceOf(request) })
      reply.header(JOB_HEADER, job.jobId)
      return await answer(job)
    } finally {
      this.#open -= 1
      reply.raw.off('close', onClose)
    }
  }

  /** The answer in one piece, or why there is none. */
  async whole(
    job: AnsweredJob,
    reply: FastifyReply,
    bodyOf: (result: JobResult) => object,
  ): Promise<unknown> {
    try {
      return bodyOf(await job.result())
    } catch (error) {
      const { body, status } = this.failed(job, error)
      return await reply.code(status).send(body)
    }
  }

  /** The answer to a job that failed after it was awarded. */
  failed(job: AnsweredJob, thrown: unknown): HttpError {
    // Over already, unless something here failed: then nobody reads what it would go on paying for.
    job.cancel()
    const error = this.#reasonOf(job, toDuckMeshError(thrown))
    const { code, jobId } = error
    this.#components.logger.info('gateway.job_failed', { jobId, code })
    return httpErrorOf(error, true)
  }

  /** A stop of the gateway cancels its jobs; the caller did not. */
  #reasonOf({ jobId }: AnsweredJob, error: DuckMeshError): DuckMeshError {
    const isStop = error.code === 'CANCELLED' && this.#stopping.aborted
    if (!isStop) return error
    const what = 'The gateway stops and cancelled the job.'
    return new DuckMeshError('SHUTTING_DOWN', what, { jobId, details: error.details, cause: error })
  }
}

function onceOf({ body, headers, routeOptions }: FastifyRequest): {
  once?: { key: string; body: string }
} {
  const key = headers['idempotency-key']
  if (key === undefined) return {}
  const { url = NAMELESS } = routeOptions
  const text = JSON.stringify(body)
  return { once: { key: String(key), body: url === NAMELESS ? text : `${url}\n${text}` } }
}
