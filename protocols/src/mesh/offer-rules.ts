import { shardOf } from '@duckmesh/proto'
import { DuckMeshError } from '../errors.ts'
import { MAX_OFFER_LIFE_MS } from './constants.ts'
import type { StakeView } from './interface.ts'
import type { ShardTopic } from './topics.ts'
import type { EnvelopeBody, Hex, Offer } from '@duckmesh/proto'

/** An offer ends after it was issued and at most 30 s later (M-34). Throws FIELD_OUT_OF_RANGE. */
export function checkOfferLife(offer: Offer, body: EnvelopeBody): void {
  const lifeMs = offer.expiryMs - body.issuedAtMs
  if (lifeMs > 0 && lifeMs <= MAX_OFFER_LIFE_MS) return
  throw new DuckMeshError('FIELD_OUT_OF_RANGE', 'An offer lives more than 0 and at most 30 s.', {
    details: { lifeMs },
  })
}

/** An offer travels only where one of its models belongs (M-34). Throws WRONG_TOPIC. */
export function checkOfferShard(offer: Offer, topic: ShardTopic): void {
  if (offer.models.some((model) => shardOf(model.modelId) === topic.shard)) return
  throw new DuckMeshError('WRONG_TOPIC', 'No model of the offer is of this shard.', {
    details: { shard: topic.shard },
  })
}

/**
 * Checks by the chain view that the operator acts for a staked provider, and for this one when it is named
 * (M-35).
 *
 * @throws DuckMeshError INVALID_PROVIDER, or CHAIN_UNREACHABLE while the view is stale
 */
export async function requireProvider(
  stake: StakeView,
  operator: Hex,
  provider?: Hex,
): Promise<void> {
  const owner = await stake.providerOf(operator)
  if (owner === 'unknown') {
    throw new DuckMeshError('CHAIN_UNREACHABLE', 'The chain view is too old to judge.')
  }
  if (owner === null || (provider !== undefined && owner !== provider)) {
    throw new DuckMeshError('INVALID_PROVIDER', 'The operator does not act for this provider.', {
      details: { operator, ...(provider === undefined ? {} : { provider }) },
    })
  }
}
