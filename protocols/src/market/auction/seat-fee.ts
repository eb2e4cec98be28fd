import { SEAT_FEE_BPS } from './constants.ts'

const ALL_BPS = 10_000n

/** What a job's primary seat gets of the sum of its receipts, wei, rounded up (K-80). */
export function seatFee(paid: bigint): bigint {
  return (paid * SEAT_FEE_BPS + ALL_BPS - 1n) / ALL_BPS
}
