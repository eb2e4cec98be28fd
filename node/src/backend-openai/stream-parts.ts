/** One event of a chat stream as parts; tolerant of what servers add, strict about what is used. */
import { z } from 'zod'
import { backendFailed } from './backend-errors.ts'
import type { StreamPart } from './interface.ts'

const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .optional(),
  usage: z
    .object({
      prompt_tokens: z.int().nonnegative(),
      completion_tokens: z.int().nonnegative(),
    })
    .nullish(),
  error: z.unknown().optional(),
})

/** Throws BACKEND_FAILED for what is no chunk of an answer. */
export function streamParts(data: string): StreamPart[] {
  const { choices = [], error, usage } = parseChunk(data)
  if (error !== undefined && error !== null) {
    throw backendFailed('The endpoint reported an error in its stream.')
  }
  const parts: StreamPart[] = choices.slice(0, 1).flatMap(choiceParts)
  if (usage === undefined || usage === null) return parts
  const { completion_tokens: completionTokens, prompt_tokens: promptTokens } = usage
  return [...parts, { type: 'usage', promptTokens, completionTokens }]
}

type Chunk = z.output<typeof chunkSchema>

function parseChunk(data: string): Chunk {
  try {
    const parsed = chunkSchema.safeParse(JSON.parse(data))
    if (parsed.success) return parsed.data
  } catch {
    // The message of a syntax error quotes what was sent.
  }
  throw backendFailed('The endpoint sent an event that is no chunk of an answer.')
}

function choiceParts({
  delta,
  finish_reason: reason,
}: NonNullable<Chunk['choices']>[number]): StreamPart[] {
  const text = delta?.content ?? ''
  const part: StreamPart = text === '' ? { type: 'quiet' } : { type: 'text', text }
  if (reason === undefined || reason === null || reason === '') return [part]
  // A filter or a tool call ends the answer as a stop does: nothing more comes.
  return [part, { type: 'finish', reason: reason === 'length' ? 'length' : 'stop' }]
}
