/** What settlement keeps on disk: one row per channel, on the provider and on the client. */
import type { Hex, SignedServiceVoucher, SignedVoucher } from '@duckmesh/proto'
import type { Durability } from '../dispatch/store.ts'

/** Channels are keyed (payer, provider); `provider` is the owner address (SCHEMAS "Names"). */
export interface ChannelKey {
  payer: Hex
  provider: Hex
}

/** What one unfinished segment holds of its channel; wei. */
export interface OpenReservation {
  jobId: Hex
  segment: number
  /** Sum of voucher amounts that belong to the segment, credit included. */
  prepaid: bigint
  /** Sum of its receipts' amounts. */
  used: bigint
}

/** The accounting of one channel; all amounts in wei. */
export interface ChannelRow extends ChannelKey {
  /** Highest cumulative amount signed by the payer. */
  paid: bigint
  /** Sum of amounts of segments that are closed. */
  settled: bigint
  open: readonly OpenReservation[]
  /** The signed voucher for `paid`; absent before the first one. */
  voucher?: SignedVoucher
  /** Cumulative amount the chain has paid out, as last seen. */
  redeemed: bigint
}

/** The book of channels. Every method rejects with a `DuckMeshError` of stage `store` when the disk fails. */
export interface LedgerStore {
  loadChannel(key: ChannelKey): Promise<ChannelRow | undefined>
  /** Replaces the whole row in one transaction. */
  saveChannel(row: ChannelRow, level: Durability): Promise<void>
  /** All rows, ordered by payer and provider. */
  listChannels(): Promise<ChannelRow[]>
}

/** What one payer owes one seat or verifier for its service, over all jobs; amounts in wei. */
export interface ServiceRow extends ChannelKey {
  /** Highest cumulative amount signed by the payer. */
  paid: bigint
  /** Sum of the fees that `paid` is for; below it when a voucher of a later job came first. */
  due: bigint
  /** The signed voucher for `paid`; absent before the first one. */
  voucher?: SignedServiceVoucher
  /** Cumulative amount the chain has paid out to this provider, as last seen. */
  redeemed: bigint
}

/** The book of service fees. Every method rejects with a `DuckMeshError` of stage `store` when the disk fails. */
export interface ServiceStore {
  loadService(key: ChannelKey): Promise<ServiceRow | undefined>
  /** Replaces the whole row in one transaction. */
  saveService(row: ServiceRow, level: Durability): Promise<void>
  /** All rows, ordered by payer and provider. */
  listServices(): Promise<ServiceRow[]>
}
