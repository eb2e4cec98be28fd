/** Turns held vouchers into earnings on chain, in batches; safe to run at any time and again. */
import type { Hex } from '@duckmesh/proto'
import type { Logger } from '../components.ts'
import type { Redemption, SettlementPort } from './interface.ts'
import type { ProviderChannels } from './provider-payments.ts'
import { redeemRows } from './redeem-rows.ts'
import type { LedgerStore } from './store.ts'

export interface RedeemerComponents {
  ledger: LedgerStore
  /** Where the result is booked, in step with vouchers that come in meanwhile. */
  channels: Pick<ProviderChannels, 'redeemed'>
  logger: Logger
  port: SettlementPort
  provider: Hex
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
    const { channels, ledger, logger, port, provider } = this.#components
    return redeemRows(await ledger.listChannels(), minGain, {
      logger,
      send: (vouchers) => port.redeem(provider, vouchers),
      redeemedOf: async (payer) => (await port.channel(payer, provider)).redeemed,
      book: (payer, redeemed) => channels.redeemed(payer, redeemed),
    })
  }
}
