import { finalizeJobs, finalizeService, parseRedemption } from '@duckmesh/contracts'
import { readChannel, readService } from '@duckmesh/contracts'
import type { Addresses, Channel, ReadClient, ServiceAllotment } from '@duckmesh/contracts'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock, Logger } from '@duckmesh/protocols'
import type { ChannelRow, Redemption, ServicePort } from '@duckmesh/protocols/settlement'
import type { ServiceRow, SettlementPort } from '@duckmesh/protocols/settlement'
import type { Hex } from 'viem'
import { chainCall, toChainError } from './chain-error.ts'
import type { ChainView } from './chain-view.ts'
import { CHANNEL_TTL_MS, VOUCHERS_PER_TRANSACTION } from './constants.ts'
import { ReadCache } from './read-cache.ts'
import type { TransactionSender } from './transaction-sender.ts'

type SignedVoucher = NonNullable<ChannelRow['voucher']>
type SignedServiceVoucher = NonNullable<ServiceRow['voucher']>
/** What the two kinds of redemption differ in. */
type Finalize = typeof finalizeJobs | typeof finalizeService

export interface ChainSettlementComponents {
  addresses: Addresses
  clock: Clock
  logger: Logger
  read: ReadClient
  /** Absent on a node that only reads; redemptions then reject with NOT_SUPPORTED. */
  sender?: TransactionSender
  view: Pick<ChainView, 'requireFresh'>
}

/** Settlement's reads and writes, over viem. */
export class ChainSettlement implements SettlementPort, ServicePort {
  readonly #components: ChainSettlementComponents
  readonly #channels: ReadCache<Channel>
  readonly #services: ReadCache<ServiceAllotment>

  constructor(components: ChainSettlementComponents) {
    this.#components = components
    this.#channels = new ReadCache(components.clock)
    this.#services = new ReadCache(components.clock)
  }

  /** One channel, at most CHANNEL_TTL_MS old. Rejects with CHAIN_UNREACHABLE when the view is not FRESH. */
  channel(payer: Hex, provider: Hex): Promise<Channel> {
    const { addresses, read, view } = this.#components
    const isGood = (): number => CHANNEL_TTL_MS
    return this.#channels.get(keyOf(payer, provider), isGood, async () => {
      await view.requireFresh()
      return chainCall(readChannel(read, { addresses, payer, provider }))
    })
  }

  /** The service allotment of a payer as one provider sees it, as fresh as a channel and with the same errors. */
  service(payer: Hex, provider: Hex): Promise<ServiceAllotment> {
    const { addresses, read, view } = this.#components
    const isGood = (): number => CHANNEL_TTL_MS
    return this.#services.get(keyOf(payer, provider), isGood, async () => {
      await view.requireFresh()
      return chainCall(readService(read, { addresses, payer, provider }))
    })
  }

  /**
   * Redeems in transactions of up to VOUCHERS_PER_TRANSACTION, one after another. A failure after the first
   * one ends there and is logged: what was redeemed must be booked. Rejects when nothing was redeemed.
   */
  redeem(provider: Hex, vouchers: readonly SignedVoucher[]): Promise<Redemption[]> {
    return this.#redeemAll(finalizeJobs, provider, vouchers)
  }

  /** As `redeem`, for fees from service allotments. */
  finalizeService(provider: Hex, vouchers: readonly SignedServiceVoucher[]): Promise<Redemption[]> {
    return this.#redeemAll(finalizeService, provider, vouchers)
  }

  /** The channels of these vouchers are read anew: a transaction changed them. */
  forget(provider: Hex, vouchers: readonly SignedVoucher[]): void {
    for (const { voucher } of vouchers) this.#channels.forget(keyOf(voucher.payer, provider))
  }

  async #redeemAll(
    finalize: Finalize,
    provider: Hex,
    vouchers: readonly (SignedVoucher | SignedServiceVoucher)[],
  ): Promise<Redemption[]> {
    // DESIGN §6: do not settle on a stale view.
    await this.#components.view.requireFresh()
    const redemptions: Redemption[] = []
    for (let from = 0; from < vouchers.length; from += VOUCHERS_PER_TRANSACTION) {
      const batch = vouchers.slice(from, from + VOUCHERS_PER_TRANSACTION)
      try {
        redemptions.push(await this.#redeemBatch(finalize, provider, batch))
      } catch (error) {
        const failure = toChainError(error)
        if (redemptions.length === 0) throw failure
        this.#components.logger.warn('redeem.stopped', {
          code: failure.code,
          left: vouchers.length - from,
        })
        break
      }
    }
    return redemptions
  }

  async #redeemBatch(
    finalize: Finalize,
    provider: Hex,
    batch: readonly (SignedVoucher | SignedServiceVoucher)[],
  ): Promise<Redemption> {
    const { addresses, sender } = this.#components
    if (sender === undefined)
      throw new DuckMeshError('NOT_SUPPORTED', 'This node sends no transactions.')
    const vouchers = batch.map(({ voucher: { payer, cumulative }, signature }) => ({
      payer,
      cumulative,
      signature,
    }))
    const receipt = await sender.send((client) =>
      finalize(client, { addresses, provider, vouchers }),
    )
    const isService = finalize === finalizeService
    const cache = isService ? this.#services : this.#channels
    for (const { payer } of vouchers) cache.forget(keyOf(payer, provider))
    const { burnt, skipped } = parseRedemption({ addresses, logs: receipt.logs })
    return {
      hash: receipt.transactionHash,
      kind: isService ? 'service' : 'jobs',
      vouchers: batch.length,
      gasUsed: receipt.gasUsed,
      burnt,
      skipped: skipped.map(({ payer }) => payer.toLowerCase() as Hex),
    }
  }
}

function keyOf(payer: Hex, provider: Hex): string {
  return `${payer}/${provider}`.toLowerCase()
}
