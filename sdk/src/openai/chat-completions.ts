/** OpenAI-shaped chat completions over the mesh. */
import { DuckMeshError, bytesToHex, lowerHex } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import type { JobHandle, JobResult } from '../job/job-handle.ts'
import type { JobOptions, JobRequest } from '../job/request.ts'
import type {
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  DuckMeshExtras,
  Usage,
} from './types.ts'

type Submit = (request: JobRequest, options: JobOptions) => Promise<JobHandle>

export class ChatCompletions {
  readonly #submit: Submit
  readonly #nowMs: () => number

  constructor(submit: Submit, nowMs: () => number) {
    this.#submit = submit
    this.#nowMs = nowMs
  }

  /** One paid completion; with `stream: true` the chunks as they come. Rejects as `submitJob` and `JobHandle.result`. */
  create(
    request: ChatCompletionRequest & { stream: true },
    options?: JobOptions,
  ): Promise<AsyncIterable<ChatCompletionChunk>>
  create(
    request: ChatCompletionRequest & { stream?: false },
    options?: JobOptions,
  ): Promise<ChatCompletion>
  async create(
    request: ChatCompletionRequest,
    options: JobOptions = {},
  ): Promise<ChatCompletion | AsyncIterable<ChatCompletionChunk>> {
    const job = await this.#submit(toJobRequest(request), options)
    const created = Math.floor(this.#nowMs() / 1000)
    if (request.stream === true) return chunks(job, request.model, created)
    const result = await job.result()
    return {
      id: job.jobId,
      object: 'chat.completion',
      created,
      model: request.model,
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: result.text },
          finish_reason: finishOf(result),
        },
      ],
      usage: usageOf(result),
      duckmesh: extrasOf(result),
    }
  }
}

async function* chunks(
  job: JobHandle,
  model: string,
  created: number,
): AsyncGenerator<ChatCompletionChunk, void> {
  const base = { id: job.jobId, object: 'chat.completion.chunk' as const, created, model }
  const chunk = (delta: { role?: 'assistant'; content?: string }): ChatCompletionChunk => ({
    ...base,
    choices: [{ index: 0, delta, finish_reason: null }],
  })
  try {
    yield chunk({ role: 'assistant', content: '' })
    for await (const event of job) {
      if (event.type === 'text' && event.text !== '') yield chunk({ content: event.text })
    }
    const result = await job.result()
    yield {
      ...base,
      choices: [{ index: 0, delta: {}, finish_reason: finishOf(result) }],
      usage: usageOf(result),
      duckmesh: extrasOf(result),
    }
  } finally {
    // A consumer that leaves the loop early wants no more tokens.
    job.cancel()
  }
}

function finishOf(result: JobResult): 'stop' | 'length' | null {
  return result.finishReason === 'cancelled' ? null : result.finishReason
}

function usageOf({ usage }: JobResult): Usage {
  const { promptTokens, completionTokens } = usage
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  }
}

function extrasOf(result: JobResult): DuckMeshExtras {
  return { jobId: result.jobId, provider: result.provider, paid: `${result.paid}` }
}

function toJobRequest(request: ChatCompletionRequest): JobRequest {
  const { model, messages, duckmesh = {}, stop, temperature, top_p: topP } = request
  const maxTokens = request.max_completion_tokens ?? request.max_tokens
  const seed = seedOf(request.seed)
  const sampling = {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { topP }),
    ...(duckmesh.topK === undefined ? {} : { topK: duckmesh.topK }),
    ...(duckmesh.minP === undefined ? {} : { minP: duckmesh.minP }),
  }
  return {
    model,
    messages,
    sampling,
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(stop === undefined ? {} : { stop: typeof stop === 'string' ? [stop] : stop }),
    ...(seed === undefined ? {} : { seed }),
    ...(duckmesh.maxPrice === undefined ? {} : { maxPrice: duckmesh.maxPrice }),
    ...(duckmesh.timeoutMs === undefined ? {} : { timeoutMs: duckmesh.timeoutMs }),
  }
}

/**
 * OpenAI's seeds are whole numbers of 64 bits, also negative; here they become 32 bytes big-endian. Throws
 * SPEC_INVALID for anything else: a seed that is rounded or cut would not give the same answer again.
 */
function seedOf(seed: number | string | undefined): Hex | undefined {
  if (seed === undefined) return undefined
  if (typeof seed === 'string' && /^0x[0-9a-f]{64}$/i.test(seed)) return lowerHex(seed)
  const whole = typeof seed === 'string' ? /^-?[0-9]{1,19}$/.test(seed) : Number.isSafeInteger(seed)
  const value = whole ? BigInt(seed) : undefined
  if (value === undefined || BigInt.asIntN(64, value) !== value) {
    throw new DuckMeshError(
      'SPEC_INVALID',
      'seed must be a whole number of 64 bits or 32 bytes of hex.',
      {
        details: { field: 'seed' },
      },
    )
  }
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setBigInt64(24, value)
  return bytesToHex(bytes)
}
