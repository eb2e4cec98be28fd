/** The report of the main job: what `npm start -- --once --json` prints. Amounts are wei. */
import type { Hex } from 'viem'

export interface StateAt {
  state: string
  /** Milliseconds after the order was signed. */
  atMs: number
}

/** One job. Fields of the auction and of redundant jobs are null on the direct lane. */
export interface JobReport {
  kind: 'stream' | 'redundant'
  jobId: Hex
  prompt: string
  text: string
  tokens: number
  lane: 'direct' | 'auction'
  mode: number
  replicas: number
  seat: null
  epoch: null
  turn: null
  bids: null
  winners: { provider: Hex; paid: bigint }[]
  agreed: null
  states: StateAt[]
  auctionMs: null
  ttftMs: number
  totalMs: number
  maxPrice: bigint
  paid: bigint
  unspent: bigint
}

export interface SettlementReport {
  txs: { hash: Hex; vouchers: number; gasUsed: number }[]
  /** Gas of all transactions by their vouchers; null when nothing was redeemed. */
  gasPerVoucher: number | null
}

export interface MainJobReport {
  peers: { name: string; pid: number; peerId: string | null; address: string | null }[]
  model: { name: string; modelId: Hex; cid: string }
  jobs: JobReport[]
  settlement: SettlementReport
  balances: { before: Record<Hex, bigint>; after: Record<Hex, bigint> }
  chainTxDuringJobs: number
}
