/** One seat's part in a client's auction: dial, header, ack, match, each with its deadline (K-70). */
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { withDeadline } from '../../mesh/index.ts'
import { ACK_TIMEOUT_MS, SEATS_TIMEOUT_MS } from '../constants.ts'
import { verifySet } from '../auction/verify-set.ts'
import type { Clock } from '../../components.ts'
import type { OpenedSet, SeatTurn } from '../auction/interface.ts'
import type { AuctionComponents, VerifiedAuction } from '../auction/verify-set.ts'
import type { HeaderRun, SeatAddress, SeatSession, SeatSessions } from './client-ports.ts'
import type { RoundTrips } from './round-trips.ts'
import type { AuctionRef, BidSet, Envelope, HeaderAck, Pass } from '@duckmesh/proto'

export interface SeatAttemptComponents extends AuctionComponents {
  clock: Clock
  sessions: SeatSessions
  /** What seats took to acknowledge: kept over auctions. */
  roundTrips: Pick<RoundTrips, 'allowance' | 'measured'>
}

/** What is asked of each seat. */
export interface SeatQuestion extends VerifiedAuction {
  envelope: Envelope
}

/** A seat's ack and how long it took, ms. */
export interface SeatAck extends SeatTurn {
  ms: number
  /** Providers that it invited. */
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
  const { clock, roundTrips, sessions } = components
  const startedAt = clock.now()
  const stopTimer = clock.after(ACK_TIMEOUT_MS + roundTrips.allowance(seat.owner), events.onLate)
  try {
    const session = await sessions.to(seat, signal)
    const ack = await acknowledged(session, seat, question, components, signal)
    stopTimer()
    const { epoch, invited, turn } = ack.ack
    events.onAck({ seat: seat.owner, epoch, turn, ms: clock.now() - startedAt, invited })
    const frame = await withDeadline(ack.match, {
      clock,
      ms: ack.ack.closesInMs + ACK_TIMEOUT_MS + roundTrips.allowance(seat.owner),
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
  components: SeatAttemptComponents,
  signal: AbortSignal,
) {
  const { clock, roundTrips, seats } = components
  const ref: AuctionRef = { jobId, attempt: header.attempt }
  const run = session.header(envelope, ref)
  timeAck(run, clock, signal, (ms) => {
    roundTrips.measured(seat.owner, ms)
  })
  const ack = await withDeadline(run.ack, { clock, ms: SEATS_TIMEOUT_MS, what: 'No ack', signal })
  if (ack.seat !== seat.owner || !seats.turnClock.isCurrent(ack)) {
    throw new DuckMeshError('STALE_SEAT', 'Another seat or turn answered.')
  }
  return { ack, match: run.match }
}

/** Tells how long the ack took, also when the race is over before it comes: the next race then waits for this seat. */
function timeAck(
  run: HeaderRun,
  clock: Clock,
  signal: AbortSignal,
  tell: (ms: number) => void,
): void {
  const sentAt = clock.now()
  const answered = run.ack.then(
    () => {
      tell(clock.now() - sentAt)
    },
    () => undefined,
  )
  const onAbort = (): void => {
    const stopTimer = clock.after(SEATS_TIMEOUT_MS, () => run.cancel())
    void answered.then(() => {
      stopTimer()
      run.cancel()
    })
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
}

/** The match must be by the seat and for the turn that the ack named: its seat list was checked for now. */
function requireSame(match: Pick<HeaderAck, 'seat' | 'epoch' | 'turn'>, ack: HeaderAck): void {
  if (match.seat === ack.seat && match.epoch === ack.epoch && match.turn === ack.turn) return
  throw new DuckMeshError('MATCH_INVALID', 'The match is not by the seat that acknowledged.')
}
