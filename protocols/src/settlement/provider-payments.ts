/** The provider's side of channels: takes vouchers it can redeem, counts receipts, survives crashes. */
import type { Hex, SignedVoucher, VoucherFrame } from '@duckmesh/proto'
import type { Crypto, Logger, NetworkIdentity } from '../components.ts'
import type { ProviderPayments, SegmentKey } from '../dispatch/index.ts'
import { DuckMeshError, toDuckMeshError } from '../errors.ts'
import { recoverStruct } from '../signed-struct.ts'
import { ChannelBook } from './channel-book.ts'
import type { SettlementPort } from './interface.ts'
import { closeAll, closeReservation, creditOf, raiseTo, reservationOf } from './ledger.ts'
import { reserve, restoreVoucher, spentOf, useReserved } from './ledger.ts'
import type { ChannelKey, ChannelRow, LedgerStore } from './store.ts'

export interface ProviderPaymentsComponents {
  crypto: Crypto
  ledger: LedgerStore
  logger: Logger
  network: NetworkIdentity
  port: SettlementPort
  /** Owner address of this provider. */
  provider: Hex
}

export class ProviderChannels implements ProviderPayments {
  readonly #components: ProviderPaymentsComponents
  readonly #book: ChannelBook

  constructor(components: ProviderPaymentsComponents) {
    this.#components = components
    this.#book = new ChannelBook(components.ledger)
  }

  /** After a restart no segment runs: what was receipted stays earned, the rest is credit of the payer. */
  async recover(): Promise<void> {
    const { ledger } = this.#components
    for (const row of await ledger.listChannels()) {
      if (row.open.length > 0) await ledger.saveChannel(closeAll(row), 'durable')
    }
  }

  /** Rule S-5. Resolves when the voucher is booked; it is on disk within a group commit. */
  async accept(frame: VoucherFrame): Promise<bigint> {
    const { payer } = frame.voucher.voucher
    const row = await this.#book.change(this.#key(payer), 'lazy', async (before) => {
      await this.#check(before, frame)
      return reserve(before, frame, frame.amount, frame.voucher)
    })
    return reservationOf(row, frame).prepaid
  }

  receipted(payer: Hex, jobId: Hex, segment: number, amount: bigint): Promise<void> {
    return this.#change(payer, (row) => useReserved(row, { jobId, segment }, amount))
  }

  close(payer: Hex, jobId: Hex, segment: number): Promise<void> {
    const key: SegmentKey = { jobId, segment }
    return this.#change(payer, (row) => closeReservation(row, key))
  }

  async standing(payer: Hex): Promise<{ lastVoucher?: SignedVoucher; due: bigint }> {
    const row = await this.#book.read(this.#key(payer))
    // Running segments count in full: what they leave over is known only at their end (rule S-7).
    const due = spentOf(row)
    return row.voucher === undefined ? { due } : { lastVoucher: row.voucher, due }
  }

  /**
   * Restores from the payer's hello what our last writes lost: a higher voucher, and the sum of receipts
   * that the payer says it has (rule S-8). A voucher that is not redeemable is ignored.
   */
  async adopt(payer: Hex, voucher: SignedVoucher | undefined, due = 0n): Promise<void> {
    await this.#book.change(this.#key(payer), 'durable', async (row) => {
      const higher = (await this.#isRedeemable(row, voucher)) ? voucher : undefined
      // What runs is still being counted.
      return row.open.length > 0 ? raiseTo(row, higher) : restoreVoucher(row, higher, due)
    })
  }

  /** What the chain has paid out to this channel by now. */
  async redeemed(payer: Hex, redeemed: bigint): Promise<void> {
    await this.#book.change(this.#key(payer), 'durable', (row) =>
      row.redeemed === redeemed ? row : { ...row, redeemed },
    )
  }

  #key(payer: Hex): ChannelKey {
    return { payer, provider: this.#components.provider }
  }

  async #change(payer: Hex, change: (row: ChannelRow) => ChannelRow): Promise<void> {
    await this.#book.change(this.#key(payer), 'lazy', change)
  }

  async #isRedeemable(row: ChannelRow, voucher: SignedVoucher | undefined): Promise<boolean> {
    if (voucher === undefined || voucher.voucher.cumulative <= row.paid) return false
    const { crypto, logger, network } = this.#components
    const { payer, provider, cumulative, epoch } = voucher.voucher
    if (payer !== row.payer || provider !== row.provider || epoch !== 0) return false
    if (recoverStruct(crypto, network, 'Voucher', voucher.voucher, voucher.signature) !== payer) {
      return false
    }
    try {
      await this.#checkCovered(payer, cumulative)
      return true
    } catch (error) {
      logger.warn('voucher of the hello not taken', { code: toDuckMeshError(error).code })
      return false
    }
  }

  async #check(row: ChannelRow, frame: VoucherFrame): Promise<void> {
    const { crypto, network, provider } = this.#components
    const { voucher, signature } = frame.voucher
    const refuse = (what: string): never => {
      throw new DuckMeshError('VOUCHER_INVALID', what, { jobId: frame.jobId })
    }
    if (voucher.provider !== provider || voucher.epoch !== 0)
      refuse('The voucher is for another channel.')
    const raise = voucher.cumulative > row.paid ? voucher.cumulative - row.paid : 0n
    if (frame.amount > creditOf(row) + raise) {
      refuse('The voucher does not raise the channel by the amount it names.')
    }
    if (raise === 0n) return
    if (recoverStruct(crypto, network, 'Voucher', voucher, signature) !== voucher.payer) {
      refuse('The voucher is not signed by its payer.')
    }
    await this.#checkCovered(voucher.payer, voucher.cumulative)
  }

  async #checkCovered(payer: Hex, cumulative: bigint): Promise<void> {
    const { port, provider } = this.#components
    const { allotted, thawing } = await port.channel(payer, provider)
    if (cumulative > allotted - thawing) {
      throw new DuckMeshError(
        'ALLOTMENT_EXCEEDED',
        'The voucher is above what the channel can pay.',
        {
          details: { need: cumulative, allotted: allotted - thawing },
        },
      )
    }
  }
}
