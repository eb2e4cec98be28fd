/** Random valid values of the auction and of what light clients ask. */
import fc from 'fast-check'
import * as limits from '../../src/limits.ts'
import { address, amount, blob, clientBinding, envelope, framed } from './arbitrary-values.ts'
import { hash, hello, record, safeUint, signedBid, signedBidAck } from './arbitrary-values.ts'
import { signedJobOrder, signedMatch, signedServiceVoucher, text } from './arbitrary-values.ts'
import { uint, uint16, uint32 } from './arbitrary-values.ts'
import type * as types from '../../src/types.ts'

const ref = { jobId: hash, attempt: uint32 }
const positive = uint(limits.MAX_UINT32, 1)
const few = { maxLength: 4 }
const code = text(limits.MAX_CODE_BYTES, 1)
const detail = text(limits.MAX_DETAIL_BYTES)
const turn = { epoch: safeUint, turn: uint32 }

const sealedBid = record({
  enc: blob(32, 32),
  ciphertext: blob(limits.SEAL_TAG_BYTES + 1, limits.MAX_SEALED_BID_BYTES),
})

const jobHeader: fc.Arbitrary<types.JobHeader> = record({
  order: signedJobOrder,
  client: clientBinding,
  replyKey: hash,
  inBucket: positive,
  maxTokens: positive,
  attempt: uint32,
})

const bidSet: fc.Arbitrary<types.BidSet> = record({
  match: signedMatch,
  bids: fc.array(record({ provider: address, sealed: sealedBid }), few),
})

export const auctionProof: fc.Arbitrary<types.AuctionProof> = record(
  {
    sets: fc.array(bidSet, { maxLength: limits.MAX_PROOF_SETS }),
    replySecret: hash,
    ruleVersion: uint16,
    excluded: fc.array(address, few),
    draw: hash,
    auditHash: hash,
  },
  { requiredKeys: ['sets', 'replySecret', 'ruleVersion', 'excluded'] },
)

const pass: fc.Arbitrary<types.Pass> = record({ ...ref, provider: address, code, detail })

const openings: fc.Arbitrary<types.Openings> = record(
  {
    ...ref,
    proof: auctionProof,
    winners: fc.array(address, few),
    paid: amount,
    fee: signedServiceVoucher,
  },
  { requiredKeys: ['jobId', 'attempt', 'proof', 'winners', 'paid'] },
)

const window = { seat: address, ...turn, closesInMs: uint32 }

const marketFrame = fc.oneof(
  framed('hello', hello),
  framed('header', envelope),
  framed('ack', record({ ...ref, ...window, invited: uint16 })),
  framed('invite', record({ header: envelope, ...window })),
  framed('bid', record({ ...ref, provider: address, sealed: sealedBid })),
  framed('bidAck', signedBidAck),
  framed('pass', pass),
  framed('match', record({ set: bidSet, passes: fc.array(pass, few) })),
  framed('notice', record({ match: signedMatch, commits: fc.array(hash, few) })),
  framed('openings', openings),
  framed('refuse', record({ ...ref, code, detail })),
  framed('ping', record({ nonce: safeUint, pong: fc.boolean() })),
)

const seatInfo = record({
  owner: address,
  peerKey: hash,
  addresses: fc.array(text(limits.MAX_ADDRESS_BYTES, 1), { maxLength: limits.MAX_ADDRESSES }),
  silentMs: uint32,
})

const turnSeats = record({
  ...turn,
  seats: fc.array(seatInfo, { maxLength: limits.MAX_SEATS }),
})

const lightFrame = fc.oneof(
  framed('hello', hello),
  framed('seatsRequest', record({ id: uint32, shard: uint(15) })),
  framed(
    'seatsResponse',
    record({ id: uint32, turns: fc.array(turnSeats, { maxLength: limits.MAX_TURNS }) }),
  ),
  framed('forward', record({ id: uint32, header: envelope })),
  framed('forwardResult', record({ id: uint32, code: text(limits.MAX_CODE_BYTES) })),
)

const heartbeat: fc.Arbitrary<types.Heartbeat> = record({
  ...turn,
  seat: address,
  matches: uint32,
  matchesHash: hash,
})

/** By codec name. */
export const AUCTION_ARBITRARIES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  auctionProof,
  heartbeat,
  jobHeader,
  lightFrame,
  marketFrame,
  signedBid,
  signedBidAck,
  signedMatch,
  signedServiceVoucher,
}
