import { isAddressEqual, parseEventLogs, toFunctionSelector, type Address, type Log } from 'viem'
import { jobMarketAbi } from './abi/job-market.ts'
import type { WithAddresses } from './interface.ts'

/** A voucher that paid nothing, and the name of the error it would have met alone. */
export interface SkippedVoucher {
  provider: Address
  payer: Address
  /** its place in the batch, from 0 */
  index: number
  reason: string
}

/** What one transaction redeemed. */
export interface Redemption {
  /** wei */
  total: bigint
  /** how many vouchers paid */
  vouchers: number
  skipped: readonly SkippedVoucher[]
}

export interface ParseRedemptionParameters extends WithAddresses {
  /** the logs of a transaction receipt */
  logs: Log[]
}

/** Reads from a receipt what `finalizeJob` or `finalizeJobs` did. */
export function parseRedemption({ addresses, logs }: ParseRedemptionParameters): Redemption {
  const own = logs.filter(({ address }) => isAddressEqual(address, addresses.market))
  const redemption = { total: 0n, vouchers: 0, skipped: [] as SkippedVoucher[] }
  for (const { eventName, args } of parseEventLogs({ abi: jobMarketAbi, logs: own })) {
    if (eventName === 'JobFinalized') {
      redemption.total += args.total
      redemption.vouchers += Number(args.vouchers)
    } else if (eventName === 'VoucherSkipped') {
      const { provider, payer, index, reason } = args
      redemption.skipped.push({ provider, payer, index: Number(index), reason: nameOf(reason) })
    }
  }
  return redemption
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
