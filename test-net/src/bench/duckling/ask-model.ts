/** Asks a packed model every question, some at a time; the order changes no answer. */
import { EngineHost } from '@duckmesh/node'
import type { GenerationRequest } from '@duckmesh/node'
import { GREEDY } from '../workload.ts'
import type { DucklingReport } from './interface.ts'

/** Questions in the engine at once. */
const LANES = 16

/** More than the longest right answer has. */
const MOST_TOKENS = 64

const NEVER = new AbortController().signal

/** What the model said, in the order of the questions, and which model it was. */
export interface ModelAnswers {
  readonly model: DucklingReport['model']
  readonly answers: readonly string[]
}

/** Loads the packed folder, draws each answer greedily, and stops the engine. Throws EngineError. */
export async function askModel(
  folder: string,
  questions: readonly string[],
): Promise<ModelAnswers> {
  const engine = new EngineHost({ folders: [folder] })
  await engine.start()
  try {
    const [model] = engine.models()
    if (model === undefined) throw new TypeError('The engine serves no model.')
    const { cid, modelId, name } = model
    const answers: string[] = []
    const left = questions.entries()
    const lane = async () => {
      for (const [index, question] of left) answers[index] = await answer(engine, modelId, question)
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    return { model: { name, cid }, answers }
  } finally {
    await engine.stop()
  }
}

async function answer(engine: EngineHost, modelId: string, question: string): Promise<string> {
  const generation = await engine.open(modelId, greedy(question), NEVER)
  try {
    let said = ''
    for await (const { text } of generation.step(MOST_TOKENS, NEVER)) said += text
    return said
  } finally {
    generation.close()
  }
}

function greedy(question: string): GenerationRequest {
  return {
    messages: [{ role: 'user', content: question }],
    prefixIds: [],
    maxTokens: MOST_TOKENS,
    stop: [],
    sampler: GREEDY,
  }
}
