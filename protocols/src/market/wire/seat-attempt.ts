/** One seat's part in a client's auction: dial, header, ack, match, each with its deadline (K-70). */
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { withDeadline } from '../../mesh/index.ts'
import { ACK_TIMEOUT_MS, SEATS_TIMEOUT_MS, UNKNOWN_RTT_MS } from '../constants.ts'
import { verifySet } from '../auction/verify-set.ts'
import type { Clock } from '../../components.ts'
import type { OpenedSet } from '../auction/interface.ts'
import type { AuctionComponents, VerifiedAuction } from '../auction/verify-set.ts'
import type { SeatAddress, SeatSession, SeatSessions } from './client-ports.ts'
import type { AuctionRef, BidSet, Envelope, HeaderAck, Hex, Pass } from '@duckmesh/proto'

export interface SeatAttemptComponents extends AuctionComponents {
  clock: Clock
  sessions: SeatSessions
}

/** What is asked of each seat. */
export interface SeatQuestion extends VerifiedAuction {
  envelope: Envelope
}

/** A seat's ack and how long it took, ms. */
export interface SeatAck {
  seat: Hex
  ms: number
  invited: number
}

/** A seat's verified match. */
export interface SeatMatch {
  seat: SeatAddress
  set: BidSet
  opened: OpenedSet
  passes: readonly Pass[]
}

export interface SeatAttemptEvents {
  onAck: (ack: SeatAck) => void
  /** No ack in time; the attempt goes on. */
  onLate: () => void
  onMatch: (match: SeatMatch) => void
  onFailed: (error: DuckMeshError) => void
}

/** Asks one seat until its match is verified or it failed; tells what happened. Never rejects. */
export async function askSeat(
  seat: SeatAddress,
  question: SeatQuestion,
  components: SeatAttemptComponents,
  events: SeatAttemptEvents,
  signal: AbortSignal,
): Promise<void> {
  const { clock, sessions } = components
  const startedAt = clock.now()
  const stopTimer = clock.after(ACK_TIMEOUT_MS + UNKNOWN_RTT_MS, events.onLate)
  try {
    const session = await sessions.to(seat, signal)
    const ack = await acknowledged(session, seat, question, components, signal)
    stopTimer()
    events.onAck({ seat: seat.owner, ms: clock.now() - startedAt, invited: ack.ack.invited })
    const frame = await withDeadline(ack.match, {
      clock,
      ms: ack.ack.closesInMs + ACK_TIMEOUT_MS + UNKNOWN_RTT_MS,
      what: 'No match',
      signal,
    })
    requireSame(frame.set.match.match, ack.ack)
    const opened = await verifySet(frame.set, question, components)
    events.onMatch({ seat, set: frame.set, opened, passes: frame.passes })
  } catch (error) {
    events.onFailed(toDuckMeshError(error, 'SEATS_UNREACHABLE'))
  } finally {
    stopTimer()
  }
}

async function acknowledged(
  session: SeatSession,
  seat: SeatAddress,
  { envelope, header, jobId }: SeatQuestion,
  { clock, seats }: SeatAttemptComponents,
  signal: AbortSignal,
) {
  const ref: AuctionRef = { jobId, attempt: header.attempt }
  const run = session.header(envelope, ref)
  const forget = (): void => run.cancel()
  signal.addEventListener('abort', forget, { once: true })
  const ack = await withDeadline(run.ack, { clock, ms: SEATS_TIMEOUT_MS, what: 'No ack', signal })
  if (ack.seat !== seat.owner || !seats.turnClock.isCurrent(ack)) {
    throw new DuckMeshError('STALE_SEAT', 'Another seat or turn answered.')
  }
  return { ack, match: run.match }
}

/** The match must be by the seat and for the turn that the ack named: its seat list was checked for now. */
function requireSame(match: Pick<HeaderAck, 'seat' | 'epoch' | 'turn'>, ack: HeaderAck): void {
  if (match.seat === ack.seat && match.epoch === ack.epoch && match.turn === ack.turn) return
  throw new DuckMeshError('MATCH_INVALID', 'The match is not by the seat that acknowledged.')
}
