/** Finds out whether an endpoint can serve a model, before anybody is told of it (rule T-7). */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock } from '@duckmesh/protocols'
import { timeLimit } from '@duckmesh/sdk'
import { backendFailed } from './backend-errors.ts'
import { continuationOf } from './chat-body.ts'
import { PROBE_LONG_TOKENS, PROBE_PREFIX, PROBE_TIMEOUT_MS, PROBE_TOKENS } from './constants.ts'
import type { ChatBody, Endpoint, RemoteModelSettings, StreamPart } from './interface.ts'

/** What a probe must know of a model. */
type Probed = Pick<RemoteModelSettings, 'continuation' | 'model' | 'tokenLimit'>

export interface ProbeResult {
  /** From the request to the first part of an answer, ms. */
  latencyMs: number
  /** Tokens of the probe's answer as the endpoint counts them, and their text in UTF-8 bytes. */
  completionTokens: number
  textBytes: number
  /** It goes on behind a half answer in the way that is configured, without repeating it. */
  continues: boolean
}

/** The endpoint lists the model; rejects with MODEL_NOT_FOUND else, and as `Endpoint.models`. */
export async function checkListed(
  endpoint: Endpoint,
  model: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const models = await within(clock, signal, (limited) => endpoint.models(limited))
  if (models.includes(model)) return
  throw new DuckMeshError('MODEL_NOT_FOUND', 'The endpoint does not list the model.')
}

/**
 * Looks the model up, breaks a long answer off, and has a short one streamed right after it: an endpoint that works on
 * for nobody answers that one too late. Then, where that is configured, has it go on behind a half answer. Rejects with the code of the first thing that is not as it must be.
 */
export async function probeEndpoint(
  endpoint: Endpoint,
  probed: Probed,
  clock: Clock,
  signal: AbortSignal,
): Promise<ProbeResult> {
  await checkListed(endpoint, probed.model, clock, signal)
  const long = bodyOf(probed, PROBE_LONG_TOKENS)
  await within(clock, signal, (limited) => firstPart(endpoint.chat(long, limited)))
  const short = bodyOf(probed, PROBE_TOKENS)
  const measured = await within(clock, signal, (limited) =>
    measure(endpoint.chat(short, limited), clock),
  )
  const continues = await within(clock, signal, (limited) => goesOn(endpoint, probed, limited))
  return { ...measured, continues }
}

/** llama.cpp, for one, repeats a last message of the assistant unless it is told to continue it. */
async function goesOn(endpoint: Endpoint, probed: Probed, signal: AbortSignal): Promise<boolean> {
  if (probed.continuation === 'none') return false
  const { fields, messages } = continuationOf(probed, PROBE_PREFIX)
  const body = bodyOf(probed, PROBE_TOKENS, messages)
  let text = ''
  try {
    for await (const part of endpoint.chat({ ...body, ...fields }, signal)) {
      if (part.type === 'text') text += part.text
    }
  } catch (error) {
    // It does not take such a request.
    if (error instanceof DuckMeshError && error.code === 'SPEC_INVALID') return false
    throw error
  }
  return !text.trimStart().startsWith(PROBE_PREFIX)
}

async function within<T>(
  clock: Clock,
  signal: AbortSignal,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = timeLimit(clock, PROBE_TIMEOUT_MS, [signal])
  try {
    return await work(limit.signal)
  } finally {
    limit.clear()
  }
}

function bodyOf(
  { model, tokenLimit }: Probed,
  maxTokens: number,
  more: readonly { role: string; content: string }[] = [],
): ChatBody {
  const question = { role: 'user', content: 'Count from one to one thousand, in words.' }
  return {
    model,
    messages: [question, ...more],
    [tokenLimit]: maxTokens,
    stream: true,
    stream_options: { include_usage: true },
  }
}

async function firstPart(parts: AsyncGenerator<StreamPart, void, void>): Promise<void> {
  const first = await parts.next()
  await parts.return()
  if (first.done === true) throw backendFailed('The endpoint streamed nothing.')
}

async function measure(
  parts: AsyncGenerator<StreamPart, void, void>,
  clock: Clock,
): Promise<Omit<ProbeResult, 'continues'>> {
  const startMs = clock.now()
  let latencyMs: number | undefined
  let usage: Extract<StreamPart, { type: 'usage' }> | undefined
  let text = ''
  for await (const part of parts) {
    latencyMs ??= clock.now() - startMs
    if (part.type === 'usage') usage = part
    if (part.type === 'text') text += part.text
  }
  if (latencyMs === undefined) throw backendFailed('The endpoint streamed nothing.')
  if (usage === undefined) throw backendFailed('The endpoint does not tell its usage.')
  if (usage.completionTokens === 0) throw backendFailed('The endpoint answered with no token.')
  const textBytes = new TextEncoder().encode(text).length
  return { latencyMs, completionTokens: usage.completionTokens, textBytes }
}
