/** Turns held service vouchers into earnings on chain; safe to run at any time and again (rule S-16). */
import type { Hex } from '@duckmesh/proto'
import type { Logger } from '../components.ts'
import type { Redemption, ServicePort } from './interface.ts'
import { redeemRows } from './redeem-rows.ts'
import type { ServiceEarnings } from './service-earnings.ts'
import type { ServiceStore } from './store.ts'

export interface ServiceRedeemerComponents {
  /** Where the result is booked, in step with vouchers that come in meanwhile. */
  earnings: Pick<ServiceEarnings, 'redeemed'>
  logger: Logger
  port: ServicePort
  provider: Hex
  services: ServiceStore
}

export class ServiceRedeemer {
  readonly #components: ServiceRedeemerComponents
  #running: Promise<Redemption[]> | null = null

  constructor(components: ServiceRedeemerComponents) {
    this.#components = components
  }

  /** As `Redeemer.redeem`, for the fees of all payers of at least `minGain` wei. */
  redeem(minGain = 1n): Promise<Redemption[]> {
    this.#running ??= this.#run(minGain).finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #run(minGain: bigint): Promise<Redemption[]> {
    const { earnings, logger, port, provider, services } = this.#components
    const rows = await services.listServices()
    const own = rows.filter((row) => row.provider === provider)
    return redeemRows(own, minGain, {
      logger,
      send: (vouchers) => port.finalizeService(provider, vouchers),
      redeemedOf: async (payer) => (await port.service(payer, provider)).redeemedBy,
      book: (payer, redeemed) => earnings.redeemed(payer, redeemed),
    })
  }
}
