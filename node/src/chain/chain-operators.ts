import { readProvider } from '@duckmesh/contracts'
import type { Addresses, ReadClient } from '@duckmesh/contracts'
import { lowerHex } from '@duckmesh/protocols'
import type { Clock, Logger } from '@duckmesh/protocols'
import type { OperatorView } from '@duckmesh/protocols/market'
import type { Hex } from 'viem'
import { chainCall, toChainError } from './chain-error.ts'
import type { ChainView } from './chain-view.ts'
import { NO_PROVIDER_TTL_MS, PROVIDER_TTL_MS } from './constants.ts'
import { ReadCache } from './read-cache.ts'

export interface ChainOperatorsComponents {
  addresses: Addresses
  clock: Clock
  logger: Logger
  read: ReadClient
  view: Pick<ChainView, 'requireFresh'>
}

/** Who signs for an owner, as the chain shows it. */
export class ChainOperators implements OperatorView {
  readonly #components: ChainOperatorsComponents
  readonly #operators: ReadCache<Hex | null>

  constructor(components: ChainOperatorsComponents) {
    this.#components = components
    this.#operators = new ReadCache(components.clock)
  }

  /**
   * The operator of a provider with enough stake, null when there is none. When the chain does not answer, what
   * was known before stays, and what was not known is `unknown`.
   */
  async operatorOf(provider: Hex): Promise<Hex | null | 'unknown'> {
    const key = provider.toLowerCase()
    try {
      return await this.#operators.get(key, ttlOf, () => this.#read(provider))
    } catch (error) {
      const { code } = toChainError(error)
      this.#components.logger.debug('operator.unreadable', { provider, code })
      const last = this.#operators.last(key)
      return last === undefined ? 'unknown' : last
    }
  }

  async #read(provider: Hex): Promise<Hex | null> {
    const { addresses, read, view } = this.#components
    await view.requireFresh()
    const entry = await chainCall(readProvider(read, { addresses, provider }))
    return entry?.isActive === true ? lowerHex(entry.operator) : null
  }
}

function ttlOf(operator: Hex | null): number {
  return operator === null ? NO_PROVIDER_TTL_MS : PROVIDER_TTL_MS
}
