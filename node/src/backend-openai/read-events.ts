/** Server-sent events of a response body, bounded and read only as fast as they are taken. */
import { createParser } from 'eventsource-parser'
import { backendFailed } from './backend-errors.ts'
import { MAX_EVENT_CHARS } from './constants.ts'

/** Runs one read of the body; the caller limits its time. */
export type ReadLimit = <T>(read: () => Promise<T>) => Promise<T>

/** The data of each event. Throws BACKEND_FAILED for one that is too large, and whatever `limit` rejects with. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  limit: ReadLimit,
): AsyncGenerator<string, void, void> {
  const events: string[] = []
  const seen = { tooLarge: false }
  const parser = createParser({
    maxBufferSize: MAX_EVENT_CHARS,
    onEvent: ({ data }) => events.push(data),
    onError: ({ type }) => {
      seen.tooLarge ||= type === 'max-buffer-size-exceeded'
    },
  })
  const decoder = new TextDecoder()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await limit(() => reader.read())
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      yield* events.splice(0)
      // A failure of the body, so that what came before it is delivered.
      if (seen.tooLarge) throw backendFailed('The endpoint sent an event that does not end.')
    }
  } finally {
    // Also when the reader of the events leaves: the endpoint must not go on for nobody.
    await reader.cancel().catch(() => undefined)
  }
}
