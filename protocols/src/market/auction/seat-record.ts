/** What a seat keeps of an auction on disk: enough to say the same again, and nothing else (K-56). */
import { envelopeBodyCodec, envelopeCodec, jobHeaderCodec, marketFrameCodec } from '@duckmesh/proto'
import { DuckMeshError } from '../../errors.ts'
import { decoded } from '../../mesh/index.ts'
import { packRecords, unpackRecords } from './pack-records.ts'
import type { AuctionRef, Envelope, JobHeader, MatchFrame } from '@duckmesh/proto'

/** Without a match: the window was opened, and whatever was promised in it may be lost. */
export interface SeatRecord {
  envelope: Envelope
  match?: MatchFrame
}

export function seatRecordKey({ jobId, attempt }: AuctionRef): string {
  return `seat:${jobId}:${attempt}`
}

export function encodeSeatRecord({ envelope, match }: SeatRecord): Uint8Array {
  const header = envelopeCodec.encode(envelope)
  if (match === undefined) return packRecords([header])
  return packRecords([header, marketFrameCodec.encode({ kind: 'match', match })])
}

/** Throws STORE_CORRUPT or a codec's code for bytes that are no record. */
export function decodeSeatRecord(bytes: Uint8Array): SeatRecord {
  const [header, match] = unpackRecords(bytes)
  if (header === undefined) throw new DuckMeshError('STORE_CORRUPT', 'A stored match is empty.')
  const envelope = decoded(() => envelopeCodec.decode(header))
  if (match === undefined) return { envelope }
  const frame = decoded(() => marketFrameCodec.decode(match))
  if (frame.kind !== 'match') {
    throw new DuckMeshError('STORE_CORRUPT', 'A stored match is damaged.')
  }
  return { envelope, match: frame.match }
}

/** The header in an envelope, read and not verified. Throws MALFORMED_FRAME and the like. */
export function headerIn(envelope: Envelope): JobHeader {
  return decoded(() => jobHeaderCodec.decode(envelopeBodyCodec.decode(envelope.body).payload))
}
