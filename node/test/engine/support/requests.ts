import type {
  Generation,
  GenerationRequest,
  SamplerParams,
  StepEnd,
} from '../../../src/engine/index.ts'

export const NEVER: AbortSignal = new AbortController().signal

/** Greedy, no cut-offs. */
export function sampler(changes: Partial<SamplerParams> = {}): SamplerParams {
  return {
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    repetitionPenalty: 1,
    logitBias: new Map(),
    seed: new Uint8Array(32).fill(7),
    ...changes,
  }
}

export function request(
  content: string,
  changes: Partial<GenerationRequest> = {},
): GenerationRequest {
  const messages = [{ role: 'user', content }]
  return { messages, prefixIds: [], maxTokens: 96, stop: [], sampler: sampler(), ...changes }
}

export interface Answer extends StepEnd {
  readonly ids: number[]
  readonly text: string
}

/** Reads one step to its end. */
export async function readStep(generation: Generation, maxTokens: number): Promise<Answer> {
  const step = generation.step(maxTokens, NEVER)
  const ids: number[] = []
  let text = ''
  for (;;) {
    const { done, value } = await step.next()
    if (done === true) return { ids, text, finishReason: value.finishReason }
    ids.push(...value.ids)
    text += value.text
  }
}

/** Reads steps of a size until the answer is finished. */
export async function readAll(generation: Generation, stepSize = 64): Promise<Answer> {
  const ids: number[] = []
  let text = ''
  for (;;) {
    const step = await readStep(generation, stepSize)
    ids.push(...step.ids)
    text += step.text
    if (step.finishReason !== null) return { ids, text, finishReason: step.finishReason }
  }
}

/** Takes some hundred milliseconds: the end token is made impossible. */
export function longRequest(): GenerationRequest {
  const endless = sampler({ logitBias: new Map([[1, -1000]]) })
  return request('Tell me a story about a brave duck.', { maxTokens: 400, sampler: endless })
}
