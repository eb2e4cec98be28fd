/** OpenAI-shaped chat completions over the mesh. */
import type { JobHandle } from '../job/job-handle.ts'
import type { JobOptions, JobRequest } from '../job/request.ts'
import { chunksOf, completionOf } from './completion.ts'
import { toJobRequest } from './job-request.ts'
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionRequest } from './types.ts'

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
    const head = { id: job.jobId, created, model: request.model }
    if (request.stream === true) return chunksOf(head, job)
    return completionOf(head, await job.result())
  }
}
