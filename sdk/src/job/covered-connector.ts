/** Passes over bidders that miss an allotment, when the channel to them cannot pay even one token (K-75). */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import type { ProviderConnector } from '@duckmesh/protocols/dispatch'
import type { RankedBid } from '@duckmesh/protocols/market'
import { stepPrice } from '@duckmesh/protocols/market'
import type { ClientChannels } from '@duckmesh/protocols/settlement'
import type { JobDraft } from './plan-job.ts'

/** `Bid.funding` of a bidder that could not find the job's price on the payer's channel. */
const NEEDS_ALLOT = 1

export interface CoveredConnectorComponents {
  channels: Pick<ClientChannels, 'mayCover'>
  connector: ProviderConnector
}

/**
 * Reaches providers as `connector` does; one whose bid needs an allotment only when the channel may cover the least
 * that a step costs there. Else it rejects with BALANCE_INSUFFICIENT, without a dial: nothing is sent that could not
 * be paid, and no member works in vain.
 */
export function coveredConnector(
  { channels, connector }: CoveredConnectorComponents,
  ranked: readonly Pick<RankedBid, 'bid' | 'provider'>[],
  { inBucket }: Pick<JobDraft, 'inBucket'>,
): ProviderConnector {
  const least = new Map<Hex, bigint>()
  for (const { bid, provider } of ranked) {
    const { funding, priceIn, priceOut } = bid.bid
    if (funding === NEEDS_ALLOT) least.set(provider, stepPrice(priceIn, priceOut, inBucket, 1))
  }
  return {
    to: async (provider, signal) => {
      const amount = least.get(provider)
      if (amount !== undefined && !(await channels.mayCover(provider, amount))) {
        throw uncovered(provider, amount)
      }
      return connector.to(provider, signal)
    },
  }
}

function uncovered(provider: Hex, need: bigint): DuckMeshError {
  const what = 'Its bid needs an allotment, and its channel does not cover a first step: not asked.'
  return new DuckMeshError('BALANCE_INSUFFICIENT', what, { details: { need, provider } })
}
