/** An engine that says what a test wrote down; it notes every call. */
import type { Hex, JobSpec } from '@duckmesh/proto'
import type { OpenGeneration, StepEngine } from '../../src/dispatch/index.ts'
import type { StepFinish, TokenGroup } from '../../src/dispatch/index.ts'
import { DuckMeshError } from '../../src/errors.ts'

export interface Script {
  /** Tokens after which the model stops by itself; without it, it goes on to maxTokens. */
  stopAfter?: number
  /** Without it 10, and the prefix. */
  tokensIn?: number
  /** Id of the token at position 0; 1000 without it. Two engines with unlike ones give unlike answers. */
  firstId?: number
  /** Tokens a group. */
  group?: number
  /** Waited for before each group; gets the tokens so far. */
  gate?: (tokens: number) => Promise<void> | undefined
  /** Waited for in `open`. */
  openGate?: Promise<void>
  /** Thrown from `open` or, at this many tokens, from a step. */
  failOpen?: Error
  failAt?: { tokens: number; error: Error }
  /** What a step claims instead of the truth. */
  finish?: StepFinish['finishReason']
  /** A careless engine: an abort is not looked at. */
  deaf?: boolean
}

export class ScriptedEngine implements StepEngine {
  script: Script = {}
  readonly specs: JobSpec[] = []
  /** `maxTokens` of each step that was started. */
  readonly steps: number[] = []
  open_ = 0

  async open(
    _modelId: Hex,
    spec: JobSpec,
    prefixIds: readonly number[],
    signal: AbortSignal,
  ): Promise<OpenGeneration> {
    const { script } = this
    this.specs.push(spec)
    if (script.openGate !== undefined) await script.openGate
    if (signal.aborted && script.deaf !== true) throw signal.reason as Error
    if (script.failOpen !== undefined) throw script.failOpen
    this.open_ += 1
    let open = true
    const state = { tokens: prefixIds.length }
    return {
      tokensIn: script.tokensIn ?? 10 + prefixIds.length,
      step: (maxTokens, stepSignal) => this.#step(script, spec, state, maxTokens, stepSignal),
      close: () => {
        if (open) this.open_ -= 1
        open = false
      },
    }
  }

  async *#step(
    script: Script,
    spec: JobSpec,
    state: { tokens: number },
    maxTokens: number,
    signal: AbortSignal,
  ): AsyncGenerator<TokenGroup, StepFinish> {
    this.steps.push(maxTokens)
    const end = Math.min(script.stopAfter ?? spec.maxTokens, spec.maxTokens)
    let left = maxTokens
    while (left > 0 && state.tokens < end) {
      const held = script.gate?.(state.tokens)
      await (script.deaf === true ? held : Promise.race([held, aborted(signal)]))
      if (signal.aborted && script.deaf !== true) return { finishReason: null }
      if (state.tokens >= (script.failAt?.tokens ?? Infinity)) throw script.failAt?.error as Error
      const size = Math.min(script.group ?? 8, left, end - state.tokens)
      const ids = Array.from(
        { length: size },
        (_, i) => (script.firstId ?? 1000) + state.tokens + i,
      )
      state.tokens += size
      left -= size
      yield { ids, text: ids.map((id) => `${id} `).join('') }
    }
    if (script.finish !== undefined) return { finishReason: script.finish }
    if (script.stopAfter !== undefined && state.tokens >= end) return { finishReason: 'stop' }
    return { finishReason: state.tokens >= spec.maxTokens ? 'length' : null }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** A gate that a test opens. */
export function gate(): { wait: Promise<void>; open: () => void } {
  let open: () => void = () => undefined
  const wait = new Promise<void>((resolve) => {
    open = resolve
  })
  return { wait, open }
}

export const ENGINE_BROKE: DuckMeshError = new DuckMeshError('ENGINE_CRASHED', 'The worker died.')
