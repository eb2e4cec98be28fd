/** All that this provider serves, computed here or behind an endpoint, as one engine with prices. */
import type { Hex, JobSpec, NumberModel } from '@duckmesh/protocols'
import type { OpenGeneration, StepEngine } from '@duckmesh/protocols/dispatch'
import { readApiKey } from '../backend-openai/index.ts'
import type { RemoteModelSettings, RemoteModels } from '../backend-openai/index.ts'
import type { Config } from '../config/index.ts'
import type { Engine, ModelInfo } from '../engine/index.ts'
import { isOfferable, numberModel } from './number-model.ts'
import { LocalStepEngine } from './step-engine.ts'

/** Wei per 1 000 tokens. */
interface Prices {
  priceIn: bigint
  priceOut: bigint
}

export interface ServedModelsComponents {
  engine: Pick<Engine, 'models' | 'open' | 'openEncoding'>
  remote: Pick<RemoteModels, 'models' | 'open' | 'settingsOf' | 'start' | 'stop'>
}

export class ServedModels implements StepEngine {
  readonly #local: StepEngine
  readonly #components: ServedModelsComponents
  readonly #prices: Prices

  constructor(components: ServedModelsComponents, { priceIn, priceOut }: Prices) {
    this.#components = components
    this.#local = new LocalStepEngine(components.engine)
    this.#prices = { priceIn, priceOut }
  }

  /** Probes the endpoints; `onChange` is told when what may be offered changed. */
  start(onChange: () => void): void {
    this.#components.remote.start(onChange)
  }

  /** Ends what runs at endpoints; the engine is stopped by who opened it. */
  stop(): void {
    this.#components.remote.stop()
  }

  /** What may be offered now. */
  models(): ModelInfo[] {
    const { engine, remote } = this.#components
    return [...engine.models().filter(isOfferable), ...remote.models()]
  }

  /** What is asked for a model, its own price or that of all. Numbers are free: the texts are the work (rule N-9). */
  pricesOf(modelId: Hex): Prices {
    const { priceIn, priceOut } = this.#prices
    const own = this.#components.remote.settingsOf(modelId)
    const perToken = this.numbersOf(modelId) === undefined ? priceOut : 0n
    return { priceIn: own?.priceIn ?? priceIn, priceOut: own?.priceOut ?? perToken }
  }

  /** What an offer says of a model whose answer is numbers; undefined for one that chats. */
  numbersOf(modelId: Hex): NumberModel | undefined {
    const { engine } = this.#components
    const model = engine.models().find((one) => one.modelId === modelId)
    return model && numberModel(model)
  }

  async open(
    modelId: Hex,
    spec: JobSpec,
    prefixIds: readonly number[],
    signal: AbortSignal,
    payer: Hex,
  ): Promise<OpenGeneration> {
    const { remote } = this.#components
    if (remote.settingsOf(modelId) !== undefined) return remote.open(modelId, spec, prefixIds)
    return this.#local.open(modelId, spec, prefixIds, signal, payer)
  }
}

/** The configured endpoints with their keys read. Rejects with CONFIG_INVALID or KEY_REFUSED. */
export async function endpointSettings({
  backends = [],
}: Pick<NonNullable<Config['provider']>, 'backends'>): Promise<RemoteModelSettings[]> {
  return Promise.all(
    backends.map(async ({ apiKeyFile, backend: _, ...settings }) => ({
      ...settings,
      name: settings.name ?? settings.model,
      apiKey: apiKeyFile === undefined ? undefined : await readApiKey(apiKeyFile),
    })),
  )
}
