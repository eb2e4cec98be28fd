/** `GET /v1/models`: what is offered on the mesh now, by whoever is known to this node. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { BookEntry } from '@duckmesh/protocols/market'
import type { Hex, NumberModel } from '@duckmesh/protocols'
import { timeLimit } from '@duckmesh/sdk'
import type { FastifyInstance } from 'fastify'
import { MODELS_TIMEOUT_MS } from './constants.ts'
import type { GatewayComponents } from './interface.ts'

/** OpenAI's model object, and what DuckMesh knows besides; prices are wei per 1 000 tokens. */
export interface ListedModel {
  id: string
  object: 'model'
  /** Unix seconds; a content-addressed model has no date, so it is always 0. */
  created: 0
  owned_by: string
  duckmesh: {
    modelId: Hex
    determinism: string
    contextLength: number
    task: 'chat' | NumberModel['task']
    /** Numbers for each text, of a task that has such. */
    width?: number
    /** Names of the classes of a classification, if it has any. */
    labels?: string[]
    providers: number
    lowestPriceIn: string
    lowestPriceOut: string
  }
}

type Facts = ListedModel['duckmesh']

export function registerModels(server: FastifyInstance, components: GatewayComponents): void {
  server.get('/v1/models', async () => ({ object: 'list', data: await list(components) }))
  server.get<{ Params: { id: string } }>('/v1/models/:id', async ({ params }) => {
    const models = await list(components)
    const { id } = params
    const found = models.find(
      (model) => model.id === id || model.duckmesh.modelId === id.toLowerCase(),
    )
    if (found !== undefined) return found
    const offered = models.map((model) => model.id)
    const what = `Nobody offers "${id}"; offered: ${offered.join(', ') || 'nothing'}.`
    throw new DuckMeshError('MODEL_NOT_FOUND', what, { details: { offered } })
  })
}

async function list({ client, clock }: GatewayComponents): Promise<ListedModel[]> {
  const limit = timeLimit(clock, MODELS_TIMEOUT_MS, [])
  try {
    return listModels(await client.offers(limit.signal))
  } finally {
    limit.clear()
  }
}

/**
 * One entry per model id, most providers first. A name that several models carry belongs to the first of them,
 * as in a job request; the others are listed by their ids.
 */
export function listModels(offers: readonly BookEntry[]): ListedModel[] {
  const byId = new Map<Hex, BookEntry['offer']['models']>()
  for (const model of offers.flatMap(({ offer }) => offer.models)) {
    byId.set(model.modelId, [...(byId.get(model.modelId) ?? []), model])
  }
  const groups = [...byId.values()].sort((a, b) => b.length - a.length || order(a, b))
  const names = new Set<string>()
  return groups.flatMap((group) => {
    const [first] = group
    if (first === undefined) return []
    const { contextLength, determinism, modelId, name } = first
    const id = names.has(name) ? modelId : name
    names.add(name)
    const duckmesh = {
      modelId,
      determinism,
      contextLength,
      ...taskOf(group),
      providers: group.length,
      lowestPriceIn: `${lowest(group.map((model) => model.priceIn))}`,
      lowestPriceOut: `${lowest(group.map((model) => model.priceOut))}`,
    }
    return [{ id, object: 'model', created: 0, owned_by: 'duckmesh', duckmesh }]
  })
}

/** As most of the offers say. */
function taskOf(group: BookEntry['offer']['models']): Pick<Facts, 'labels' | 'task' | 'width'> {
  const said = Object.groupBy(group, ({ numbers }) => JSON.stringify(numbers ?? null))
  const [most] = Object.values(said).sort((a, b) => (b?.length ?? 0) - (a?.length ?? 0))
  const numbers = most?.[0]?.numbers
  if (numbers === undefined) return { task: 'chat' }
  const { labels, task, width } = numbers
  return labels.length === 0 ? { task, width } : { task, width, labels }
}

function order(a: BookEntry['offer']['models'], b: BookEntry['offer']['models']): number {
  return (a[0]?.modelId ?? '') < (b[0]?.modelId ?? '') ? -1 : 1
}

function lowest(amounts: readonly bigint[]): bigint {
  return amounts.reduce((low, amount) => (amount < low ? amount : low))
}
