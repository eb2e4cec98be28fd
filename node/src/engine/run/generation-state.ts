/** One answer being drawn. */
import type { GenerationRequest, StepEnd, TokenBatch } from '../interface.ts'
import type { JsonGuide } from '../json/json-guide.ts'
import { sampleToken } from '../sampler/sampler.ts'
import { StopMatcher } from '../text/stop-matcher.ts'
import { TokenTextStream } from '../text/token-text-stream.ts'
import type { DrawnTokens, SequenceCache } from './interface.ts'

/** What a generation must know of its model. */
export interface ModelLimits {
  readonly contextLength: number
  readonly eosTokenIds: readonly number[]
  /** For answers in JSON mode. */
  createJsonGuide?(): JsonGuide
  decode(ids: readonly number[]): string
}

/**
 * One answer being drawn: its tokens, its budget and its text. It runs nothing itself; the scheduler
 * feeds its ids to the model and hands the logits to accept().
 */
export class GenerationState<C extends SequenceCache> implements DrawnTokens {
  readonly id: number
  /** Whom this is computed for; '' when the request names nobody. */
  readonly client: string
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
  readonly #guide: JsonGuide | null
  /** Drawn and not taken yet, and as much of their text as was made. */
  #drawn: number[] = []
  #drawnText = ''
  /** Ids whose text nobody needed yet: decoding many at once costs little more than one. */
  #textless: number[] = []
  #budget = 0
  #finishReason: StepEnd['finishReason'] = null

  constructor(
    id: number,
    promptIds: readonly number[],
    request: GenerationRequest,
    limits: ModelLimits,
  ) {
    this.id = id
    this.client = request.client ?? ''
    this.#request = request
    this.#limits = limits
    this.#promptLength = promptIds.length
    this.#ids = [...promptIds, ...request.prefixIds]
    this.tokensIn = this.#ids.length
    this.#text = new TokenTextStream((ids) => limits.decode(ids))
    this.#stop = new StopMatcher(request.stop)
    this.#guide = request.format === 'json' ? (limits.createJsonGuide?.() ?? null) : null
    for (const id of request.prefixIds) this.#guide?.push(id)
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

  /** Prompt, prefix and what was drawn. */
  get ids(): readonly number[] {
    return this.#ids
  }

  /** True until the whole prompt was fed; from then on only the last token drawn is left to feed. */
  get prompting(): boolean {
    const fed = this.cache?.length ?? 0
    return fed === 0 || this.#ids.length - fed > 1
  }

  /** The token to feed next once the prompt is fed. */
  get lastId(): number {
    return this.#ids.at(-1) ?? 0
  }

  /** Grants at most this many further tokens. */
  startStep(maxTokens: number): void {
    this.#budget = maxTokens
  }

  /** Draws the next token from the logits behind all tokens so far; it waits for takeDrawn(). */
  accept(logits: Float32Array): void {
    const t = this.#ids.length - this.#promptLength
    const open = this.#guide?.mask(logits) ?? logits
    const id = sampleToken(open, this.#request.sampler, this.#ids, t)
    this.#guide?.push(id)
    this.#ids.push(id)
    this.#drawn.push(id)
    this.#budget--
    const eos = this.#isEos(id)
    if (!eos) this.#textless.push(id)
    // A stop string ends the answer at the token that completes it, so its text cannot wait.
    if (this.#request.stop.length > 0) this.#makeText()
    this.#updateFinish(eos)
  }

  takeDrawn(): TokenBatch {
    this.#makeText()
    const text =
      this.#finishReason === null ? this.#drawnText : this.#drawnText + this.#remainingText()
    const batch = { ids: this.#drawn, text }
    this.#drawn = []
    this.#drawnText = ''
    return batch
  }

  #makeText(): void {
    if (this.#textless.length === 0) return
    this.#drawnText += this.#stop.push(this.#text.push(this.#textless))
    this.#textless = []
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
