/** How an auction ended that gave nobody the job, with everything that is known of it (K-69, K-70). */
import { isErrorCode } from '../../error-codes.ts'
import { DuckMeshError } from '../../errors.ts'
import type { ErrorCode } from '../../error-codes.ts'
import type { AuctionResult } from './auction-result.ts'
import type { SeatAck } from './seat-attempt.ts'
import type { SeatFailure } from './seat-race.ts'
import type { Hex } from '@duckmesh/proto'

/** What is known of an auction without a winner. */
export interface LostAuction {
  attempt: number
  acks: readonly SeatAck[]
  failures: readonly SeatFailure[]
  /** From the sent header to its end, ms. */
  auctionMs: number
  /** One sentence. */
  why: string
  /** Absent when no seat made a match. */
  result?: AuctionResult
}

/** NO_BIDS or SEATS_UNREACHABLE, and the auction that ended so. */
export class AuctionError extends DuckMeshError {
  readonly lost: LostAuction

  constructor(
    code: Extract<ErrorCode, 'NO_BIDS' | 'SEATS_UNREACHABLE'>,
    lost: LostAuction,
    options: ConstructorParameters<typeof DuckMeshError>[2],
  ) {
    super(code, lost.why, options)
    this.lost = lost
  }
}

/** No bid counts; the reasons are counted by code, and each provider that gave one has a sentence. */
export function noBids(result: AuctionResult): AuctionError {
  const { acks, auctionMs, choice, failures, header, jobId, passes } = result
  // Codes of passes come from the network.
  const codes = [...passes, ...choice.left].map(({ code }) => (isErrorCode(code) ? code : 'other'))
  const counted = new Map<string, number>()
  for (const code of codes) counted.set(code, (counted.get(code) ?? 0) + 1)
  const reasons = [...counted].map(([code, count]) => `${code} ${count}`)
  const sentences = [
    ...passes.map(({ detail, provider }) => `${provider}: ${detail}`),
    ...choice.left.map(({ provider, why }) => `${provider}: ${why}`),
  ]
  const why = whyNoBids(acks, reasons)
  const lost = { attempt: header.attempt, acks, failures, auctionMs, why, result }
  return new AuctionError('NO_BIDS', lost, { jobId, details: { reasons, sentences } })
}

/** Who was asked and said nothing in time was asked all the same: that is not the same as having nobody to ask. */
function whyNoBids(acks: readonly SeatAck[], reasons: readonly string[]): string {
  const invited = Math.max(0, ...acks.map((ack) => ack.invited))
  const asked = `${invited} ${invited === 1 ? 'was' : 'were'} invited`
  if (reasons.length > 0) return `${asked}. Declined: ${reasons.join(', ')}.`
  if (invited > 0) return `${asked}, nobody answered in time.`
  return 'Nobody was invited: the seats know no provider of the model.'
}

/** No seat made a match. The details are the codes of the seats that said why. */
export function unreachable(
  jobId: Hex,
  { acks, failures, ...rest }: Omit<LostAuction, 'why' | 'result'>,
): AuctionError {
  const seats = acks.length === 1 ? '1 seat' : `${acks.length} seats`
  const why =
    acks.length === 0
      ? 'No seat made a match.'
      : `${seats} acknowledged the header, none made a match.`
  const told = failures.flatMap(({ error }) => error ?? [])
  const options = { jobId, details: { seats: told.map(({ code }) => code) }, cause: told[0] }
  return new AuctionError('SEATS_UNREACHABLE', { ...rest, acks, failures, why }, options)
}
