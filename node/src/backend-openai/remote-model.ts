/** One model behind an endpoint: offered while its endpoint works, served by requests to it. */
import { DuckMeshError, textModelId, textOfToken, toDuckMeshError } from '@duckmesh/protocols'
import type { Clock, Hex, JobSpec, Logger } from '@duckmesh/protocols'
import { textPromptTokens } from '@duckmesh/protocols/dispatch'
import type { OpenGeneration } from '@duckmesh/protocols/dispatch'
import type { ModelInfo } from '../engine/index.ts'
import { isOutage } from './backend-errors.ts'
import { chatBody } from './chat-body.ts'
import { RETRY_FIRST_MS, RETRY_MOST_MS, WATCH_INTERVAL_MS } from './constants.ts'
import type { Endpoint, RemoteModelSettings } from './interface.ts'
import { checkListed, probeEndpoint } from './probe-endpoint.ts'
import { TextGeneration } from './text-generation.ts'

export interface RemoteModelComponents {
  clock: Clock
  endpoint: Endpoint
  logger: Logger
  /** The model is offered now, or no longer. */
  onChange: () => void
}

export class RemoteModel {
  readonly modelId: Hex
  readonly settings: RemoteModelSettings
  readonly #components: RemoteModelComponents
  readonly #open = new Set<TextGeneration>()
  readonly #stopped = new AbortController()
  #isOffered = false
  /** Whether the last probe saw the endpoint go on behind a half answer. */
  #continues = false
  /** Probes that failed one after the other. */
  #failures = 0
  #lastProbeMs = Number.NEGATIVE_INFINITY
  #cancelTimer: () => void = () => undefined
  /** Counts what was found out, so that an older finding never overrules a newer one. */
  #finding = 0

  constructor(components: RemoteModelComponents, settings: RemoteModelSettings) {
    this.#components = components
    this.settings = settings
    this.modelId = textModelId(settings.name)
  }

  /** Probes now, and goes on looking until `stop`. */
  start(): void {
    this.#schedule(0)
  }

  /** Ends what runs and tells nobody any more. */
  stop(): void {
    this.#cancelTimer()
    this.#stopped.abort(new DuckMeshError('SHUTTING_DOWN', 'The node stops.'))
    for (const generation of this.#open) generation.close()
  }

  /** The model as it is offered; undefined while it is not. It has no manifest, so its CID is empty. */
  get info(): ModelInfo | undefined {
    if (!this.#isOffered) return undefined
    const { contextLength, name } = this.settings
    const { modelId } = this
    const told = { modelId, cid: '', name, contextLength }
    return { ...told, determinism: 'opaque', task: 'text-generation' }
  }

  /**
   * Sends nothing yet. Throws BACKEND_UNREACHABLE, ENGINE_BUSY, NOT_SUPPORTED, PROMPT_TOO_LONG or SPEC_INVALID.
   */
  open(spec: JobSpec, prefixIds: readonly number[]): OpenGeneration {
    const { contextLength, slots } = this.settings
    if (!this.#isOffered) {
      throw new DuckMeshError('BACKEND_UNREACHABLE', 'The model is not offered now.')
    }
    if (spec.task !== undefined) {
      throw new DuckMeshError('NOT_SUPPORTED', 'A model behind an endpoint answers chats only.')
    }
    if (this.#open.size >= slots) {
      throw new DuckMeshError('ENGINE_BUSY', `${slots} answers are open at the endpoint.`)
    }
    const tokensIn = textPromptTokens(spec.messages, prefixIds.length)
    const room = contextLength - tokensIn
    if (room < 1) {
      throw new DuckMeshError('PROMPT_TOO_LONG', `The prompt has ${tokensIn} tokens.`, {
        details: { tokensIn, contextLength },
      })
    }
    const maxTokens = Math.min(spec.maxTokens - prefixIds.length, room)
    const rest = { prefix: textOf(prefixIds), maxTokens }
    const continuation = this.#continues ? this.settings.continuation : 'none'
    const body = chatBody({ ...this.settings, continuation }, spec, rest)
    return this.#generation(tokensIn, spec, body)
  }

  #generation(tokensIn: number, spec: JobSpec, body: ReturnType<typeof chatBody>): TextGeneration {
    const { endpoint } = this.#components
    const generation = new TextGeneration({
      tokensIn,
      stop: spec.stop,
      request: (signal) => endpoint.chat(body, signal),
      onEnd: (failure) => {
        this.#open.delete(generation)
        if (failure !== undefined && isOutage(failure)) this.#withdraw(failure)
      },
    })
    this.#open.add(generation)
    return generation
  }

  #schedule(ms: number): void {
    this.#cancelTimer()
    if (this.#stopped.signal.aborted) return
    this.#cancelTimer = this.#components.clock.after(ms, () => {
      void this.#look()
    })
  }

  /** One look at the endpoint: a whole probe while it is not offered, only its list while it is. */
  async #look(): Promise<void> {
    const finding = ++this.#finding
    const isCurrent = (): boolean => finding === this.#finding && !this.#stopped.signal.aborted
    try {
      await (this.#isOffered ? this.#check() : this.#probe())
      if (!isCurrent()) return
      this.#failures = 0
      this.#schedule(WATCH_INTERVAL_MS)
    } catch (error) {
      if (isCurrent()) this.#lookFailed(toDuckMeshError(error, 'BACKEND_FAILED'))
    }
  }

  #check(): Promise<void> {
    const { clock, endpoint } = this.#components
    return checkListed(endpoint, this.settings.model, clock, this.#stopped.signal)
  }

  async #probe(): Promise<void> {
    const { clock, endpoint, logger, onChange } = this.#components
    const { name } = this.settings
    this.#lastProbeMs = clock.now()
    const result = await probeEndpoint(endpoint, this.settings, clock, this.#stopped.signal)
    if (this.#stopped.signal.aborted) return
    logger.info('backend.offered', { name, ...result })
    this.#continues = result.continues
    this.#isOffered = true
    onChange()
  }

  #lookFailed(failure: DuckMeshError): void {
    // A list that could not be read because the endpoint is busy says nothing against it.
    if (this.#isOffered && !isOutage(failure)) {
      this.#schedule(WATCH_INTERVAL_MS)
      return
    }
    if (this.#isOffered) {
      this.#withdraw(failure)
      return
    }
    const retryMs = Math.min(RETRY_FIRST_MS * 2 ** this.#failures, RETRY_MOST_MS)
    this.#failures += 1
    this.#tellNotOffered(failure, retryMs)
    this.#schedule(retryMs)
  }

  /** Not offered until a probe passed: at once, unless the last one was a moment ago. */
  #withdraw(failure: DuckMeshError): void {
    if (!this.#isOffered) return
    this.#isOffered = false
    this.#finding += 1
    const sinceMs = this.#components.clock.now() - this.#lastProbeMs
    const retryMs = Math.max(0, RETRY_FIRST_MS - sinceMs)
    this.#tellNotOffered(failure, retryMs)
    this.#schedule(retryMs)
    this.#components.onChange()
  }

  /** Code and numbers: what an endpoint says is never logged. */
  #tellNotOffered({ code, details }: DuckMeshError, retryMs: number): void {
    const { status } = details
    const facts = status === undefined ? {} : { status }
    this.#components.logger.warn('backend.not_offered', {
      name: this.settings.name,
      code,
      retryMs,
      ...facts,
    })
  }
}

/** The text of a prefix that other providers delivered. Throws SPEC_INVALID when it is none. */
function textOf(ids: readonly number[]): string {
  return ids
    .map((id) => {
      const text = textOfToken(id)
      if (text !== undefined) return text
      throw new DuckMeshError('SPEC_INVALID', `Token ${id} of the prefix is no text.`)
    })
    .join('')
}
