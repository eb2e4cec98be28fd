/** An endpoint over HTTP: requests with the key, answers as parts, failures as codes. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock } from '@duckmesh/protocols'
import { z } from 'zod'
import { backendFailed, statusError, unreachable } from './backend-errors.ts'
import { MAX_LIST_BYTES, READ_TIMEOUT_MS } from './constants.ts'
import type { ChatBody, Endpoint, RemoteModelSettings, StreamPart } from './interface.ts'
import { readEvents } from './read-events.ts'
import type { ReadLimit } from './read-events.ts'
import { streamParts } from './stream-parts.ts'

const listSchema = z.object({ data: z.array(z.object({ id: z.string() })) })

export interface OpenAiEndpointComponents {
  clock: Clock
  fetch: typeof globalThis.fetch
}

export class OpenAiEndpoint implements Endpoint {
  readonly #components: OpenAiEndpointComponents
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>

  constructor(
    components: OpenAiEndpointComponents,
    { apiKey, url }: Pick<RemoteModelSettings, 'apiKey' | 'url'>,
  ) {
    this.#components = components
    this.#url = url
    const key = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
    this.#headers = { 'content-type': 'application/json', ...key }
  }

  async models(signal: AbortSignal): Promise<string[]> {
    const work = this.#work(signal)
    try {
      const response = await work.limit(() => this.#fetch('/models', work.signal))
      const parsed = listSchema.safeParse(await readJson(bodyOf(response), work.limit))
      if (!parsed.success) throw backendFailed('The list of models is none.')
      return parsed.data.data.map(({ id }) => id)
    } catch (error) {
      throw work.failure(error)
    } finally {
      work.end()
    }
  }

  async *chat(body: ChatBody, signal: AbortSignal): AsyncGenerator<StreamPart, void, void> {
    const work = this.#work(signal)
    try {
      const response = await work.limit(() => this.#fetch('/chat/completions', work.signal, body))
      yield* answerParts(streamOf(response), work.limit)
    } catch (error) {
      throw work.failure(error)
    } finally {
      work.end()
    }
  }

  /** A request that ends with the signal, or when one read takes too long. */
  #work(signal: AbortSignal): {
    signal: AbortSignal
    limit: ReadLimit
    failure: (error: unknown) => DuckMeshError
    end: () => void
  } {
    const own = new AbortController()
    const either = AbortSignal.any([signal, own.signal])
    const limit: ReadLimit = async (read) => {
      const cancel = this.#components.clock.after(READ_TIMEOUT_MS, () => {
        own.abort(
          new DuckMeshError('TIMED_OUT', `The endpoint was silent for ${READ_TIMEOUT_MS} ms.`),
        )
      })
      try {
        return await read()
      } finally {
        cancel()
      }
    }
    return {
      signal: either,
      limit,
      failure: (error) => unreachable(either.aborted ? either.reason : error),
      end: () => {
        own.abort(new DuckMeshError('CANCELLED', 'The request is over.'))
      },
    }
  }

  async #fetch(path: string, signal: AbortSignal, body?: ChatBody): Promise<Response> {
    const { fetch } = this.#components
    const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    // A redirect could take prompt and key elsewhere: it is an answer like any other that is no success.
    const init = { ...sent, headers: this.#headers, redirect: 'manual' as const, signal }
    const response = await fetch(`${this.#url}${path}`, init)
    if (response.ok) return response
    throw statusError(response.status)
  }
}

function bodyOf({ body }: Response): ReadableStream<Uint8Array> {
  if (body === null) throw backendFailed('The endpoint answered with nothing.')
  return body
}

function streamOf(response: Response): ReadableStream<Uint8Array> {
  const type = response.headers.get('content-type') ?? ''
  if (!type.startsWith('text/event-stream')) throw backendFailed('The endpoint does not stream.')
  return bodyOf(response)
}

/** Parts until the mark of the end; a stream that only stops was broken, unless it said why the answer ended. */
async function* answerParts(
  body: ReadableStream<Uint8Array>,
  limit: ReadLimit,
): AsyncGenerator<StreamPart, void, void> {
  let isFinished = false
  for await (const data of readEvents(body, limit)) {
    if (data === '[DONE]') {
      if (!isFinished) yield { type: 'finish', reason: 'stop' }
      return
    }
    for (const part of streamParts(data)) {
      isFinished ||= part.type === 'finish'
      yield part
    }
  }
  if (!isFinished) throw backendFailed('The stream broke off.')
}

async function readJson(body: ReadableStream<Uint8Array>, limit: ReadLimit): Promise<unknown> {
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await limit(() => reader.read())
    if (done) break
    bytes += value.length
    if (bytes > MAX_LIST_BYTES) throw backendFailed('The list of models is too long.')
    text += decoder.decode(value, { stream: true })
  }
  try {
    return JSON.parse(text)
  } catch {
    throw backendFailed('The list of models is no JSON.')
  }
}
