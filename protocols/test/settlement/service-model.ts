/** The chain's service allotments as a model, and a store of service rows in memory. */
import type { Hex, SignedServiceVoucher } from '@duckmesh/proto'
import { DuckMeshError } from '../../src/errors.ts'
import type { ChannelKey, ChainService, Redemption } from '../../src/settlement/index.ts'
import type { ServicePort, ServiceRow, ServiceStore } from '../../src/settlement/index.ts'
import { recoverStruct } from '../../src/signed-struct.ts'
import { TEST_NETWORK, testCrypto } from '../support/test-crypto.ts'

export class ModelServicePort implements ServicePort {
  readonly allotments = new Map<Hex, { allotted: bigint; thawing: bigint }>()
  /** Wei redeemed, by payer and provider. */
  readonly redeemed = new Map<string, bigint>()
  /** Batches sent. */
  readonly batches: (readonly SignedServiceVoucher[])[] = []
  reads = 0
  unreachable = false
  /** Payers whose voucher the contract skips. */
  readonly skip = new Set<Hex>()

  allot(payer: Hex, allotted: bigint, thawing = 0n): void {
    this.allotments.set(payer, { allotted, thawing })
  }

  async service(payer: Hex, provider: Hex): Promise<ChainService> {
    this.reads += 1
    await Promise.resolve()
    if (this.unreachable) throw new DuckMeshError('CHAIN_UNREACHABLE', 'No answer.')
    const { allotted, thawing } = this.allotments.get(payer) ?? { allotted: 0n, thawing: 0n }
    const redeemedBy = this.redeemed.get(`${payer}:${provider}`) ?? 0n
    return { allotted, thawing, redeemed: this.#redeemedOf(payer), redeemedBy }
  }

  async finalizeService(
    provider: Hex,
    vouchers: readonly SignedServiceVoucher[],
  ): Promise<Redemption[]> {
    await Promise.resolve()
    if (this.unreachable) throw new DuckMeshError('CHAIN_UNREACHABLE', 'No answer.')
    this.batches.push(vouchers)
    const skipped = vouchers.filter((voucher) => !this.#redeemOne(provider, voucher))
    const hash: Hex = `0x${this.batches.length.toString(16).padStart(64, '0')}`
    const payers = skipped.map(({ voucher }) => voucher.payer)
    const sums = { vouchers: vouchers.length, gasUsed: 50_000n, burnt: 0n }
    return [{ hash, kind: 'service', ...sums, skipped: payers }]
  }

  #redeemedOf(payer: Hex): bigint {
    const mine = [...this.redeemed].filter(([key]) => key.startsWith(`${payer}:`))
    return mine.reduce((sum, [, amount]) => sum + amount, 0n)
  }

  #redeemOne(provider: Hex, { voucher, signature }: SignedServiceVoucher): boolean {
    const { payer, cumulative } = voucher
    const key = `${payer}:${provider}`
    const signer = recoverStruct(testCrypto, TEST_NETWORK, 'ServiceVoucher', voucher, signature)
    if (signer !== payer || voucher.provider !== provider || this.skip.has(payer)) return false
    const gain = cumulative - (this.redeemed.get(key) ?? 0n)
    const allotted = this.allotments.get(payer)?.allotted ?? 0n
    if (gain <= 0n || gain > allotted - this.#redeemedOf(payer)) return false
    this.redeemed.set(key, cumulative)
    return true
  }
}

export class MemoryServices implements ServiceStore {
  readonly rows = new Map<string, ServiceRow>()
  readonly levels: string[] = []
  failing = false

  async loadService({ payer, provider }: ChannelKey): Promise<ServiceRow | undefined> {
    await Promise.resolve()
    return this.rows.get(`${payer}:${provider}`)
  }

  async saveService(row: ServiceRow, level: string): Promise<void> {
    await Promise.resolve()
    if (this.failing) throw new DuckMeshError('STORE_CORRUPT', 'The disk is full.')
    this.levels.push(level)
    this.rows.set(`${row.payer}:${row.provider}`, row)
  }

  async listServices(): Promise<ServiceRow[]> {
    await Promise.resolve()
    return [...this.rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  }
}
