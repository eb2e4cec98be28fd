/** The engine as a side of the measurement: some streams at once, or coming one after another. */
import { EngineHost, spawnInProcess } from '@duckmesh/node'
import type { GenerationRequest } from '@duckmesh/node'
import { ANSWER_TOKENS, streamRequest } from './bench-requests.ts'
import type { Side } from './interface.ts'

const NEVER = new AbortController().signal

/** One engine with one model. */
export interface BenchModel {
  readonly engine: EngineHost
  readonly modelId: string
}

/** What one answer was. */
export interface StreamAnswer {
  readonly tokens: number
  readonly tokensIn: number
  readonly firstMs: number
}

/** Loads a packed folder in this thread or in a worker. */
export async function openModel(folder: string, where: 'process' | 'worker'): Promise<BenchModel> {
  const components = where === 'process' ? { components: { spawn: spawnInProcess } } : {}
  const engine = new EngineHost({ folders: [folder], ...components })
  await engine.start()
  const [model] = engine.models()
  if (model === undefined) throw new TypeError('The engine serves no model.')
  return { engine, modelId: model.modelId }
}

/** Reads one answer to its end. */
export async function readAnswer(
  { engine, modelId }: BenchModel,
  request: GenerationRequest,
  onToken: () => void = () => undefined,
): Promise<StreamAnswer> {
  const start = performance.now()
  const generation = await engine.open(modelId, request, NEVER)
  let [tokens, firstMs] = [0, 0]
  for await (const { ids } of generation.step(request.maxTokens, NEVER)) {
    if (tokens === 0) firstMs = performance.now() - start
    tokens += ids.length
    onToken()
  }
  generation.close()
  return { tokens, tokensIn: generation.tokensIn, firstMs }
}

/** All streams begin at once. */
export function engineSide(name: string, model: BenchModel, streams: number): Side {
  return {
    name,
    draw: async () => {
      const answers = Array.from({ length: streams }, (_, i) => readAnswer(model, streamRequest(i)))
      return total(await Promise.all(answers))
    },
  }
}

/** Each stream begins when the one before it has drawn a few tokens, and they end one after another too. */
export function raggedSide(name: string, model: BenchModel, streams: number): Side {
  return {
    name,
    draw: async () => {
      const answers: Promise<StreamAnswer>[] = []
      for (let i = 0; i < streams; i++) {
        const shown = Promise.withResolvers<undefined>()
        const maxTokens = ANSWER_TOKENS - (i % 5) * 8
        answers.push(
          readAnswer(model, streamRequest(i, { maxTokens }), () => {
            shown.resolve(undefined)
          }),
        )
        await shown.promise
      }
      return total(await Promise.all(answers))
    },
  }
}

function total(answers: readonly StreamAnswer[]): number {
  return answers.reduce((sum, { tokens }) => sum + tokens, 0)
}
