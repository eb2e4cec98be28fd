/** Greedy answers of the engine to prompts, from a packed folder. */
import { EngineHost, spawnInProcess } from '@duckmesh/node'

const NEVER = new AbortController().signal

export interface EngineAnswer {
  readonly ids: number[]
  readonly text: string
}

/** All prompts at once; answers in their order. */
export async function engineAnswers(
  folder: string,
  prompts: readonly string[],
  maxTokens: number,
): Promise<EngineAnswer[]> {
  const engine = new EngineHost({ folders: [folder], components: { spawn: spawnInProcess } })
  await engine.start()
  try {
    return await Promise.all(prompts.map((prompt) => answer(engine, prompt, maxTokens)))
  } finally {
    await engine.stop()
  }
}

async function answer(
  engine: EngineHost,
  content: string,
  maxTokens: number,
): Promise<EngineAnswer> {
  const [model] = engine.models()
  const sampler = {
    ...{ temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1 },
    ...{ logitBias: new Map<number, number>(), seed: new Uint8Array(32) },
  }
  const request = {
    messages: [{ role: 'user', content }],
    prefixIds: [],
    maxTokens,
    stop: [],
    sampler,
  }
  const generation = await engine.open(model?.modelId ?? '', request, NEVER)
  const ids: number[] = []
  let text = ''
  for await (const batch of generation.step(maxTokens, NEVER)) {
    ids.push(...batch.ids)
    text += batch.text
  }
  generation.close()
  return { ids, text }
}
