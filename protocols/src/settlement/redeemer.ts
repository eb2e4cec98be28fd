/** Turns held vouchers into earnings on chain, in batches; safe to run at any time and again. */
import type { Hex } from '@duckmesh/proto'
import type { Logger } from '../components.ts'
import { toDuckMeshError } from '../errors.ts'
import type { Redemption, SettlementPort } from './interface.ts'
import type { ProviderChannels } from './provider-payments.ts'
import type { ChannelRow, LedgerStore } from './store.ts'

export interface RedeemerComponents {
  ledger: LedgerStore
  /** Where the result is booked, in step with vouchers that come in meanwhile. */
  channels: Pick<ProviderChannels, 'redeemed'>
  logger: Logger
  port: SettlementPort
  provider: Hex
}

/** Channels whose voucher is above what the chain has paid, highest gain first. Pure. */
export function redeemable(rows: readonly ChannelRow[]): ChannelRow[] {
  return rows
    .filter((row) => row.voucher !== undefined && row.paid > row.redeemed)
    .sort((a, b) => Number(b.paid - b.redeemed - (a.paid - a.redeemed)))
}

export class Redeemer {
  readonly #components: RedeemerComponents
  #running: Promise<Redemption[]> | null = null

  constructor(components: RedeemerComponents) {
    this.#components = components
  }

  /**
   * Redeems every channel that gains at least `minGain` wei. Concurrent calls share one run.
   * Resolves to the transactions, none when there is nothing to do. Rejects with CHAIN_* codes; then
   * the vouchers stay held.
   */
  redeem(minGain = 1n): Promise<Redemption[]> {
    this.#running ??= this.#run(minGain).finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #run(minGain: bigint): Promise<Redemption[]> {
    const { ledger, port, provider } = this.#components
    const rows = redeemable(await ledger.listChannels()).filter(
      (row) => row.paid - row.redeemed >= minGain,
    )
    const vouchers = rows.flatMap((row) => (row.voucher === undefined ? [] : [row.voucher]))
    if (vouchers.length === 0) return []
    const redemptions = await port.redeem(provider, vouchers)
    for (const row of rows) await this.#book(row).catch((error: unknown) => this.#notRead(error))
    return redemptions
  }

  /** Reads back what the chain paid, so that a skipped voucher is seen and tried again later. */
  async #book(row: ChannelRow): Promise<void> {
    const { channels, logger, port, provider } = this.#components
    const { redeemed } = await port.channel(row.payer, provider)
    if (redeemed < row.paid)
      logger.warn('voucher not redeemed in full', { redeemed, held: row.paid })
    await channels.redeemed(row.payer, redeemed)
  }

  /** The money is out; what the chain shows is read again at the next run. */
  #notRead(error: unknown): void {
    this.#components.logger.warn('redemption not read back', { code: toDuckMeshError(error).code })
  }
}
