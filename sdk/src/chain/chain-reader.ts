/** What a light client reads from the chain: channels, providers, seeds and weights, its own funds. */
import { DuckMeshError, lowerHex } from '@duckmesh/protocols'
import type { Clock, Hex } from '@duckmesh/protocols'
import type { ElectionTimes, WeightPort } from '@duckmesh/protocols/election'
import type { OperatorView } from '@duckmesh/protocols/market'
import type { StakeView } from '@duckmesh/protocols/mesh'
import type { ChainChannel, ChainService, Redemption } from '@duckmesh/protocols/settlement'
import type { ServicePort, SettlementPort } from '@duckmesh/protocols/settlement'
import {
  providerOf,
  readAccount,
  readChannel,
  readElectionParameters,
  readProvider,
  readSeed,
  readService,
  readWeight,
  tokenBalanceOf,
} from '@duckmesh/contracts'
import { createClient, http } from 'viem'
import type { Client } from 'viem'
import { getChainId, getCode } from 'viem/actions'
import type { NetworkConfig } from '../network.ts'
import { TimedAnswers } from './timed-answers.ts'

/** How long an answer about stake is reused, ms; registration changes by the hour. */
const STAKE_TTL_MS = 30_000

export interface Funds {
  /** DUCK in the account's own name, wei. */
  wallet: bigint
  /** Escrow that can be allotted, wei. */
  free: bigint
  /** Escrow on its way out, wei. */
  thawing: bigint
}

export class ChainReader
  implements OperatorView, ServicePort, SettlementPort, StakeView, WeightPort
{
  readonly client: Client
  readonly #config: NetworkConfig
  /** Active owner by operator, and operator by active owner. */
  readonly #owners: TimedAnswers<Hex | null>
  readonly #operators: TimedAnswers<Hex | null>

  constructor(config: NetworkConfig, clock: Clock) {
    this.#config = config
    this.#owners = new TimedAnswers(clock, STAKE_TTL_MS)
    this.#operators = new TimedAnswers(clock, STAKE_TTL_MS)
    this.client = createClient({
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
    const actual = await this.#reading(() => getChainId(this.client))
    if (actual !== chainId) {
      const what = `${this.#endpoint} is chain ${actual}, the network is on ${chainId}.`
      throw new DuckMeshError('WRONG_CHAIN', what, { details: { actual, expected: chainId } })
    }
    for (const address of [registry, market]) {
      const code = await this.#reading(() => getCode(this.client, { address }))
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

  /** What `payer` set aside for seats and verifiers, as `provider` sees it. */
  async service(payer: Hex, provider: Hex): Promise<ChainService> {
    const addresses = this.#config
    return this.#reading(() => readService(this.client, { addresses, payer, provider }))
  }

  /** As `redeem`. */
  finalizeService(): Promise<Redemption[]> {
    return this.redeem()
  }

  async providerOf(operator: Hex): Promise<Hex | null | 'unknown'> {
    try {
      return await this.#owners.get(operator, () => this.#activeOwner(operator))
    } catch {
      return 'unknown'
    }
  }

  async operatorOf(provider: Hex): Promise<Hex | null | 'unknown'> {
    try {
      return await this.#operators.get(provider, () => this.#operatorOfActive(provider))
    } catch {
      return 'unknown'
    }
  }

  /** The peer key that an owner registered; undefined when it never did. Rejects with CHAIN_UNREACHABLE. */
  async peerKeyOf(provider: Hex): Promise<Hex | undefined> {
    const addresses = this.#config
    const entry = await this.#reading(() => readProvider(this.client, { addresses, provider }))
    return entry === undefined ? undefined : lowerHex(entry.peerKey)
  }

  /** How long epochs and turns are. Rejects with CHAIN_UNREACHABLE. */
  async electionTimes(): Promise<ElectionTimes> {
    const addresses = this.#config
    const { epoch, turn } = await this.#reading(() =>
      readElectionParameters(this.client, { addresses }),
    )
    return { epochS: Number(epoch), turnS: Number(turn) }
  }

  async seed(epoch: number): Promise<Hex> {
    const asked = { addresses: this.#config, epoch: BigInt(epoch) }
    return lowerHex(await this.#reading(() => readSeed(this.client, asked)))
  }

  async weight(owner: Hex, epoch: number): Promise<bigint> {
    const asked = { addresses: this.#config, provider: owner, epoch: BigInt(epoch) }
    return this.#reading(() => readWeight(this.client, asked))
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

  async #activeOwner(operator: Hex): Promise<Hex | null> {
    const addresses = this.#config
    const owner = await providerOf(this.client, { addresses, operator })
    if (owner === undefined) return null
    const provider = await readProvider(this.client, { addresses, provider: owner })
    return provider?.isActive === true ? lowerHex(owner) : null
  }

  async #operatorOfActive(owner: Hex): Promise<Hex | null> {
    const addresses = this.#config
    const provider = await readProvider(this.client, { addresses, provider: owner })
    return provider?.isActive === true ? lowerHex(provider.operator) : null
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
