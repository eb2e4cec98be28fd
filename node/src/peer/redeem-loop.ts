/** Redeems vouchers by policy: after a time, or sooner when many channels have something or a payer takes money back. */
import { toDuckMeshError } from '@duckmesh/protocols'
import type { Clock, Logger } from '@duckmesh/protocols'
import { redeemable } from '@duckmesh/protocols/settlement'
import type {
  ChannelRow,
  LedgerStore,
  Redemption,
  ServiceStore,
  SettlementPort,
} from '@duckmesh/protocols/settlement'

/** How often the policy looks, ms; a third of the shortest thaw of a network (SCHEMAS "Durations"). */
const LOOK_MS = 10_000
/** And at most this often, ms, however short the policy's time is. */
const MIN_LOOK_MS = 500

export interface RedeemLoopComponents {
  clock: Clock
  ledger: LedgerStore
  services: Pick<ServiceStore, 'listServices'>
  logger: Logger
  port: Pick<SettlementPort, 'channel'>
  redeemer: { redeem(): Promise<Redemption[]> }
}

export interface RedeemPolicy {
  /** Longest time that a voucher stays unredeemed, ms. */
  afterMs: number
  /** Or as soon as this many channels have one. */
  minVouchers: number
}

export class RedeemLoop {
  readonly #components: RedeemLoopComponents
  readonly #policy: RedeemPolicy
  /** Since when something waits, ms since 1970; null when nothing does. */
  #waitingSince: number | null = null
  #running = false
  #cancelTimer: () => void = () => undefined

  constructor(components: RedeemLoopComponents, policy: RedeemPolicy) {
    this.#components = components
    this.#policy = policy
  }

  start(): void {
    this.#running = true
    this.#schedule()
  }

  stop(): void {
    this.#running = false
    this.#cancelTimer()
  }

  #schedule(): void {
    if (!this.#running) return
    const pause = Math.min(LOOK_MS, Math.max(this.#policy.afterMs, MIN_LOOK_MS))
    this.#cancelTimer = this.#components.clock.after(pause, () => {
      void this.#look().finally(() => {
        this.#schedule()
      })
    })
  }

  async #look(): Promise<void> {
    const { clock, ledger, logger, redeemer, services } = this.#components
    try {
      const waiting = redeemable(await ledger.listChannels())
      const fees = redeemable(await services.listServices())
      if (waiting.length + fees.length === 0) {
        this.#waitingSince = null
        return
      }
      this.#waitingSince ??= clock.now()
      const old = clock.now() - this.#waitingSince >= this.#policy.afterMs
      const enough = old || waiting.length + fees.length >= this.#policy.minVouchers
      if (!enough && !(await this.#anyUncovered(waiting))) return
      const redemptions = await redeemer.redeem()
      this.#waitingSince = null
      for (const { hash, vouchers, gasUsed, relayFee } of redemptions) {
        const relayed = relayFee === undefined ? {} : { relayFee: `${relayFee}` }
        logger.info('vouchers.redeemed', { hash, vouchers, gasUsed: `${gasUsed}`, ...relayed })
      }
    } catch (error) {
      logger.warn('vouchers.not_redeemed', { code: toDuckMeshError(error).code })
    }
  }

  /**
   * Rule S-10: whether a payer takes back what a held voucher needs; it is gone when the thaw ends. One that
   * leaves the vouchers covered is no reason: else a wei taken back would cost the provider a transaction.
   */
  async #anyUncovered(rows: readonly ChannelRow[]): Promise<boolean> {
    const { port } = this.#components
    const looks = rows.map(async ({ paid, payer, provider }) => {
      const { allotted, thawing } = await port.channel(payer, provider)
      return thawing > 0n && paid > allotted - thawing
    })
    return (await Promise.all(looks)).includes(true)
  }
}
