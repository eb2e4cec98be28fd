/** A running peer as its process, a test or a launcher sees it. */
import type { Hex } from '@duckmesh/protocols'
import type { JobState } from '@duckmesh/protocols/dispatch'
import type { Redemption } from '@duckmesh/protocols/settlement'
import type { ModelInfo } from '../engine/index.ts'

/** A segment that entered a state; what status lines and metrics are made of. */
export interface SegmentNotice {
  jobId: Hex
  segment: number
  payer: Hex
  state: JobState
}

export interface PeerStatus {
  peerId: string
  addresses: string[]
  connectedPeers: number
  /** Owner address under which this peer serves. */
  provider: Hex
  operator: Hex
  models: ModelInfo[]
  inFlight: number
  slots: number
  /** Wei in vouchers that the chain has not paid yet. */
  unredeemed: bigint
}

export interface RunningPeer {
  status(): Promise<PeerStatus>
  /** Redeems what is held now. Resolves to the transactions. */
  redeem(): Promise<Redemption[]>
  /** Takes no more jobs, ends what runs, keeps every voucher, leaves the mesh. */
  stop(): Promise<void>
}
