/** One answer of an endpoint, cut into the tokens of its text and given out step by step. */
import { DuckMeshError, TextPacker, toDuckMeshError } from '@duckmesh/protocols'
import type { TextToken } from '@duckmesh/protocols'
import type { OpenGeneration, StepFinish, TokenGroup } from '@duckmesh/protocols/dispatch'
import { StopMatcher } from '../engine/text/stop-matcher.ts'
import type { StreamPart } from './interface.ts'

export interface TextGenerationInit {
  tokensIn: number
  stop: readonly string[]
  /** Sends the request: at the first step, because that one is paid. */
  request: (signal: AbortSignal) => AsyncGenerator<StreamPart, void, void>
  /** Told once: undefined when the answer ended or was given up. */
  onEnd: (failure: DuckMeshError | undefined) => void
}

export class TextGeneration implements OpenGeneration {
  readonly tokensIn: number
  readonly #init: TextGenerationInit
  readonly #stops: StopMatcher
  readonly #packer = new TextPacker()
  readonly #abort = new AbortController()
  #parts: AsyncGenerator<StreamPart, void, void> | undefined
  #ready: TextToken[] = []
  #finish: 'stop' | 'length' | undefined
  #hasBegun = false
  #isRetried = false
  #isOver = false

  constructor(init: TextGenerationInit) {
    this.#init = init
    this.tokensIn = init.tokensIn
    this.#stops = new StopMatcher(init.stop)
  }

  async *step(maxTokens: number, signal: AbortSignal): AsyncGenerator<TokenGroup, StepFinish> {
    const onAbort = (): void => {
      this.close()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) this.close()
    try {
      return yield* this.#step(maxTokens)
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  close(): void {
    this.#end(undefined)
  }

  /** Reads only while tokens are wanted: what the client has not paid waits in the endpoint's socket. */
  async *#step(maxTokens: number): AsyncGenerator<TokenGroup, StepFinish> {
    let room = maxTokens
    for (;;) {
      const tokens = this.#ready.splice(0, room)
      room -= tokens.length
      if (tokens.length > 0) yield groupOf(tokens)
      if (this.#ready.length === 0 && this.#finish !== undefined) {
        return { finishReason: this.#finish }
      }
      if (room === 0) return { finishReason: null }
      await this.#read()
    }
  }

  async #read(): Promise<void> {
    try {
      const part = await this.#next()
      if (part === undefined) this.#finishWith('stop')
      else this.#take(part)
    } catch (error) {
      const failure = toDuckMeshError(error, 'BACKEND_FAILED')
      this.#end(failure)
      throw failure
    }
  }

  /** A kept-alive connection may be closed just as it is used: before the first part one more try is no harm. */
  async #next(): Promise<StreamPart | undefined> {
    this.#abort.signal.throwIfAborted()
    this.#parts ??= this.#init.request(this.#abort.signal)
    try {
      const next = await this.#parts.next()
      this.#hasBegun = true
      return next.done === true ? undefined : next.value
    } catch (error) {
      const { code } = toDuckMeshError(error, 'BACKEND_FAILED')
      if (this.#hasBegun || this.#isRetried || code !== 'BACKEND_UNREACHABLE') throw error
      this.#isRetried = true
      this.#parts = undefined
      return this.#next()
    }
  }

  #take(part: StreamPart): void {
    if (part.type === 'finish') this.#finishWith(part.reason)
    if (part.type !== 'text') return
    this.#ready.push(...this.#packer.push(this.#stops.push(part.text)))
    if (this.#stops.stopped) this.#finishWith('stop')
  }

  #finishWith(reason: 'stop' | 'length'): void {
    this.#ready.push(...this.#packer.push(this.#stops.flush()), ...this.#packer.flush())
    this.#finish = reason
    this.#end(undefined)
  }

  #end(failure: DuckMeshError | undefined): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#abort.abort(new DuckMeshError('CANCELLED', 'The answer is not wanted any more.'))
    this.#parts?.return().catch(() => undefined)
    this.#init.onEnd(failure)
  }
}

function groupOf(tokens: readonly TextToken[]): TokenGroup {
  return { ids: tokens.map(({ id }) => id), text: tokens.map(({ text }) => text).join('') }
}
