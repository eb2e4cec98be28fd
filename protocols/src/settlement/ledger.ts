/**
 * The accounting of one channel as pure functions (SCHEMAS "Money of a job"); wei.
 *
 * Invariant: `paid = settled + Σ open.prepaid + credit`, credit ≥ 0 and `open.used ≤ open.prepaid`.
 * So what the payer signed is either earned, reserved for a running segment, or credit for the next.
 */
import type { Hex, SignedVoucher } from '@duckmesh/proto'
import type { SegmentKey } from '../dispatch/index.ts'
import type { ChannelRow, OpenReservation } from './store.ts'

export function emptyChannel(payer: Hex, provider: Hex): ChannelRow {
  return { payer, provider, paid: 0n, settled: 0n, open: [], redeemed: 0n }
}

/** Signed and neither earned nor reserved: an answer was shorter than its step. */
export function creditOf(row: ChannelRow): bigint {
  return row.open.reduce((credit, one) => credit - one.prepaid, row.paid - row.settled)
}

/** Sum of receipt amounts, open segments included. */
export function dueOf(row: ChannelRow): bigint {
  return row.open.reduce((due, one) => due + one.used, row.settled)
}

/** Cumulative amount that must be signed so that `amount` more can be reserved, credit used first. */
export function cumulativeFor(row: ChannelRow, amount: bigint): bigint {
  const credit = creditOf(row)
  return amount <= credit ? row.paid : row.paid + amount - credit
}

function same(a: SegmentKey, b: SegmentKey): boolean {
  return a.jobId === b.jobId && a.segment === b.segment
}

/** What a segment has reserved and used; zeros when it is not open. */
export function reservationOf(row: ChannelRow, key: SegmentKey): OpenReservation {
  const found = row.open.find((one) => same(one, key))
  return found ?? { jobId: key.jobId, segment: key.segment, prepaid: 0n, used: 0n }
}

function withReservation(row: ChannelRow, next: OpenReservation): ChannelRow {
  return { ...row, open: [...row.open.filter((one) => !same(one, next)), next] }
}

/**
 * Reserves `amount` of the channel for a segment and books the voucher when it is higher than the last;
 * vouchers of concurrent segments may overtake one another on the way.
 */
export function reserve(
  row: ChannelRow,
  key: SegmentKey,
  amount: bigint,
  voucher: SignedVoucher,
): ChannelRow {
  const before = reservationOf(row, key)
  return withReservation(raiseTo(row, voucher), { ...before, prepaid: before.prepaid + amount })
}

/** Books a receipt of an open segment. */
export function useReserved(row: ChannelRow, key: SegmentKey, amount: bigint): ChannelRow {
  const before = reservationOf(row, key)
  return withReservation(row, { ...before, used: before.used + amount })
}

/** A segment ended: what it used is settled, what is left over becomes credit. */
export function closeReservation(row: ChannelRow, key: SegmentKey): ChannelRow {
  const { used } = reservationOf(row, key)
  const open = row.open.filter((one) => !same(one, key))
  if (open.length === row.open.length) return row
  return { ...row, open, settled: row.settled + used }
}

/** Closes whatever is open: after a crash no segment runs any more. */
export function closeAll(row: ChannelRow): ChannelRow {
  return { ...row, open: [], settled: dueOf(row) }
}

/** What is spent at most: earned, or held by a segment that is not closed. */
export function spentOf(row: ChannelRow): bigint {
  return row.paid - creditOf(row)
}

/** Books a voucher that is higher than ours, as credit; any other leaves the row as it is. */
export function raiseTo(row: ChannelRow, voucher: SignedVoucher | undefined): ChannelRow {
  if (voucher === undefined || voucher.voucher.cumulative <= row.paid) return row
  return { ...row, paid: voucher.voucher.cumulative, voucher }
}

/** Closes everything with `due` as the sum of receipts, kept between `low` and `high`. */
function settleAt(row: ChannelRow, due: bigint, low: bigint, high: bigint): ChannelRow {
  const settled = due < low ? low : due > high ? high : due
  if (row.open.length === 0 && row.settled === settled) return row
  return { ...row, open: [], settled }
}

/**
 * The payer's side of a hello, when no segment of the channel runs here (rule S-7). `due` is what the
 * provider says it has earned; it decides only about what this side does not know: steps paid and not
 * receipted, and what a higher voucher of our own adds.
 */
export function adoptVoucher(
  row: ChannelRow,
  voucher: SignedVoucher | undefined,
  due: bigint,
): ChannelRow {
  const raised = raiseTo(row, voucher)
  return settleAt(raised, due, dueOf(row), spentOf(row) + raised.paid - row.paid)
}

/**
 * The provider's side of a hello, when no segment of the channel runs here (rule S-8): its last writes may
 * be lost. `due` is what the payer says it owes; a payer that names too much gives away its own credit.
 */
export function restoreVoucher(
  row: ChannelRow,
  voucher: SignedVoucher | undefined,
  due: bigint,
): ChannelRow {
  const raised = raiseTo(row, voucher)
  return settleAt(raised, due, dueOf(row), raised.paid)
}
