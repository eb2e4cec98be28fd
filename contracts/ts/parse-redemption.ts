import { isAddressEqual, parseEventLogs, toFunctionSelector, type Address, type Log } from 'viem'
import { jobMarketAbi } from './abi/job-market.ts'
import type { WithAddresses } from './interface.ts'

/**
 * A voucher that paid nothing, and the name of the error it would have met alone; with `RedemptionLimitReached` it
 * may have paid in part. Either way what it did not pay stays good.
 */
export interface SkippedVoucher {
  provider: Address
  payer: Address
  /** its place in the batch of its provider, from 0 */
  index: number
  reason: string
}

/** A group of `finalizeMany` of which no voucher was looked at. */
export interface SkippedGroup {
  provider: Address
  /** its place among the groups, from 0 */
  index: number
  reason: string
}

/** What one transaction redeemed; amounts in wei. */
export interface Redemption {
  /** what the vouchers paid: the payers have less by it */
  paid: bigint
  /** what of it is gone for good; the providers and the relayer earned `paid - burnt` */
  burnt: bigint
  /** what of it the sender took for redeeming */
  fees: bigint
  /** how many vouchers paid */
  vouchers: number
  skipped: readonly SkippedVoucher[]
  skippedGroups: readonly SkippedGroup[]
}

export interface ParseRedemptionParameters extends WithAddresses {
  /** the logs of a transaction receipt */
  logs: Log[]
}

/** Reads from a receipt what `finalizeJob`, `finalizeJobs`, `finalizeMany` or `finalizeService` did. */
export function parseRedemption({ addresses, logs }: ParseRedemptionParameters): Redemption {
  const own = logs.filter(({ address }) => isAddressEqual(address, addresses.market))
  const sums = { paid: 0n, burnt: 0n, fees: 0n, vouchers: 0 }
  const skipped: SkippedVoucher[] = []
  const skippedGroups: SkippedGroup[] = []
  for (const { eventName, args } of parseEventLogs({ abi: jobMarketAbi, logs: own })) {
    if (eventName === 'JobFinalized' || eventName === 'ServiceFinalized') {
      sums.paid += args.total
      sums.burnt += args.burnt
      sums.vouchers += Number(args.vouchers)
    } else if (eventName === 'RelayerPaid') {
      sums.fees += args.fee
    } else if (eventName === 'VoucherSkipped') {
      const { provider, payer, index, reason } = args
      skipped.push({ provider, payer, index: Number(index), reason: nameOf(reason) })
    } else if (eventName === 'GroupSkipped') {
      const { provider, index, reason } = args
      skippedGroups.push({ provider, index: Number(index), reason: nameOf(reason) })
    }
  }
  return { ...sums, skipped, skippedGroups }
}

const names = new Map(
  jobMarketAbi
    .filter((entry) => entry.type === 'error')
    .map(({ name, inputs }) => {
      const types = inputs.map(({ type }) => type).join(',')
      return [toFunctionSelector(`${name}(${types})`), name] as const
    }),
)

const nameOf = (selector: `0x${string}`): string => names.get(selector) ?? selector
