import type { GenerationRequest, StepEnd, TokenBatch } from '../interface.ts'
import { sampleToken } from '../sampler/sampler.ts'
import { StopMatcher } from '../text/stop-matcher.ts'
import { TokenTextStream } from '../text/token-text-stream.ts'
import type { SequenceCache } from './interface.ts'

/** What a generation must know of its model. */
export interface ModelLimits {
  readonly contextLength: number
  readonly eosTokenIds: readonly number[]
  decode(ids: readonly number[]): string
}

/**
 * One answer being drawn: its tokens, its budget and its text. It runs nothing itself; the scheduler
 * feeds pendingIds() to the model and hands the logits to accept().
 */
export class GenerationState<C extends SequenceCache> {
  readonly id: number
  /** Prompt and prefix, in tokens. */
  readonly tokensIn: number
  /** Created at the first step: a generation that never runs costs no memory. */
  cache: C | null = null
  readonly #request: GenerationRequest
  readonly #limits: ModelLimits
  readonly #promptLength: number
  readonly #ids: number[]
  readonly #text: TokenTextStream
  readonly #stop: StopMatcher
  #budget = 0
  #finishReason: StepEnd['finishReason'] = null

  constructor(
    id: number,
    promptIds: readonly number[],
    request: GenerationRequest,
    limits: ModelLimits,
  ) {
    this.id = id
    this.#request = request
    this.#limits = limits
    this.#promptLength = promptIds.length
    this.#ids = [...promptIds, ...request.prefixIds]
    this.tokensIn = this.#ids.length
    this.#text = new TokenTextStream((ids) => limits.decode(ids))
    this.#stop = new StopMatcher(request.stop)
    // The prefix is replayed for its text state only: whoever drew it has shown its text.
    this.#stop.push(this.#text.push(request.prefixIds))
    this.#updateFinish(request.prefixIds.some((prefixId) => this.#isEos(prefixId)))
  }

  get finishReason(): StepEnd['finishReason'] {
    return this.#finishReason
  }

  /** True while the current step may draw a token. Nothing is computed once this is false. */
  get wantsToken(): boolean {
    return this.#budget > 0 && this.#finishReason === null
  }

  /** Tokens that the model has not been fed yet; after the first draw it is the last one drawn. */
  pendingIds(): number[] {
    return this.#ids.slice(this.cache?.length ?? 0)
  }

  /** Grants at most this many further tokens. */
  startStep(maxTokens: number): void {
    this.#budget = maxTokens
  }

  /** Draws the next token from the logits behind all tokens so far. */
  accept(logits: Float32Array): TokenBatch {
    const t = this.#ids.length - this.#promptLength
    const id = sampleToken(logits, this.#request.sampler, this.#ids, t)
    this.#ids.push(id)
    this.#budget--
    const eos = this.#isEos(id)
    const text = eos ? '' : this.#stop.push(this.#text.push([id]))
    this.#updateFinish(eos)
    return { ids: [id], text: this.#finishReason === null ? text : text + this.#remainingText() }
  }

  #updateFinish(eos: boolean): void {
    const drawn = this.#ids.length - this.#promptLength
    if (eos || this.#stop.stopped) this.#finishReason = 'stop'
    else if (drawn >= this.#request.maxTokens) this.#finishReason = 'length'
    else if (this.#ids.length >= this.#limits.contextLength) this.#finishReason = 'length'
  }

  #remainingText(): string {
    return this.#stop.push(this.#text.flush()) + this.#stop.flush()
  }

  #isEos(id: number): boolean {
    return this.#limits.eosTokenIds.includes(id)
  }
}
