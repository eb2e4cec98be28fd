/** Which model a caller means by a name, a CID or a model id. */
import { DuckMeshError, bytesToHex } from '@duckmesh/protocols'
import type { Hex, ModelOffer } from '@duckmesh/protocols'
import type { BookEntry } from '@duckmesh/protocols/market'
import { CID } from 'multiformats/cid'

/** Multihash code of sha2-256: a model id is such a digest (SCHEMAS "Names"). */
const SHA2_256 = 0x12

/**
 * The offered model of that name, CID or id. A name is free to choose: when several models carry it, the one
 * that most providers offer is meant, ties to the lower id. Throws MODEL_NOT_FOUND or PROVIDER_UNAVAILABLE.
 */
export function resolveModel(wanted: string, offers: readonly BookEntry[]): ModelOffer {
  const models = offers.flatMap((entry) => entry.offer.models)
  const modelId = modelIdOf(wanted)
  const matching = models.filter((model) =>
    modelId === undefined ? model.name === wanted : model.modelId === modelId,
  )
  const [found] = matching.sort(
    (a, b) =>
      offered(models, b) - offered(models, a) ||
      byId(a, b) ||
      agreed(models, b) - agreed(models, a) ||
      byClass(a, b),
  )
  if (found !== undefined) return found
  if (models.length === 0) {
    throw new DuckMeshError('PROVIDER_UNAVAILABLE', 'No provider answered.')
  }
  const names = [...new Set(models.map((model) => model.name))].sort()
  throw new DuckMeshError(
    'MODEL_NOT_FOUND',
    `Nobody offers "${wanted}"; offered: ${names.join(', ')}.`,
    { details: { offered: names } },
  )
}

function offered(models: readonly ModelOffer[], { modelId }: ModelOffer): number {
  return models.filter((model) => model.modelId === modelId).length
}

function byId(a: ModelOffer, b: ModelOffer): number {
  if (a.modelId === b.modelId) return 0
  return a.modelId < b.modelId ? -1 : 1
}

/**
 * How many offers of the model say the same of its class and its numbers: one that lies is overruled by the
 * others, and so is one that runs the model on a device, which makes its own class opaque.
 */
function agreed(
  models: readonly ModelOffer[],
  { determinism, modelId, numbers }: ModelOffer,
): number {
  const said = JSON.stringify([determinism, numbers])
  return models.filter(
    (model) =>
      model.modelId === modelId && JSON.stringify([model.determinism, model.numbers]) === said,
  ).length
}

/** Of equally many the stricter class: its providers answer a redundant job, the others refuse it. */
function byClass(a: ModelOffer, b: ModelOffer): number {
  return Number(a.determinism === 'opaque') - Number(b.determinism === 'opaque')
}

/** The model id that the text writes out, in hex or as the manifest's CID. */
function modelIdOf(wanted: string): Hex | undefined {
  if (/^0x[0-9a-f]{64}$/i.test(wanted)) return `0x${wanted.slice(2).toLowerCase()}`
  try {
    const { multihash } = CID.parse(wanted)
    return multihash.code === SHA2_256 ? bytesToHex(multihash.digest) : undefined
  } catch {
    return undefined
  }
}
