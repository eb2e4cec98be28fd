/** `POST /v1/embeddings` as OpenAI has it and `POST /v1/classify` as vLLM has it: one paid job per request. */
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import { classificationOf, embeddingsOf, toClassificationJob, toEmbeddingJob } from '@duckmesh/sdk'
import type { ClassificationRequest, EmbeddingRequest } from '@duckmesh/sdk'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { maybe, meshFields, readBody } from './body-schema.ts'
import type { GatewayComponents, GatewayJob } from './interface.ts'
import type { AnsweredJob, PaidRequests } from './paid-requests.ts'

const { lane, maxPrice, replicas, timeoutMs, verification } = meshFields

const texts = {
  model: z.string().min(1),
  // What it must be says the SDK, which its own callers meet too.
  input: z.custom<string | string[]>((value) => value !== undefined, 'is missing'),
  duckmesh: maybe(z.strictObject({ lane, maxPrice, replicas, timeoutMs, verification })),
  /** Says nothing about the answer. */
  user: z.unknown().optional(),
}

const classification = z.strictObject(texts)

const embeddings = z.strictObject({
  ...texts,
  encoding_format: maybe(z.enum(['float', 'base64'])),
  dimensions: maybe(z.int().min(1)),
})

/** The body as the SDK takes it: without what was left out or says nothing. */
function given({ user: _, ...data }: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined))
}

export function registerNumbers(
  server: FastifyInstance,
  { clock }: Pick<GatewayComponents, 'clock'>,
  paid: PaidRequests,
): void {
  server.post('/v1/embeddings', async (request, reply) => {
    const asked = given(readBody(embeddings, request.body)) as EmbeddingRequest
    const answer = (job: GatewayJob): Promise<unknown> =>
      paid.whole(aboutInput(job), reply, (result) =>
        embeddingsOf(asked, result, asked.encoding_format),
      )
    return paid.serve(request, reply, () => toEmbeddingJob(asked), answer).catch(rethrown)
  })
  server.post('/v1/classify', async (request, reply) => {
    const asked = given(readBody(classification, request.body)) as ClassificationRequest
    const { model } = asked
    const answer = (job: GatewayJob): Promise<unknown> => {
      const head = { id: job.jobId, created: Math.floor(clock.now() / 1_000), model }
      return paid.whole(aboutInput(job), reply, (result) => classificationOf(head, result))
    }
    return paid.serve(request, reply, () => toClassificationJob(asked), answer).catch(rethrown)
  })
}

/** The same job; what is wrong with its prompt is wrong with the parameter of these paths. */
function aboutInput(job: GatewayJob): AnsweredJob {
  return {
    jobId: job.jobId,
    cancel: () => {
      job.cancel()
    },
    result: () => job.result().catch(rethrown),
  }
}

function rethrown(thrown: unknown): never {
  const error = toDuckMeshError(thrown)
  const { code, details, jobId, message } = error
  if (code !== 'PROMPT_EMPTY' && code !== 'PROMPT_TOO_LONG') throw error
  const told = { details: { ...details, field: 'input' }, cause: error }
  throw new DuckMeshError(code, message, jobId === undefined ? told : { ...told, jobId })
}
