/** What a job header must not contradict (M-71). */
import { DuckMeshError } from '../errors.ts'
import { MAX_HEADER_LIFE_MS, MAX_JOB_LIFE_S, MAX_REPLICAS } from './constants.ts'
import type { EnvelopeBody, JobHeader, JobOrder } from '@duckmesh/proto'

const MODE_REDUNDANT = 0
const MODE_REFERENCE = 1

/** No prompt has more tokens. */
const MAX_BUCKET = 2 ** 30

/**
 * What a header must not contradict: itself, its order and its envelope (M-71). All of it but JOB_EXPIRED and
 * NOT_SUPPORTED compares what the sender wrote with what it wrote, so no clock and no lag explains a breach.
 *
 * @param now ms since 1970
 * @throws DuckMeshError HEADER_INVALID, FIELD_OUT_OF_RANGE, JOB_EXPIRED or NOT_SUPPORTED
 */
export function checkHeaderRules(header: JobHeader, body: EnvelopeBody, now: number): void {
  const { order } = header.order
  if (body.expiryMs - body.issuedAtMs > MAX_HEADER_LIFE_MS) {
    throw new DuckMeshError('FIELD_OUT_OF_RANGE', 'A job header lives at most 10 s.')
  }
  if (order.payer !== header.client.payer) {
    invalid('The peer is bound to another payer than the order names.')
  }
  if (header.inBucket > MAX_BUCKET || (header.inBucket & (header.inBucket - 1)) !== 0) {
    invalid('The size bucket is no power of two.')
  }
  checkReplicas(order)
  checkDeadline(order, body.issuedAtMs, now)
}

function checkReplicas({ mode, replicas }: JobOrder): void {
  if (mode !== MODE_REDUNDANT && mode !== MODE_REFERENCE) {
    throw new DuckMeshError('NOT_SUPPORTED', 'Jobs of this mode are not auctioned.', {
      details: { mode },
    })
  }
  const most = mode === MODE_REDUNDANT ? MAX_REPLICAS : 1
  if (replicas < 1 || replicas > most) invalid('The mode does not allow that many replicas.')
}

function checkDeadline({ deadline }: JobOrder, issuedAtMs: number, now: number): void {
  const issuedAtS = issuedAtMs / 1_000
  if (deadline <= issuedAtS) invalid('The deadline passed before the header was issued.')
  if (deadline > issuedAtS + MAX_JOB_LIFE_S) invalid('The deadline is more than 1 h ahead.')
  if (deadline * 1_000 <= now) throw new DuckMeshError('JOB_EXPIRED', 'The deadline passed.')
}

function invalid(what: string): never {
  throw new DuckMeshError('HEADER_INVALID', what)
}
