import { readSeed, readWeights } from '@duckmesh/contracts'
import type { Addresses, ReadClient } from '@duckmesh/contracts'
import { DuckMeshError, lowerHex } from '@duckmesh/protocols'
import type { ElectionPort } from '@duckmesh/protocols/election'
import type { Hex } from 'viem'
import { chainCall } from './chain-error.ts'
import type { ChainView } from './chain-view.ts'

export interface ChainElectionComponents {
  addresses: Addresses
  read: ReadClient
  view: Pick<ChainView, 'requireFresh'>
}

/** Refusals that say no more than that the chain's clock is behind ours. */
const NOT_YET: readonly unknown[] = ['SeedNotFixed', 'FutureLookup']

/**
 * Seeds and weights as the chain shows them. Neither changes once it stands, so `SeatLists` keeps them; nothing
 * is kept here.
 */
export class ChainElection implements ElectionPort {
  readonly #components: ChainElectionComponents

  constructor(components: ChainElectionComponents) {
    this.#components = components
  }

  /** Rejects with CHAIN_UNREACHABLE, also while the chain has not reached the middle of the epoch before. */
  async seed(epoch: number): Promise<Hex> {
    const { addresses, read } = this.#components
    const seed = await this.#reading(() => readSeed(read, { addresses, epoch: BigInt(epoch) }))
    return lowerHex(seed)
  }

  /** Rejects with CHAIN_UNREACHABLE, also while the chain has not reached the epoch before. */
  async weights(epoch: number): Promise<ReadonlyMap<Hex, bigint>> {
    const { addresses, read } = this.#components
    const all = await this.#reading(() => readWeights(read, { addresses, epoch: BigInt(epoch) }))
    return new Map(all.map(({ owner, weight }) => [lowerHex(owner), weight]))
  }

  async #reading<T>(call: () => Promise<T>): Promise<T> {
    await this.#components.view.requireFresh()
    try {
      return await chainCall(call())
    } catch (cause) {
      if (!(cause instanceof DuckMeshError) || !NOT_YET.includes(cause.details['error']))
        throw cause
      const what = 'The chain has not reached this epoch yet.'
      throw new DuckMeshError('CHAIN_UNREACHABLE', what, { cause })
    }
  }
}
