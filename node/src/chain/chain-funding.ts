import { readAccount, readService, readSession } from '@duckmesh/contracts'
import type { Addresses, ReadClient } from '@duckmesh/contracts'
import type { Clock, Logger } from '@duckmesh/protocols'
import type { Funding } from '@duckmesh/protocols/mesh'
import type { Hex } from 'viem'
import { chainCall, toChainError } from './chain-error.ts'
import type { ChainView } from './chain-view.ts'
import { FUNDS_TTL_MS } from './constants.ts'
import { ReadCache } from './read-cache.ts'

export interface ChainFundingComponents {
  addresses: Addresses
  clock: Clock
  logger: Logger
  read: ReadClient
  view: Pick<ChainView, 'requireFresh'>
}

/** What payers could spend, as the chain shows it. */
export class ChainFunding implements Funding {
  readonly #components: ChainFundingComponents
  readonly #funds: ReadCache<bigint>

  constructor(components: ChainFundingComponents) {
    this.#components = components
    this.#funds = new ReadCache(components.clock)
  }

  /**
   * Free money of the account and capacity of the service allotment, wei; of a session key what it may still draw.
   * When the chain does not answer, what was known before stays, and what was not known is `unknown`.
   */
  async fundsOf(payer: Hex): Promise<bigint | 'unknown'> {
    const key = payer.toLowerCase()
    try {
      return await this.#funds.get(
        key,
        () => FUNDS_TTL_MS,
        () => this.#read(payer),
      )
    } catch (error) {
      this.#components.logger.debug('funds.unreadable', { payer, code: toChainError(error).code })
      return this.#funds.last(key) ?? 'unknown'
    }
  }

  async #read(payer: Hex): Promise<bigint> {
    const { addresses, read, view } = this.#components
    await view.requireFresh()
    const [account, service, drawable] = await chainCall(
      Promise.all([
        readAccount(read, { addresses, payer }),
        readService(read, { addresses, payer }),
        this.#drawable(payer),
      ]),
    )
    return account.free + service.capacity + drawable
  }

  /** What a session key may still draw from its account, wei; 0 for what is no such key. */
  async #drawable(payer: Hex): Promise<bigint> {
    const { addresses, clock, read } = this.#components
    const session = await readSession(read, { addresses, session: payer })
    if (session === undefined || session.thawEnd !== 0n) return 0n
    if (session.expiry * 1_000n <= BigInt(clock.now())) return 0n
    const { free } = await readAccount(read, { addresses, payer: session.account })
    const left = session.cap - session.drawn
    return left < free ? left : free
  }
}
