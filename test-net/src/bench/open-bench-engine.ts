/** The engine with its one model, as the provider loads it. */
import { loadModels } from '@duckmesh/node'
import type { Generation, GenerationRequest } from '@duckmesh/node'
import { silentLogger } from '@duckmesh/sdk'

export interface BenchEngine {
  open(request: GenerationRequest, signal: AbortSignal): Promise<Generation>
  stop(): Promise<void>
}

/** Packs Duckling into `modelsDir` when needed and loads it. */
export async function openBenchEngine(modelsDir: string): Promise<BenchEngine> {
  const engine = await loadModels(modelsDir, silentLogger)
  const [model] = engine.models()
  if (model === undefined) throw new TypeError('The engine serves no model.')
  return {
    open: (request, signal) => engine.open(model.modelId, request, signal),
    stop: () => engine.stop(),
  }
}
