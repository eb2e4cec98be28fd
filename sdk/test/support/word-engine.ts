/** An engine that says the words a test wrote down, one token each. */
import type { Hex, JobSpec } from '@duckmesh/protocols'
import type { OpenGeneration, StepEngine } from '@duckmesh/protocols/dispatch'
import type { StepFinish, TokenGroup } from '@duckmesh/protocols/dispatch'

export class WordEngine implements StepEngine {
  words: readonly string[] = ['Quack ', 'quack', '.']
  /** Waited for before each word; gets the number of words so far. */
  gate: (said: number) => Promise<void> | undefined = () => undefined
  /** Thrown by `open`. */
  refusal: Error | undefined
  readonly specs: JobSpec[] = []
  /** Generations that are open. */
  open_ = 0

  open(_modelId: Hex, spec: JobSpec): Promise<OpenGeneration> {
    this.specs.push(spec)
    if (this.refusal !== undefined) return Promise.reject(this.refusal)
    const state = { said: 0 }
    this.open_ += 1
    return Promise.resolve({
      tokensIn: 5,
      step: (maxTokens, signal) => this.#step(spec, state, maxTokens, signal),
      close: () => {
        this.open_ -= 1
      },
    })
  }

  async *#step(
    spec: JobSpec,
    state: { said: number },
    maxTokens: number,
    signal: AbortSignal,
  ): AsyncGenerator<TokenGroup, StepFinish> {
    for (let n = 0; n < maxTokens; n += 1) {
      if (state.said >= this.words.length) return { finishReason: 'stop' }
      if (state.said >= spec.maxTokens) return { finishReason: 'length' }
      await Promise.race([this.gate(state.said), aborted(signal)])
      if (signal.aborted) return { finishReason: null }
      yield { ids: [1_000 + state.said], text: this.words[state.said] ?? '' }
      state.said += 1
    }
    if (state.said >= this.words.length) return { finishReason: 'stop' }
    return { finishReason: state.said >= spec.maxTokens ? 'length' : null }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
