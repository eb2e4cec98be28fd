/** Jobs of the mesh as OpenAI-shaped completions and chunks. */
import type { JobHandle, JobResult } from '../job/job-handle.ts'
import type { ChatCompletion, ChatCompletionChunk, DuckMeshExtras, Usage } from './types.ts'

/** What every chunk of one answer repeats. */
export interface CompletionHead {
  /** Job id. */
  id: string
  /** Unix seconds. */
  created: number
  /** As the caller named it. */
  model: string
}

/** The whole answer of a finished job. */
export function completionOf(head: CompletionHead, result: JobResult): ChatCompletion {
  const message = { role: 'assistant' as const, content: result.text }
  return {
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: finishOf(result) }],
    usage: usageOf(result),
    duckmesh: extrasOf(result),
  }
}

/** The first chunk, which names the role. */
export function firstChunk(head: CompletionHead): ChatCompletionChunk {
  return chunkOf(head, { role: 'assistant', content: '' })
}

export function textChunk(head: CompletionHead, content: string): ChatCompletionChunk {
  return chunkOf(head, { content })
}

/** The last chunk with a choice: why the answer ended, and what DuckMesh adds. */
export function finishChunk(head: CompletionHead, result: JobResult): ChatCompletionChunk {
  return {
    ...chunkOf(head, {}),
    choices: [{ index: 0, delta: {}, finish_reason: finishOf(result) }],
    duckmesh: extrasOf(result),
  }
}

/** What `stream_options.include_usage` asks for: a chunk without a choice. */
export function usageChunk(head: CompletionHead, result: JobResult): ChatCompletionChunk {
  return { ...chunkOf(head, {}), choices: [], usage: usageOf(result) }
}

/** All chunks of a job as they come. A consumer that leaves the loop early cancels the job. */
export async function* chunksOf(
  head: CompletionHead,
  job: JobHandle,
): AsyncGenerator<ChatCompletionChunk, void> {
  try {
    yield firstChunk(head)
    for await (const event of job) {
      if (event.type === 'text' && event.text !== '') yield textChunk(head, event.text)
    }
    const result = await job.result()
    yield { ...finishChunk(head, result), usage: usageOf(result) }
  } finally {
    job.cancel()
  }
}

function chunkOf(
  head: CompletionHead,
  delta: ChatCompletionChunk['choices'][0]['delta'],
): ChatCompletionChunk {
  const choices = [{ index: 0 as const, delta, finish_reason: null }]
  return { ...head, object: 'chat.completion.chunk', choices }
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

/** What DuckMesh adds to an answer. */
export function extrasOf(result: JobResult): DuckMeshExtras {
  const { agreed, jobId, lane, paid, providers } = result
  return { jobId, lane, providers, paid: `${paid}`, agreed }
}
