/** `POST /v1/chat/completions`: one paid job per request, streamed or whole. */
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
import { EventStream } from './event-stream.ts'
import type { GatewayComponents, GatewayJob } from './interface.ts'
import type { PaidRequests } from './paid-requests.ts'
import { progressOf } from './progress.ts'

export class ChatRoute {
  readonly #components: GatewayComponents
  readonly #paid: PaidRequests

  constructor(components: GatewayComponents, paid: PaidRequests) {
    this.#components = components
    this.#paid = paid
  }

  register(server: FastifyInstance): void {
    server.post('/v1/chat/completions', (request, reply) => this.#serve(request, reply))
  }

  async #serve(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const chat = parseChatRequest(request.body)
    const { clock } = this.#components
    const { model } = chat.request
    return this.#paid.serve(
      request,
      reply,
      () => toJobRequest(chat.request),
      (job) => {
        const head = { id: job.jobId, created: Math.floor(clock.now() / 1_000), model }
        if (chat.stream) return this.#stream(chat, head, job, reply)
        return this.#paid.whole(job, reply, (result) => completionOf(head, result))
      },
    )
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
      await stream.data(this.#paid.failed(job, error).body)
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
}
