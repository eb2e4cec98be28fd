import { isAddressEqual, parseEventLogs, type Address, type Hex, type Log } from 'viem'
import { jobDisputesAbi } from './abi/job-disputes.ts'
import type { WithOversight } from './interface.ts'

/** A dispute as its opening tells. */
export interface OpenedDispute {
  disputeId: Hex
  provider: Address
  challenger: Address
  jobId: Hex
  receiptHash: Hex
  modelId: Hex
  /** what the provider would lose, wei */
  amount: bigint
  /** from when on referees can be entered, unix seconds */
  drawAt: bigint
  reason: string
}

export interface ParseDisputeParameters extends WithOversight {
  logs: Log[]
}

/** Reads the disputes that a transaction or a range of blocks opened. */
export function parseDispute({ oversight, logs }: ParseDisputeParameters): OpenedDispute[] {
  const own = logs.filter(({ address }) => isAddressEqual(address, oversight.disputes))
  const parsed = parseEventLogs({ abi: jobDisputesAbi, logs: own, eventName: 'DisputeOpened' })
  return parsed.map(({ args }) => args)
}
