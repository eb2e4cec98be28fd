/** One redemption of held vouchers, the same for channels and for service fees (rules S-10 and S-11). */
import type { Hex } from '@duckmesh/proto'
import type { Logger } from '../components.ts'
import { toDuckMeshError } from '../errors.ts'
import type { Redemption } from './interface.ts'

/** A row with something to redeem when `paid` is above `redeemed`; wei. */
export interface HeldRow<V> {
  payer: Hex
  paid: bigint
  redeemed: bigint
  voucher?: V
}

export interface RedeemSteps<V> {
  logger: Logger
  send(vouchers: readonly V[]): Promise<Redemption[]>
  /** What the chain has paid out for this payer by now. */
  redeemedOf(payer: Hex): Promise<bigint>
  book(payer: Hex, redeemed: bigint): Promise<void>
}

/** Rows whose voucher is above what the chain has paid, highest gain first. Pure. */
export function redeemable<R extends HeldRow<unknown>>(rows: readonly R[]): R[] {
  return rows
    .filter((row) => row.voucher !== undefined && row.paid > row.redeemed)
    .sort((a, b) => Number(b.paid - b.redeemed - (a.paid - a.redeemed)))
}

/**
 * Sends the vouchers of all rows that gain at least `minGain` wei and books what the chain shows afterwards.
 * Rejects as `send`; then nothing is booked.
 */
export async function redeemRows<V>(
  rows: readonly HeldRow<V>[],
  minGain: bigint,
  steps: RedeemSteps<V>,
): Promise<Redemption[]> {
  const gaining = redeemable(rows).filter((row) => row.paid - row.redeemed >= minGain)
  const vouchers = gaining.flatMap((row) => (row.voucher === undefined ? [] : [row.voucher]))
  if (vouchers.length === 0) return []
  const redemptions = await steps.send(vouchers)
  for (const row of gaining) await readBack(row, steps)
  return redemptions
}

/** A skipped voucher is seen here and tried again later; so is one whose result could not be read. */
async function readBack<V>(row: HeldRow<V>, steps: RedeemSteps<V>): Promise<void> {
  const { logger } = steps
  try {
    const redeemed = await steps.redeemedOf(row.payer)
    if (redeemed < row.paid)
      logger.warn('voucher not redeemed in full', { redeemed, held: row.paid })
    await steps.book(row.payer, redeemed)
  } catch (error) {
    logger.warn('redemption not read back', { code: toDuckMeshError(error).code })
  }
}
