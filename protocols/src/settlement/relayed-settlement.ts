/** A provider's redemptions through a relay, and alone when that fails; the chain says which it was (S-18, S-24). */
import { limits } from '@duckmesh/proto'
import type { Hex, SignedVoucher } from '@duckmesh/proto'
import type { Clock, Logger } from '../components.ts'
import { DuckMeshError, toDuckMeshError } from '../errors.ts'
import { DISTRUST_MS } from './constants.ts'
import type { ChainChannel, Redemption, RelayRoute, RelayedPort } from './interface.ts'
import type { SettlementPort } from './interface.ts'

export interface RelayedSettlementComponents {
  clock: Clock
  logger: Logger
  port: RelayedPort
  route: RelayRoute
}

/** What the chain shows of a relay's transaction, and what the relay did not send. */
interface Relayed {
  redemption: Redemption
  left: readonly SignedVoucher[]
}

export class RelayedSettlement implements SettlementPort {
  readonly #components: RelayedSettlementComponents
  /** Ms since 1970. */
  #distrustedUntil = 0

  constructor(components: RelayedSettlementComponents) {
    this.#components = components
  }

  channel(payer: Hex, provider: Hex): Promise<ChainChannel> {
    return this.#components.port.channel(payer, provider)
  }

  /**
   * By the relay, then what it left over by this node's own transactions. Rejects as the latter when nothing was
   * redeemed.
   */
  async redeem(provider: Hex, vouchers: readonly SignedVoucher[]): Promise<Redemption[]> {
    const asked = vouchers.slice(0, limits.MAX_RELAY_VOUCHERS)
    const relayed = await this.#relay(provider, asked)
    if (relayed === undefined) return this.#components.port.redeem(provider, vouchers)
    const left = [...relayed.left, ...vouchers.slice(asked.length)]
    return [relayed.redemption, ...(await this.#alone(provider, left))]
  }

  /** Undefined when the relay did nothing: then this node redeems alone. */
  async #relay(provider: Hex, vouchers: readonly SignedVoucher[]): Promise<Relayed | undefined> {
    const { clock, logger, port, route } = this.#components
    if (clock.now() < this.#distrustedUntil) return undefined
    try {
      const send = (): Promise<Hex> => route.relay(provider, vouchers)
      const redemption = await port.redeemBy(provider, vouchers, send)
      const left = await this.#leftOut(vouchers, redemption.skipped)
      if (left.length < vouchers.length) return { redemption, left }
      throw new DuckMeshError('RELAY_UNTRUE', 'The transaction of the relay paid no voucher.')
    } catch (error) {
      const { code } = toDuckMeshError(error)
      if (code === 'RELAY_UNTRUE') this.#distrustedUntil = clock.now() + DISTRUST_MS
      logger.warn('redeem.relay_failed', { code })
      return undefined
    }
  }

  /** Vouchers that the chain neither paid nor skipped for a reason that lasts; none where it cannot be read. */
  async #leftOut(
    vouchers: readonly SignedVoucher[],
    skipped: readonly Hex[],
  ): Promise<SignedVoucher[]> {
    const told = new Set(skipped)
    const isLeft = async ({ voucher }: SignedVoucher): Promise<boolean> => {
      const { cumulative, payer, provider } = voucher
      if (told.has(payer)) return false
      return (await this.channel(payer, provider)).redeemed < cumulative
    }
    const left = await Promise.all(vouchers.map((one) => isLeft(one).catch(() => false)))
    return vouchers.filter((_, index) => left[index] === true)
  }

  /** What the relay redeemed must be booked, so a failure here is told and nothing else. */
  async #alone(provider: Hex, left: readonly SignedVoucher[]): Promise<Redemption[]> {
    const { logger, port } = this.#components
    if (left.length === 0) return []
    logger.warn('redeem.relay_left_out', { vouchers: left.length })
    try {
      return await port.redeem(provider, left)
    } catch (error) {
      logger.warn('redeem.stopped', { code: toDuckMeshError(error).code, left: left.length })
      return []
    }
  }
}
