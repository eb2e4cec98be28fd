/** The models of this provider that run behind endpoints. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock, Hex, JobSpec, Logger } from '@duckmesh/protocols'
import type { OpenGeneration } from '@duckmesh/protocols/dispatch'
import type { ModelInfo } from '../engine/index.ts'
import type { RemoteModelSettings } from './interface.ts'
import { OpenAiEndpoint } from './openai-endpoint.ts'
import { RemoteModel } from './remote-model.ts'

export interface RemoteModelsComponents {
  clock: Clock
  fetch: typeof globalThis.fetch
  logger: Logger
}

export class RemoteModels {
  readonly #models: readonly RemoteModel[]
  #onChange: () => void = () => undefined

  constructor(components: RemoteModelsComponents, settings: readonly RemoteModelSettings[]) {
    const onChange = (): void => {
      this.#onChange()
    }
    this.#models = settings.map((one) => {
      const endpoint = new OpenAiEndpoint(components, one)
      return new RemoteModel({ ...components, endpoint, onChange }, one)
    })
  }

  /** Probes every endpoint; `onChange` is told whenever a model is offered or withdrawn. */
  start(onChange: () => void): void {
    this.#onChange = onChange
    for (const model of this.#models) model.start()
  }

  stop(): void {
    for (const model of this.#models) model.stop()
  }

  /** Those that are offered now. */
  models(): ModelInfo[] {
    return this.#models.flatMap(({ info }) => (info === undefined ? [] : [info]))
  }

  /** What the configuration says of a model, offered or not; undefined when it is not behind an endpoint. */
  settingsOf(modelId: Hex): RemoteModelSettings | undefined {
    return this.#find(modelId)?.settings
  }

  /** Throws as `RemoteModel.open`, and MODEL_NOT_FOUND. */
  open(modelId: Hex, spec: JobSpec, prefixIds: readonly number[]): OpenGeneration {
    const model = this.#find(modelId)
    if (model !== undefined) return model.open(spec, prefixIds)
    throw new DuckMeshError('MODEL_NOT_FOUND', 'No endpoint serves this model.')
  }

  #find(modelId: Hex): RemoteModel | undefined {
    return this.#models.find((model) => model.modelId === modelId)
  }
}
