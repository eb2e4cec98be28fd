/** A provider's bids in a store of records: an award may come after a restart. */
import { jobHeaderCodec, marketFrameCodec, signedBidCodec } from '@duckmesh/proto'
import { DuckMeshError } from '../../errors.ts'
import { decoded } from '../../mesh/index.ts'
import { packRecords, unpackRecords } from './pack-records.ts'
import type { BidStore, OwnBid, RecordStore, SeatTurn } from './interface.ts'
import type { AuctionRef, Hex, MarketFrame } from '@duckmesh/proto'

export class OwnBids implements BidStore {
  readonly #records: RecordStore

  constructor(components: { records: RecordStore }) {
    this.#records = components.records
  }

  async save(jobId: Hex, bid: OwnBid): Promise<void> {
    const { attempt, order } = bid.header
    const bytes = encodeOwnBid({ jobId, attempt }, bid)
    await this.#records.save(keyOf(jobId, attempt), bytes, order.order.deadline * 1_000)
  }

  async find(jobId: Hex, attempt: number): Promise<OwnBid | undefined> {
    const bytes = await this.#records.find(keyOf(jobId, attempt))
    return bytes === undefined ? undefined : decoded(() => decodeOwnBid(bytes))
  }
}

function keyOf(jobId: Hex, attempt: number): string {
  return `bid:${jobId}:${attempt}`
}

function encodeOwnBid(ref: AuctionRef, { header, signed, sealed, seats }: OwnBid): Uint8Array {
  const { provider } = signed.bid
  const frames: MarketFrame[] = [
    { kind: 'bid', bid: { ...ref, provider, sealed } },
    ...seats.map((at) => ({
      kind: 'ack' as const,
      ack: { ...ref, ...at, invited: 0, closesInMs: 0 },
    })),
  ]
  return packRecords([
    jobHeaderCodec.encode(header),
    signedBidCodec.encode(signed),
    ...frames.map((frame) => marketFrameCodec.encode(frame)),
  ])
}

function decodeOwnBid(bytes: Uint8Array): OwnBid {
  const [header, signed, bid, ...seats] = unpackRecords(bytes)
  const frame = bid === undefined ? undefined : marketFrameCodec.decode(bid)
  if (header === undefined || signed === undefined || frame?.kind !== 'bid') {
    throw new DuckMeshError('STORE_CORRUPT', 'A stored bid is incomplete.')
  }
  return {
    header: jobHeaderCodec.decode(header),
    signed: signedBidCodec.decode(signed),
    sealed: frame.bid.sealed,
    seats: seats.map(decodeSeat),
  }
}

function decodeSeat(bytes: Uint8Array): SeatTurn {
  const frame = marketFrameCodec.decode(bytes)
  if (frame.kind !== 'ack') throw new DuckMeshError('STORE_CORRUPT', 'A stored bid is damaged.')
  const { seat, epoch, turn } = frame.ack
  return { seat, epoch, turn }
}
