/** The report of the main job: what `npm start -- --once --json` prints. Amounts are wei. */
import type { Hex } from 'viem'

export interface StateAt {
  state: string
  /** Milliseconds after the order was signed. */
  atMs: number
}

/** One bid of the auction and what became of it; score and price are null when it did not count. */
export interface BidReport {
  /** Owner address; the name of a provider everywhere (SCHEMAS "Names"). */
  provider: Hex
  owner: Hex
  score: bigint | null
  /** For the whole job, wei. */
  price: bigint | null
  won: boolean
  reason: string
}

/** A provider that was awarded, with the sum of its receipts and how fast it was. */
export interface WinnerReport {
  provider: Hex
  segment: number
  paid: bigint
  /** Tokens that it drew for this answer. */
  tokens: number
  /** As the client saw it: its tokens by the time from the award to the last receipt, vouchers included. */
  tokensPerSecond: number | null
  /** As its engine counted it: tokens by the time of the runs that drew them; null when nobody asked the engine. */
  engineTokensPerSecond: number | null
}

/** One job. What only an auction has is null on the direct lane. */
export interface JobReport {
  kind: 'stream' | 'redundant'
  jobId: Hex
  prompt: string
  text: string
  tokens: number
  lane: 'direct' | 'auction'
  mode: number
  replicas: number
  /** Owner of the seat whose match was used. */
  seat: Hex | null
  epoch: number | null
  turn: number | null
  bids: BidReport[] | null
  winners: WinnerReport[]
  /** Whether all answers were equal; of one provider there is nothing else. */
  agreed: boolean
  states: StateAt[]
  auctionMs: number | null
  ttftMs: number
  totalMs: number
  maxPrice: bigint
  paid: bigint
  unspent: bigint
  /** What the seat got for matching; beside `paid`, from the payer's service allotment. */
  seatFee: bigint
}

/** One transaction that redeemed vouchers. */
export interface SettlementTx {
  hash: Hex
  /** Vouchers of channels, or service vouchers. */
  kind: 'jobs' | 'service'
  /** How many providers it redeemed for: of the relay's one, all that reached it in time. */
  providers: number
  vouchers: number
  gasUsed: number
}

export interface SettlementReport {
  txs: SettlementTx[]
  /** Gas of all transactions by their vouchers; null when nothing was redeemed. */
  gasPerVoucher: number | null
  /** 1 % of what was redeemed, wei: it left the supply. */
  burnt: bigint
}

export interface MainJobReport {
  peers: { name: string; pid: number; peerId: string | null; address: string | null }[]
  model: { name: string; modelId: Hex; cid: string }
  jobs: JobReport[]
  settlement: SettlementReport
  balances: { before: Record<Hex, bigint>; after: Record<Hex, bigint> }
  chainTxDuringJobs: number
}
