/** Rules of heartbeats: their time and their seat (M-76). */
import { DuckMeshError } from '../errors.ts'
import { MAX_HEARTBEAT_LIFE_MS } from './constants.ts'
import type { SeatRules } from './interface.ts'
import type { EnvelopeBody, Heartbeat } from '@duckmesh/proto'

/**
 * What needs no chain view: a heartbeat lives at most 10 s and is of this turn or a neighbour of it (M-76).
 *
 * @returns the rules of seats, which are there
 * @throws DuckMeshError FIELD_OUT_OF_RANGE, ENVELOPE_STALE, or CHAIN_UNREACHABLE on a host that knows no turns
 */
export function checkHeartbeatTime(
  heartbeat: Heartbeat,
  body: EnvelopeBody,
  seats: SeatRules | undefined,
): SeatRules {
  if (body.expiryMs - body.issuedAtMs > MAX_HEARTBEAT_LIFE_MS) {
    throw new DuckMeshError('FIELD_OUT_OF_RANGE', 'A heartbeat lives at most 10 s.')
  }
  if (seats === undefined) {
    throw new DuckMeshError('CHAIN_UNREACHABLE', 'This host has no chain view.')
  }
  if (seats.isTime(heartbeat)) return seats
  throw new DuckMeshError('ENVELOPE_STALE', 'The heartbeat is of another time.', {
    details: { epoch: heartbeat.epoch, turn: heartbeat.turn },
  })
}

/** M-76: only a seat of the turn beats. Throws STALE_SEAT, or CHAIN_UNREACHABLE while the view is stale. */
export async function requireSeat(
  seats: SeatRules,
  heartbeat: Heartbeat,
  shard: number,
): Promise<void> {
  const { epoch, turn, seat } = heartbeat
  const has = await seats.isSeat(seat, shard, { epoch, turn })
  if (has === 'unknown') {
    throw new DuckMeshError('CHAIN_UNREACHABLE', 'The seats of the turn are not known.')
  }
  if (has) return
  throw new DuckMeshError('STALE_SEAT', 'Who beats has no seat in this turn.', {
    details: { seat, shard, epoch, turn },
  })
}
