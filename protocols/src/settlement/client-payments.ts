/** The payer's side of channels: signs vouchers ahead of steps, never above what is allotted. */
import type { Hex, SignedVoucher, Voucher, VoucherFrame } from '@duckmesh/proto'
import type { Crypto, NetworkIdentity, Signer } from '../components.ts'
import type { ClientPayments, SegmentKey } from '../dispatch/index.ts'
import { DuckMeshError } from '../errors.ts'
import { recoverStruct, signStruct } from '../signed-struct.ts'
import { ChannelBook } from './channel-book.ts'
import type { SettlementPort } from './interface.ts'
import { adoptVoucher, closeReservation, cumulativeFor, dueOf } from './ledger.ts'
import { raiseTo, reserve, useReserved } from './ledger.ts'
import type { ChannelKey, ChannelRow, LedgerStore } from './store.ts'

export interface ClientPaymentsComponents {
  crypto: Crypto
  ledger: LedgerStore
  network: NetworkIdentity
  port: SettlementPort
  signer: Signer
}

export class ClientChannels {
  readonly #components: ClientPaymentsComponents
  readonly #book: ChannelBook
  /** Segments that run now; other open reservations await the provider's hello (rule S-7). */
  readonly #running = new Set<string>()
  /** By provider, what the chain last showed as covered: it shrinks only by a release that both sides see. */
  readonly #covered = new Map<Hex, bigint>()

  constructor(components: ClientPaymentsComponents) {
    this.#components = components
    this.#book = new ChannelBook(components.ledger)
  }

  /** The port of dispatch to one provider's channel. */
  paymentsTo(provider: Hex): ClientPayments {
    return {
      pay: (jobId, segment, amount) => this.#pay(provider, { jobId, segment }, amount),
      receipted: (jobId, segment, amount) =>
        this.#change(provider, (row) => useReserved(row, { jobId, segment }, amount)),
      close: (jobId, segment) => this.#close(provider, { jobId, segment }),
      leave: async (jobId, segment) => {
        this.#running.delete(nameOf(provider, { jobId, segment }))
      },
    }
  }

  /**
   * Whether `amount` wei may be reserved for a new step at best: with everything back that runs or is in doubt, as the
   * provider's hello may tell (rule S-7). Rejects with CHAIN_UNREACHABLE.
   */
  async mayCover(provider: Hex, amount: bigint): Promise<boolean> {
    const { port, signer } = this.#components
    const row = await this.#book.read(this.#key(provider))
    const { allotted, thawing } = await port.channel(signer.address, provider)
    return dueOf(row) + amount <= allotted - thawing
  }

  /** For the hello: the last voucher signed for a provider, and the sum of its receipts. */
  async standing(provider: Hex): Promise<{ lastVoucher?: SignedVoucher; due: bigint }> {
    const row = await this.#book.read(this.#key(provider))
    const due = dueOf(row)
    return row.voucher === undefined ? { due } : { lastVoucher: row.voucher, due }
  }

  /**
   * Learns from a provider's hello what this payer signed earlier, for example on a fresh store, and what
   * became of steps that were paid and never receipted (rule S-7). A hello with a voucher that this payer
   * did not sign is ignored.
   */
  async adopt(provider: Hex, voucher: SignedVoucher | undefined, due: bigint): Promise<void> {
    this.#covered.delete(provider)
    if (voucher !== undefined && !this.#isMine(provider, voucher)) return
    await this.#change(provider, (row) => {
      const runs = row.open.some((one) => this.#running.has(nameOf(provider, one)))
      // What runs is still being counted; the next hello tells about the rest.
      return runs ? raiseTo(row, voucher) : adoptVoucher(row, voucher, due)
    })
  }

  #isMine(provider: Hex, { voucher, signature }: SignedVoucher): boolean {
    const { crypto, network, signer } = this.#components
    const { payer, provider: named, epoch } = voucher
    if (payer !== signer.address || named !== provider || epoch !== 0) return false
    return recoverStruct(crypto, network, 'Voucher', voucher, signature) === payer
  }

  #key(provider: Hex): ChannelKey {
    return { payer: this.#components.signer.address, provider }
  }

  async #change(provider: Hex, change: (row: ChannelRow) => ChannelRow): Promise<void> {
    await this.#book.change(this.#key(provider), 'lazy', change)
  }

  #close(provider: Hex, key: SegmentKey): Promise<void> {
    this.#running.delete(nameOf(provider, key))
    return this.#change(provider, (row) => closeReservation(row, key))
  }

  /** Rule S-4: covered by the allotment, signed, on disk, then handed to be sent. */
  async #pay(provider: Hex, key: SegmentKey, amount: bigint): Promise<VoucherFrame> {
    this.#running.add(nameOf(provider, key))
    const after = await this.#book.change(this.#key(provider), 'durable', async (row) => {
      const cumulative = cumulativeFor(row, amount)
      if (cumulative > row.paid) await this.#checkCovered(provider, cumulative)
      return reserve(row, key, amount, await this.#signed(row, cumulative))
    })
    // A channel on which nothing was paid keeps no voucher; one over its total, 0, is shown for a free step.
    const voucher = after.voucher ?? (await this.#signed(after, after.paid))
    return { ...key, amount, voucher }
  }

  /** Asks the chain only when the amount is above what it last showed, so most steps wait for nobody. */
  async #checkCovered(provider: Hex, cumulative: bigint): Promise<void> {
    if (cumulative <= (this.#covered.get(provider) ?? 0n)) return
    const { port, signer } = this.#components
    const { allotted, thawing } = await port.channel(signer.address, provider)
    const covered = allotted - thawing
    this.#covered.set(provider, covered)
    if (cumulative <= covered) return
    const what = 'The channel to this provider does not cover the next step.'
    const details = { need: cumulative, allotted: covered, provider }
    throw new DuckMeshError('BALANCE_INSUFFICIENT', what, { details })
  }

  async #signed(row: ChannelRow, cumulative: bigint): Promise<SignedVoucher> {
    if (row.voucher !== undefined && row.voucher.voucher.cumulative === cumulative)
      return row.voucher
    const { network, signer } = this.#components
    const voucher: Voucher = { payer: row.payer, provider: row.provider, cumulative, epoch: 0 }
    return { voucher, signature: await signStruct(signer, network, 'Voucher', voucher) }
  }
}

function nameOf(provider: Hex, { jobId, segment }: SegmentKey): string {
  return `${provider}:${jobId}:${segment}`
}
