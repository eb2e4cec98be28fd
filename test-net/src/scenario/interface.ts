/** What scenarios report: `npm start -- --scenario NAME --json`. */
import type { Address, Hash, Hex } from 'viem'

/** Where something goes to be read by people. */
export interface LinePrinter {
  line: (text?: string) => void
}

/** Wei before and after. */
export interface Change {
  before: bigint
  after: bigint
}

/** A provider that signed two receipts for one step, and what became of it. */
export interface EquivocationReport {
  scenario: 'equivocation'
  /** the owner whose operator signed twice */
  provider: Address
  jobId: Hex
  /** how the job ended at that provider */
  clientSaw: string
  /** as the chain names it */
  faultId: Hex
  /** the operator of another peer, which brought the proof to the chain by itself */
  reporter: Address
  proofTx: Hash
  gasUsed: number
  /** how many peers keep the proof, and by how many transactions it was sent */
  peers: number
  transactions: number
  /** what the contract answers to the same proof once more, and to a pay-out before the lock is over */
  refusals: { again: string; early: string }
  stake: Change
  /** wei, taken from the stake and held until the lock was over */
  held: bigint
  payOutTx: Hash
  /** wallets, and all DUCK there is */
  paidOut: { reporter: Change; client: Change; supply: Change }
}
