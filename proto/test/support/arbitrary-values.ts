/** Random valid values that several messages share: fields, signed structs, bindings. */
import fc from 'fast-check'
import * as limits from '../../src/limits.ts'
import { bytesToHex } from '../../src/hex.ts'
import type * as types from '../../src/types.ts'

/** Plain objects, as the codecs return them. */
export const record = ((model: Record<string, fc.Arbitrary<unknown>>, constraints: object = {}) =>
  fc.record(model, { ...constraints, noNullPrototype: true })) as typeof fc.record

export const hex = (length: number): fc.Arbitrary<types.Hex> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map(bytesToHex)
export const blob = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Uint8Array.from(bytes))
/** Code points take up to four bytes. */
export const text = (maxBytes: number, minLength = 0): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', minLength, maxLength: Math.floor(maxBytes / 4) })
export const uint = (max: number, min = 0): fc.Arbitrary<number> => fc.integer({ min, max })
export const safeUint = fc.maxSafeNat()
export const amount = fc.bigInt({ min: 0n, max: 2n ** 96n - 1n })
export const double = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min, max, noNaN: true }).map((value) => (value === 0 ? 0 : value))

export const address = hex(20)
export const hash = hex(32)
export const signature = hex(65)
export const uint16 = uint(limits.MAX_UINT16)
export const uint32 = uint(limits.MAX_UINT32)

export const jobOrder: fc.Arbitrary<types.JobOrder> = record({
  payer: address,
  nonce: safeUint,
  modelId: hash,
  specHash: hash,
  mode: uint(255),
  replicas: uint(255),
  maxPrice: amount,
  auditBps: uint(10_000),
  secretHash: hash,
  deadline: safeUint,
})

export const award: fc.Arbitrary<types.Award> = record({
  jobId: hash,
  segment: uint16,
  provider: address,
  bidHash: hash,
  matchHash: hash,
  fromToken: uint32,
  prefixHash: hash,
  budget: amount,
  issuedAt: safeUint,
})

export const accept: fc.Arbitrary<types.Accept> = record({
  jobId: hash,
  segment: uint16,
  provider: address,
  fromToken: uint32,
  prefixHash: hash,
  bond: amount,
  etaMs: uint32,
})

export const receipt: fc.Arbitrary<types.Receipt> = record({
  jobId: hash,
  segment: uint16,
  item: uint32,
  seq: uint32,
  payer: address,
  provider: address,
  tokensIn: uint32,
  tokensOut: uint32,
  tokensRoot: hash,
  traceRoot: hash,
  amount,
  specHash: hash,
  last: fc.boolean(),
})

export const voucher: fc.Arbitrary<types.Voucher> = record({
  payer: address,
  provider: address,
  cumulative: amount,
  epoch: safeUint,
})

export const signedJobOrder = record({ order: jobOrder, signature })
export const signedAward = record({ award, signature })
export const signedAccept = record({ accept, signature })
export const signedReceipt = record({ receipt, signature })
export const signedVoucher = record({ voucher, signature })

export const bid: fc.Arbitrary<types.Bid> = record({
  jobId: hash,
  attempt: uint32,
  provider: address,
  priceIn: amount,
  priceOut: amount,
  etaMs: uint32,
  funding: uint(1),
  expiry: safeUint,
})

export const bidAck: fc.Arbitrary<types.BidAck> = record({
  jobId: hash,
  attempt: uint32,
  seat: address,
  commit: hash,
})

export const match: fc.Arbitrary<types.Match> = record({
  jobId: hash,
  attempt: uint32,
  epoch: safeUint,
  turn: uint32,
  seat: address,
  bidsRoot: hash,
  bids: uint16,
})

export const serviceVoucher: fc.Arbitrary<types.ServiceVoucher> = record({
  payer: address,
  provider: address,
  cumulative: amount,
})

export const signedBid = record({ bid, signature })
export const signedBidAck = record({ ack: bidAck, signature })
export const signedMatch = record({ match, signature })
export const signedServiceVoucher = record({ voucher: serviceVoucher, signature })

export const envelope = record({ body: blob(1, 300), sig: blob(64, 64) })

export const envelopeBody = record({
  version: uint16,
  type: fc.constantFrom<types.MessageType>(
    'offer',
    'peerBinding',
    'heartbeat',
    'jobHeader',
    'evidence',
  ),
  network: text(limits.MAX_NETWORK_BYTES, 1),
  seq: safeUint,
  issuedAtMs: safeUint,
  expiryMs: safeUint,
  peerId: blob(1, limits.MAX_PEER_ID_BYTES),
  payload: blob(0, 300),
})

export const peerBinding = record({
  peerKey: hash,
  operator: address,
  encKey: hash,
  expiry: safeUint,
  signature,
})
export const clientBinding = record({ peerKey: hash, payer: address, expiry: safeUint, signature })

export const hello: fc.Arbitrary<types.Hello> = record(
  {
    version: uint16,
    network: text(limits.MAX_NETWORK_BYTES, 1),
    peer: peerBinding,
    client: clientBinding,
    lastVoucher: signedVoucher,
    due: amount,
  },
  { requiredKeys: ['version', 'network', 'due'] },
)

/** A union member under its name. */
export const framed = <T>(kind: string, value: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  value.map((inner) => ({ kind, [kind]: inner }))
