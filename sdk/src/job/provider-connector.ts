/** Finds the peer of a provider: by its offer, else by what its owner registered on the chain. */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock, Hex } from '@duckmesh/protocols'
import type { JobConnection, ProviderConnector } from '@duckmesh/protocols/dispatch'
import type { OfferFinder } from '../discovery/find-offers.ts'
import type { JobConnections } from './job-connections.ts'

export interface KnownProvidersComponents {
  /** The peer key that an owner registered; undefined when it never did. Rejects with CHAIN_UNREACHABLE. */
  chain: { peerKeyOf(provider: Hex): Promise<Hex | undefined> }
  clock: Pick<Clock, 'now'>
  connections: Pick<JobConnections, 'to'>
  finder: Pick<OfferFinder, 'book' | 'forget'>
}

export class KnownProviders implements ProviderConnector {
  readonly #components: KnownProvidersComponents

  constructor(components: KnownProvidersComponents) {
    this.#components = components
  }

  /** Rejects with INVALID_PROVIDER or as `JobConnections.to`; one that is not reached is looked for anew. */
  async to(provider: Hex, signal: AbortSignal): Promise<JobConnection> {
    const { connections, finder } = this.#components
    const peerKey = await this.#peerOf(provider)
    try {
      return await connections.to(peerKey, provider, signal)
    } catch (error) {
      // A caller that gave up says nothing about the peer.
      if (!signal.aborted) finder.forget(peerKey)
      throw error
    }
  }

  async #peerOf(provider: Hex): Promise<Hex> {
    const { chain, clock, finder } = this.#components
    const offers = finder.book.entries(clock.now())
    const offered = offers.find(({ offer }) => offer.provider === provider)
    const peerKey = offered?.peerKey ?? (await chain.peerKeyOf(provider))
    if (peerKey !== undefined) return peerKey
    throw new DuckMeshError('INVALID_PROVIDER', `${provider} never registered.`)
  }
}
