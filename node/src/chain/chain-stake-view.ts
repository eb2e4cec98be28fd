import { providerOf, readProvider } from '@duckmesh/contracts'
import type { Addresses, ReadClient } from '@duckmesh/contracts'
import type { Clock, Logger } from '@duckmesh/protocols'
import type { StakeView } from '@duckmesh/protocols/mesh'
import type { Hex } from 'viem'
import { chainCall, toChainError } from './chain-error.ts'
import type { ChainView } from './chain-view.ts'
import { NO_PROVIDER_TTL_MS, PROVIDER_TTL_MS } from './constants.ts'
import { ReadCache } from './read-cache.ts'

export interface ChainStakeViewComponents {
  addresses: Addresses
  clock: Clock
  logger: Logger
  read: ReadClient
  view: Pick<ChainView, 'requireFresh'>
}

/** Registered operators as the chain shows them. */
export class ChainStakeView implements StakeView {
  readonly #components: ChainStakeViewComponents
  readonly #providers: ReadCache<Hex | null>

  constructor(components: ChainStakeViewComponents) {
    this.#components = components
    this.#providers = new ReadCache(components.clock)
  }

  /**
   * The provider of an operator with enough stake, null when there is none. When the chain does not answer, what
   * was known before stays (DESIGN §6: keep known seats), and what was not known is `unknown`.
   */
  async providerOf(operator: Hex): Promise<Hex | null | 'unknown'> {
    const key = operator.toLowerCase()
    try {
      return await this.#providers.get(key, ttlOf, () => this.#read(operator))
    } catch (error) {
      const { code } = toChainError(error)
      this.#components.logger.debug('stake.unreadable', { operator, code })
      const last = this.#providers.last(key)
      return last === undefined ? 'unknown' : last
    }
  }

  async #read(operator: Hex): Promise<Hex | null> {
    const { addresses, read, view } = this.#components
    await view.requireFresh()
    const provider = await chainCall(providerOf(read, { addresses, operator }))
    if (provider === undefined) return null
    const entry = await chainCall(readProvider(read, { addresses, provider }))
    return entry?.isActive === true ? (provider.toLowerCase() as Hex) : null
  }
}

function ttlOf(provider: Hex | null): number {
  return provider === null ? NO_PROVIDER_TTL_MS : PROVIDER_TTL_MS
}
