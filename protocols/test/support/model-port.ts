/** The chain as a model: allotments, redemptions with checked signatures, and failures on demand. */
import type { Hex, SignedVoucher } from '@duckmesh/proto'
import { DuckMeshError } from '../../src/errors.ts'
import type { ChainChannel, Redemption, SettlementPort } from '../../src/settlement/index.ts'
import { recoverStruct } from '../../src/signed-struct.ts'
import { TEST_NETWORK, testCrypto } from './test-crypto.ts'

export class ModelPort implements SettlementPort {
  readonly channels = new Map<string, ChainChannel>()
  /** Wei paid out, by provider. */
  readonly earned = new Map<Hex, bigint>()
  /** Calls of `channel`. */
  reads = 0
  /** Calls of `redeem`. */
  redeems = 0
  unreachable = false
  /** Payers whose voucher the contract skips. */
  readonly skip = new Set<Hex>()
  /** Waited for before anything is answered. */
  gate: Promise<void> | undefined

  allot(payer: Hex, provider: Hex, allotted: bigint, thawing = 0n): void {
    const { redeemed } = this.#of(payer, provider)
    this.channels.set(`${payer}:${provider}`, { allotted, redeemed, thawing })
  }

  async channel(payer: Hex, provider: Hex): Promise<ChainChannel> {
    this.reads += 1
    await this.gate
    if (this.unreachable) throw new DuckMeshError('CHAIN_UNREACHABLE', 'No answer.')
    return { ...this.#of(payer, provider) }
  }

  async redeem(provider: Hex, vouchers: readonly SignedVoucher[]): Promise<Redemption[]> {
    this.redeems += 1
    await this.gate
    if (this.unreachable) throw new DuckMeshError('CHAIN_UNREACHABLE', 'No answer.')
    const skipped = vouchers.filter((voucher) => !this.#redeemOne(provider, voucher))
    const hash: Hex = `0x${this.redeems.toString(16).padStart(64, '0')}`
    const payers = skipped.map(({ voucher }) => voucher.payer)
    const sums = { vouchers: vouchers.length, gasUsed: 50_000n, burnt: 0n }
    return [{ hash, kind: 'jobs', ...sums, skipped: payers }]
  }

  #of(payer: Hex, provider: Hex): ChainChannel {
    const none = { allotted: 0n, redeemed: 0n, thawing: 0n }
    return this.channels.get(`${payer}:${provider}`) ?? none
  }

  #redeemOne(provider: Hex, { voucher, signature }: SignedVoucher): boolean {
    const { payer, cumulative } = voucher
    const channel = this.#of(payer, provider)
    const signer = recoverStruct(testCrypto, TEST_NETWORK, 'Voucher', voucher, signature)
    if (signer !== payer || voucher.provider !== provider || this.skip.has(payer)) return false
    if (cumulative <= channel.redeemed || cumulative > channel.allotted) return false
    const gain = cumulative - channel.redeemed
    this.earned.set(provider, (this.earned.get(provider) ?? 0n) + gain)
    this.channels.set(`${payer}:${provider}`, { ...channel, redeemed: cumulative })
    return true
  }
}
