/** How many tokens a second engines do, measured in turn. */
import type { Hex } from '@duckmesh/protocols'
import type { EngineHost, GenerationRequest } from '../engine/index.ts'
import type { ModelManifest } from '../engine/model/manifest.ts'

/** Sequences that are computed at once. */
const SEQUENCES = [1, 4, 8]
/** Tokens of one answer, as far as the context has room. */
const ANSWER_TOKENS = 64
/** Longest prompt, words; in a small context an eighth of it, for a word may be several tokens. */
const PROMPT_WORDS = 384
/** Each figure is the best of so many, after one that does not count: other programs run here too. */
const ROUNDS = 3
/** After this long one counted round is enough, ms: a device may be a thousand times slower. */
const LIMIT_MS = 30_000

const NEVER = new AbortController().signal

export interface Rates {
  /** Of all sequences together; for texts that are encoded, tokens read. */
  tokensPerSecond: Record<string, number>
  /** Of one long prompt; none of a model that generates no text. */
  prefillTokensPerSecond?: number
}

/** A model in an engine. */
export interface RatedSide {
  engine: EngineHost
  manifest: ModelManifest
  modelId: Hex
}

/** Rates of each side, which all serve the same model; each round goes to one after the other. */
export async function measureRates(sides: readonly RatedSide[]): Promise<Rates[]> {
  const rates = sides.map((): Rates => ({ tokensPerSecond: {} }))
  const generates = sides[0]?.manifest.task === 'text-generation'
  for (const sequences of SEQUENCES) {
    const best = await bestRates(sides, (side) =>
      generates ? answer(side, sequences) : encode(side, sequences),
    )
    rates.forEach((each, i) => (each.tokensPerSecond[`${sequences}`] = best[i] ?? 0))
  }
  if (!generates) return rates
  const prompts = await bestRates(sides, prefill)
  return rates.map((each, i) => ({ ...each, prefillTokensPerSecond: prompts[i] ?? 0 }))
}

/** The answers of some sequences at once, their short prompts included. */
async function answer(
  { engine, manifest, modelId }: RatedSide,
  sequences: number,
): Promise<number> {
  const maxTokens = Math.min(ANSWER_TOKENS, Math.floor(manifest.contextLength / 2))
  const one = async (i: number): Promise<number> => {
    const generation = await engine.open(
      modelId,
      requestOf(manifest, `Story ${i}`, maxTokens),
      NEVER,
    )
    let tokens = 0
    for await (const { ids } of generation.step(maxTokens, NEVER)) tokens += ids.length
    generation.close()
    return tokens
  }
  const drawn = await Promise.all(Array.from({ length: sequences }, (_, i) => one(i)))
  return sum(drawn)
}

/** A long prompt that is new each time, so that nothing of it is remembered. */
async function prefill({ engine, manifest, modelId }: RatedSide, turn: number): Promise<number> {
  const words = Math.max(1, Math.min(PROMPT_WORDS, Math.floor(manifest.contextLength / 8)))
  const text = `${turn} ${'duck '.repeat(words)}`
  const generation = await engine.open(modelId, requestOf(manifest, text, 1), NEVER)
  await generation.step(1, NEVER).next()
  generation.close()
  return generation.tokensIn
}

async function encode(
  { engine, manifest, modelId }: RatedSide,
  sequences: number,
): Promise<number> {
  const words = 'duck '.repeat(Math.max(1, Math.floor(Math.min(64, manifest.contextLength / 8))))
  const request = { texts: Array.from({ length: sequences }, (_, i) => `${i} ${words}`) }
  const work =
    manifest.task === 'embeddings' ? engine.embed.bind(engine) : engine.classify.bind(engine)
  return (await work(modelId, request, NEVER)).tokens
}

/** Greedy, and without an end: all answers are equally long. */
function requestOf(manifest: ModelManifest, content: string, maxTokens: number): GenerationRequest {
  const logitBias = new Map(manifest.eosTokenIds.map((id) => [id, -1000]))
  const cuts = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1 }
  const sampler = { ...cuts, logitBias, seed: new Uint8Array(32) }
  return { messages: [{ role: 'user', content }], prefixIds: [], maxTokens, stop: [], sampler }
}

/** Tokens a second of each side, the best of some rounds. */
async function bestRates(
  sides: readonly RatedSide[],
  draw: (side: RatedSide, turn: number) => Promise<number>,
): Promise<number[]> {
  const best = sides.map(() => 0)
  const startedMs = performance.now()
  for (let turn = 0; turn <= ROUNDS; turn++) {
    for (const [i, side] of sides.entries()) {
      const beforeMs = performance.now()
      const tokens = await draw(side, turn)
      const rate = (tokens / (performance.now() - beforeMs)) * 1000
      if (turn > 0) best[i] = Math.max(best[i] ?? 0, rate)
    }
    if (turn > 0 && performance.now() - startedMs > LIMIT_MS) break
  }
  return best.map((rate) => Math.round(rate * 10) / 10)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
