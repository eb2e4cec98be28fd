/** Streams of one protocol, one per peer: opened on demand, shared by all who ask, kept while they live. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock } from '@duckmesh/protocols'
import { codedError, withDeadline } from '@duckmesh/protocols/mesh'
import type { Stream } from '@libp2p/interface'
import { timeLimit } from '../time-limit.ts'

/** Longest time to an open stream, dial and hellos included, ms. */
const OPEN_TIMEOUT_MS = 10_000

/** One side of an open stream. */
export interface WarmStream {
  readonly closed: boolean
  close(): Promise<void>
}

/** How to open one: dial, then both hellos. */
export interface OpenSteps<T> {
  dial: (signal: AbortSignal) => Promise<Stream>
  greet: (stream: Stream, signal: AbortSignal) => Promise<T>
}

export class WarmStreams<T extends WarmStream> {
  readonly #clock: Clock
  readonly #open = new Map<string, Promise<T>>()
  readonly #closed = new AbortController()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * The warm stream of this key, or a new one. Rejects with PROVIDER_LOST, TIMED_OUT, CANCELLED, SHUTTING_DOWN or
   * what a hello did wrong.
   */
  async get(key: string, steps: OpenSteps<T>, signal: AbortSignal): Promise<T> {
    if (this.#closed.signal.aborted) throw shuttingDown()
    const known = this.#open.get(key)
    // Opening ends by its own limit; this wait ends with the caller's signal.
    const deadline = { clock: this.#clock, ms: 2 * OPEN_TIMEOUT_MS, what: 'No stream', signal }
    const stream = await withDeadline(known ?? this.#start(key, steps), deadline)
    if (known === undefined || !stream.closed) return stream
    if (this.#open.get(key) === known) this.#open.delete(key)
    return this.get(key, steps, signal)
  }

  /** Ends every stream, also one that is being opened. */
  async close(): Promise<void> {
    this.#closed.abort(shuttingDown())
    const streams = [...this.#open.values()]
    this.#open.clear()
    await Promise.allSettled(streams.map(async (stream) => (await stream).close()))
  }

  #start(key: string, steps: OpenSteps<T>): Promise<T> {
    const opening = this.#connect(steps)
    this.#open.set(key, opening)
    opening.catch(() => {
      if (this.#open.get(key) === opening) this.#open.delete(key)
    })
    return opening
  }

  async #connect({ dial, greet }: OpenSteps<T>): Promise<T> {
    const limit = timeLimit(this.#clock, OPEN_TIMEOUT_MS, [this.#closed.signal])
    let stream: Stream | undefined
    try {
      stream = await dial(limit.signal)
      return await greet(stream, limit.signal)
    } catch (error) {
      const coded = codedError(error, 'PROVIDER_LOST', 'The peer could not be reached.')
      stream?.abort(coded)
      throw coded
    } finally {
      limit.clear()
    }
  }
}

function shuttingDown(): DuckMeshError {
  return new DuckMeshError('SHUTTING_DOWN', 'The client stops.')
}
