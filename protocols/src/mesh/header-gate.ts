/** The gate for job headers of strangers: funds, quotas, signatures, replays, in this order (M-72 to M-75). */
import { shardOf } from '@duckmesh/proto'
import { DuckMeshError } from '../errors.ts'
import {
  NEIGHBOUR_HEADER_BURST,
  NEIGHBOUR_HEADER_RATE_PER_S,
  PEER_HEADER_BURST,
  PEER_HEADER_RATE_PER_S,
  UNFUNDED_BURST,
  UNFUNDED_RATE_PER_S,
} from './constants.ts'
import { takeSequence } from './envelope.ts'
import { requireFunds } from './header-funds.ts'
import { HeaderQuota } from './header-quota.ts'
import { checkHeaderSignatures, readJobHeader } from './job-header.ts'
import { RateLimit } from './rate-limit.ts'
import { ReplayWindow } from './replay-window.ts'
import type { OpenedEnvelope } from './envelope.ts'
import type { Funding, ReceivedHeader } from './interface.ts'
import type { HeaderRules, ReadHeader } from './job-header.ts'
import type { Hex } from '@duckmesh/proto'

export interface HeaderGateComponents extends HeaderRules {
  /** Absent on a host without a chain view: it takes no header. */
  funding?: Funding | undefined
}

/**
 * Lets job headers of strangers in, by quotas, so that a flood of them costs little (M-72 to M-75).
 *
 * Quotas and sequence numbers are used up only by headers that hold in every respect. So nobody uses up the
 * quota of a payer but itself. What a neighbour brings is counted in any case.
 */
export class HeaderGate {
  readonly #components: HeaderGateComponents
  /** Of its own: a flood of headers must never crowd out offers and bindings (M-75). */
  readonly #replay = new ReplayWindow()
  readonly #payers = new HeaderQuota()
  readonly #peers = new RateLimit({ ratePerS: PEER_HEADER_RATE_PER_S, burst: PEER_HEADER_BURST })
  readonly #neighbours = new RateLimit({
    ratePerS: NEIGHBOUR_HEADER_RATE_PER_S,
    burst: NEIGHBOUR_HEADER_BURST,
  })
  readonly #unfunded = new RateLimit({ ratePerS: UNFUNDED_RATE_PER_S, burst: UNFUNDED_BURST })

  constructor(components: HeaderGateComponents) {
    this.#components = components
  }

  /**
   * Judges one header and takes it.
   *
   * @param shard of the topic it came on; left out for a header that came by stream
   * @param neighbour who brought it, in any fixed notation: a peer id for gossip, a peer key for a stream
   * @throws DuckMeshError as `checkJobHeader`, or WRONG_TOPIC, UNFUNDED, CHAIN_UNREACHABLE, ENVELOPE_REPLAYED,
   *   RATE_LIMITED
   */
  async take(opened: OpenedEnvelope, neighbour: string, shard?: number): Promise<ReceivedHeader> {
    const { clock } = this.#components
    this.#takeNeighbour(neighbour)
    const read = readJobHeader(opened, this.#components)
    if (shard !== undefined && shardOf(read.header.order.order.modelId) !== shard) {
      throw new DuckMeshError('WRONG_TOPIC', 'The model of the job is of another shard.')
    }
    const funds = await this.#fundsOf(read.header.client.payer, neighbour)
    this.#requireQuota(read, funds)
    await checkHeaderSignatures(read, this.#components)
    // Two headers may have been checked at the same time: the quota is asked again before anything is taken.
    this.#requireQuota(read, funds)
    takeSequence(opened, this.#replay, clock.now())
    this.#payers.take(read.header.client.payer, funds, clock.now())
    this.#peers.take(read.peerKey, clock.now())
    const { header, jobId, envelope, peerKey } = read
    return { header, jobId, envelope, peerKey }
  }

  /** M-74: one neighbour cannot make us check without end. */
  #takeNeighbour(neighbour: string): void {
    const now = this.#components.clock.now()
    if (!this.#neighbours.take(neighbour, now) || !this.#unfunded.allows(neighbour, now)) {
      throw new DuckMeshError('RATE_LIMITED', 'The neighbour brings too many job headers.')
    }
  }

  /** M-72, M-74: who brings headers of payers without funds is not heard for a while. */
  async #fundsOf(payer: Hex, neighbour: string): Promise<bigint> {
    const { clock, funding } = this.#components
    if (funding === undefined) {
      throw new DuckMeshError('CHAIN_UNREACHABLE', 'This host has no chain view.')
    }
    try {
      return await requireFunds(funding, payer)
    } catch (error) {
      if (error instanceof DuckMeshError && error.code === 'UNFUNDED') {
        this.#unfunded.take(neighbour, clock.now())
      }
      throw error
    }
  }

  #requireQuota(read: ReadHeader, funds: bigint): void {
    const now = this.#components.clock.now()
    const payer = this.#payers.allows(read.header.client.payer, funds, now)
    if (payer && this.#peers.allows(read.peerKey, now)) return
    throw new DuckMeshError(
      'RATE_LIMITED',
      'The client sends more job headers than its funds allow.',
    )
  }
}
