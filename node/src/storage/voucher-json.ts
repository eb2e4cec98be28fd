/** Signed vouchers in JSON columns: amounts are decimal text, everything else is what it is. */
import type { Hex } from 'viem'

interface Signed {
  voucher: { cumulative: bigint }
  signature: Hex
}

/** For `JSON.stringify`; the only bigints in the JSON columns are amounts. */
export function amountsAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

/** What a column holds for a voucher, null for none. */
export function voucherToJson(voucher: Signed | undefined): string | null {
  return voucher === undefined ? null : JSON.stringify(voucher, amountsAsText)
}

/** The voucher of a column that `voucherToJson` wrote; of which kind it is, the caller knows by its table. */
export function voucherFromJson(json: string): unknown {
  const { voucher, signature } = JSON.parse(json) as {
    voucher: { cumulative: string }
    signature: Hex
  }
  return { voucher: { ...voucher, cumulative: BigInt(voucher.cumulative) }, signature }
}
