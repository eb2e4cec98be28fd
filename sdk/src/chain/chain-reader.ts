/** What a light client reads from the chain: channels, providers, its own funds. */
import { DuckMeshError, lowerHex } from '@duckmesh/protocols'
import type { Clock, Hex } from '@duckmesh/protocols'
import type { StakeView } from '@duckmesh/protocols/mesh'
import type { ChainChannel, Redemption, SettlementPort } from '@duckmesh/protocols/settlement'
import {
  providerOf,
  readAccount,
  readChannel,
  readProvider,
  tokenBalanceOf,
} from '@duckmesh/contracts'
import { createPublicClient, http } from 'viem'
import type { PublicClient } from 'viem'
import type { NetworkConfig } from '../network.ts'

/** How long an answer about stake is reused, ms; registration changes by the hour. */
const STAKE_TTL_MS = 30_000
/** Operators remembered; anybody can name one in a binding, so the memory is bounded. */
const MAX_STAKES = 4_096

export interface Funds {
  /** DUCK in the account's own name, wei. */
  wallet: bigint
  /** Escrow that can be allotted, wei. */
  free: bigint
  /** Escrow on its way out, wei. */
  thawing: bigint
}

export class ChainReader implements SettlementPort, StakeView {
  readonly client: PublicClient
  readonly #config: NetworkConfig
  readonly #clock: Clock
  /** Oldest first; an answer that failed is not kept. */
  readonly #stakes = new Map<Hex, { owner: Promise<Hex | null>; atMs: number }>()

  constructor(config: NetworkConfig, clock: Clock) {
    this.#config = config
    this.#clock = clock
    this.client = createPublicClient({
      transport: http(config.rpcUrl, { retryCount: 1 }),
      cacheTime: 0,
    })
  }

  /**
   * Rejects with WRONG_CHAIN when the endpoint serves another chain than the network names or has no contracts
   * at its addresses, with CHAIN_UNREACHABLE when it does not answer.
   */
  async check(): Promise<void> {
    const { chainId, market, registry } = this.#config
    const actual = await this.#reading(() => this.client.getChainId())
    if (actual !== chainId) {
      const what = `${this.#endpoint} is chain ${actual}, the network is on ${chainId}.`
      throw new DuckMeshError('WRONG_CHAIN', what, { details: { actual, expected: chainId } })
    }
    for (const address of [registry, market]) {
      const code = await this.#reading(() => this.client.getCode({ address }))
      if (code !== undefined) continue
      const what = `There is no contract at ${address}.`
      throw new DuckMeshError('WRONG_CHAIN', what, { details: { address } })
    }
  }

  async channel(payer: Hex, provider: Hex): Promise<ChainChannel> {
    const addresses = this.#config
    return this.#reading(() => readChannel(this.client, { addresses, payer, provider }))
  }

  /** A light client holds no vouchers of others. */
  redeem(): Promise<Redemption[]> {
    return Promise.reject(new DuckMeshError('NOTHING_TO_REDEEM', 'A client has nothing to redeem.'))
  }

  async providerOf(operator: Hex): Promise<Hex | null | 'unknown'> {
    const known = this.#stakes.get(operator)
    const fresh = known !== undefined && this.#clock.now() - known.atMs < STAKE_TTL_MS
    try {
      return await (fresh ? known.owner : this.#askOwner(operator))
    } catch {
      return 'unknown'
    }
  }

  /** What the account can spend. Rejects with CHAIN_UNREACHABLE. */
  async funds(payer: Hex): Promise<Funds> {
    const addresses = this.#config
    return this.#reading(async () => {
      const [wallet, account] = await Promise.all([
        tokenBalanceOf(this.client, { addresses, holder: payer }),
        readAccount(this.client, { addresses, payer }),
      ])
      return { wallet, free: account.free, thawing: account.thawing }
    })
  }

  #askOwner(operator: Hex): Promise<Hex | null> {
    const asked = { owner: this.#activeOwner(operator), atMs: this.#clock.now() }
    this.#stakes.delete(operator)
    const [oldest] = this.#stakes.keys()
    if (oldest !== undefined && this.#stakes.size >= MAX_STAKES) this.#stakes.delete(oldest)
    this.#stakes.set(operator, asked)
    asked.owner.catch(() => {
      if (this.#stakes.get(operator) === asked) this.#stakes.delete(operator)
    })
    return asked.owner
  }

  async #activeOwner(operator: Hex): Promise<Hex | null> {
    const addresses = this.#config
    const owner = await providerOf(this.client, { addresses, operator })
    if (owner === undefined) return null
    const provider = await readProvider(this.client, { addresses, provider: owner })
    return provider?.isActive === true ? lowerHex(owner) : null
  }

  /** Scheme and host only: the path of an endpoint often is the key to it. */
  get #endpoint(): string {
    return URL.parse(this.#config.rpcUrl)?.origin ?? 'The RPC endpoint'
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (cause) {
      throw new DuckMeshError('CHAIN_UNREACHABLE', `${this.#endpoint} did not answer.`, { cause })
    }
  }
}
