/** `POST /v1/chat/completions`: one paid job per request, streamed or whole. */
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import {
  completionOf,
  finishChunk,
  firstChunk,
  textChunk,
  toJobRequest,
  usageChunk,
} from '@duckmesh/sdk'
import type { CompletionHead } from '@duckmesh/sdk'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OutgoingHttpHeaders } from 'node:http'
import { parseChatRequest } from './chat-request.ts'
import type { ChatRequest } from './chat-request.ts'
import { MAX_OPEN_COMPLETIONS } from './constants.ts'
import { EventStream } from './event-stream.ts'
import { httpErrorOf } from './http-error.ts'
import type { HttpError } from './http-error.ts'
import type { GatewayComponents, GatewayJob } from './interface.ts'
import { JobDesk } from './job-desk.ts'
import { progressOf } from './progress.ts'

/** Names the job of an answer, also of one that failed. */
const JOB_HEADER = 'x-duckmesh-job'

export class ChatRoute {
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

  register(server: FastifyInstance): void {
    server.post('/v1/chat/completions', (request, reply) => this.#serve(request, reply))
  }

  async #serve(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const chat = parseChatRequest(request.body)
    if (this.#open >= MAX_OPEN_COMPLETIONS) {
      throw new DuckMeshError('PROVIDER_BUSY', 'This gateway answers as many chats as it can.')
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
      return await this.#answer(chat, request, reply, gone.signal)
    } finally {
      this.#open -= 1
      reply.raw.off('close', onClose)
    }
  }

  /** Rejects only while nothing is paid: what happens after the award is answered here. */
  async #answer(
    chat: ChatRequest,
    { body, headers }: FastifyRequest,
    reply: FastifyReply,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { clock } = this.#components
    const key = headers['idempotency-key']
    const once = key === undefined ? {} : { once: { key: String(key), body: JSON.stringify(body) } }
    const job = await this.#desk.submit(toJobRequest(chat.request), { signal, ...once })
    reply.header(JOB_HEADER, job.jobId)
    const { model } = chat.request
    const head = { id: job.jobId, created: Math.floor(clock.now() / 1_000), model }
    if (chat.stream) return this.#stream(chat, head, job, reply)
    try {
      return completionOf(head, await job.result())
    } catch (error) {
      const { body: failure, status } = this.#failed(job, error)
      return await reply.code(status).send(failure)
    }
  }

  async #stream(
    { includeUsage }: ChatRequest,
    head: CompletionHead,
    job: GatewayJob,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    reply.hijack()
    const stream = new EventStream(reply.raw, this.#components.clock)
    try {
      stream.open(reply.getHeaders() as OutgoingHttpHeaders)
      await this.#relay(stream, head, job)
      const result = await job.result()
      await stream.data(finishChunk(head, result))
      if (includeUsage) await stream.data(usageChunk(head, result))
      await stream.done()
    } catch (error) {
      await stream.data(this.#failed(job, error).body)
      stream.end()
    }
    return reply
  }

  async #relay(stream: EventStream, head: CompletionHead, job: GatewayJob): Promise<void> {
    let told = false
    for await (const event of job) {
      if (event.type !== 'text') {
        const progress = progressOf(event)
        if (progress !== undefined) await stream.comment(progress)
      } else if (event.text !== '') {
        if (!told) await stream.data(firstChunk(head))
        told = true
        await stream.data(textChunk(head, event.text))
      }
    }
    if (!told) await stream.data(firstChunk(head))
  }

  /** The answer to a job that failed after it was awarded. */
  #failed(job: GatewayJob, thrown: unknown): HttpError {
    // Over already, unless something here failed: then nobody reads what it would go on paying for.
    job.cancel()
    const error = this.#reasonOf(job, toDuckMeshError(thrown))
    const { code, jobId } = error
    this.#components.logger.info('gateway.job_failed', { jobId, code })
    return httpErrorOf(error, true)
  }

  /** A stop of the gateway cancels its jobs; the caller did not. */
  #reasonOf({ jobId }: GatewayJob, error: DuckMeshError): DuckMeshError {
    const isStop = error.code === 'CANCELLED' && this.#stopping.aborted
    if (!isStop) return error
    const what = 'The gateway stops and cancelled the job.'
    return new DuckMeshError('SHUTTING_DOWN', what, { jobId, details: error.details, cause: error })
  }
}
