/** Samples of the auction: headers, bids, matches, openings, heartbeats and what light clients ask. */
import { MAX_SAFE, MAX_UINT32, MAX_UINT96, bareHello, clientBinding, envelope } from './sample-values.ts'
import { fullHello, jobId, order, PAYER, provider, repeat } from './sample-values.ts'
import { sealed, signature } from './sample-values.ts'
import type * as types from '../src/types.ts'

const seat = repeat('5e', 20)
const ref: types.AuctionRef = { jobId, attempt: 0 }
const lateRef: types.AuctionRef = { jobId, attempt: MAX_UINT32 }

const bid: types.Bid = {
  ...ref,
  provider,
  priceIn: 250_000_000_000_000_000n,
  priceOut: 1_000_000_000_000_000_000n,
  etaMs: 850,
  funding: 1,
  expiry: 1_800_000_600,
}

const bidAck: types.BidAck = { ...ref, seat, commit: repeat('c0', 32) }

const match: types.Match = {
  ...ref,
  epoch: 500_000,
  turn: 59,
  seat,
  bidsRoot: repeat('b7', 32),
  bids: 2,
}

export const serviceVoucher: types.ServiceVoucher = {
  payer: PAYER,
  provider: seat,
  cumulative: 12_345_678_901_234_567n,
}

const heartbeat: types.Heartbeat = {
  epoch: 500_000,
  turn: 59,
  seat,
  matches: 3,
  matchesHash: repeat('4b', 32),
}

const header: types.JobHeader = {
  order: { order, signature },
  client: clientBinding,
  replyKey: repeat('7e', 32),
  inBucket: 128,
  maxTokens: 256,
  attempt: 0,
}

/** Every number at its largest. */
const largestHeader: types.JobHeader = {
  ...header,
  order: {
    order: { ...order, nonce: MAX_SAFE, mode: 255, replicas: 255, maxPrice: MAX_UINT96, auditBps: 10_000, deadline: MAX_SAFE },
    signature,
  },
  inBucket: MAX_UINT32,
  maxTokens: MAX_UINT32,
  attempt: MAX_UINT32,
}

const pass: types.Pass = {
  ...ref,
  provider: repeat('9a', 20),
  code: 'PRICE_ABOVE_CAP',
  detail: 'asks 1.2 DUCK',
}

const set: types.BidSet = {
  match: { match, signature },
  bids: [
    { provider, sealed },
    { provider: repeat('9b', 20), sealed },
  ],
}

const emptySet: types.BidSet = {
  match: { match: { ...match, bidsRoot: repeat('00', 32), bids: 0 }, signature },
  bids: [],
}

/** Of a redundant job, from both front seats. */
export const auctionProof: types.AuctionProof = {
  sets: [set, emptySet],
  replySecret: repeat('1d', 32),
  ruleVersion: 1,
  excluded: [repeat('9c', 20)],
  draw: repeat('d4', 32),
  auditHash: repeat('ad', 32),
}

const streamProof: types.AuctionProof = {
  sets: [set],
  replySecret: repeat('1d', 32),
  ruleVersion: 65_535,
  excluded: [],
}

const openings: types.Openings = {
  ...ref,
  proof: auctionProof,
  winners: [provider, repeat('9b', 20)],
  paid: 64_000_000_000_000_000n,
  fee: { voucher: serviceVoucher, signature },
}

const marketFrames: types.MarketFrame[] = [
  { kind: 'hello', hello: fullHello },
  { kind: 'header', header: envelope },
  {
    kind: 'ack',
    ack: { ...ref, seat, epoch: MAX_SAFE, turn: MAX_UINT32, invited: 65_535, closesInMs: 250 },
  },
  { kind: 'invite', invite: { header: envelope, seat, epoch: 0, turn: 0, closesInMs: 0 } },
  { kind: 'bid', bid: { ...lateRef, provider, sealed } },
  { kind: 'bidAck', bidAck: { ack: bidAck, signature } },
  { kind: 'pass', pass },
  { kind: 'match', match: { set, passes: [pass, { ...pass, detail: '' }] } },
  { kind: 'match', match: { set: emptySet, passes: [] } },
  {
    kind: 'notice',
    notice: { match: { match, signature }, commits: [repeat('c0', 32), repeat('c1', 32)] },
  },
  { kind: 'openings', openings },
  { kind: 'openings', openings: { ...lateRef, proof: streamProof, winners: [], paid: 0n } },
  { kind: 'refuse', refuse: { ...ref, code: 'STALE_SEAT', detail: 'turn 12 of epoch 500000' } },
  { kind: 'ping', ping: { nonce: MAX_SAFE, pong: false } },
]

const seatInfo: types.SeatInfo = {
  owner: seat,
  peerKey: repeat('31', 32),
  addresses: ['/ip4/127.0.0.1/tcp/3825', '/dns4/duck.example/tcp/443/wss'],
  silentMs: 350,
}

const lightFrames: types.LightFrame[] = [
  { kind: 'hello', hello: bareHello },
  { kind: 'seatsRequest', seatsRequest: { id: 1, shard: 15 } },
  {
    kind: 'seatsResponse',
    seatsResponse: {
      id: MAX_UINT32,
      turns: [
        { epoch: 500_000, turn: 59, seats: [seatInfo, { ...seatInfo, addresses: [], silentMs: MAX_UINT32 }] },
        { epoch: 500_001, turn: 0, seats: [] },
      ],
    },
  },
  { kind: 'forward', forward: { id: 2, header: envelope } },
  { kind: 'forwardResult', forwardResult: { id: 2, code: '' } },
  { kind: 'forwardResult', forwardResult: { id: 3, code: 'RATE_LIMITED' } },
]

/** Samples by the name of their codec. */
export const AUCTION_SAMPLES = {
  heartbeat: [heartbeat],
  jobHeader: [header, largestHeader],
  marketFrame: marketFrames,
  auctionProof: [auctionProof, streamProof],
  lightFrame: lightFrames,
  signedBid: [{ bid, signature }],
  signedBidAck: [{ ack: bidAck, signature }],
  signedMatch: [{ match, signature }],
  signedServiceVoucher: [
    { voucher: serviceVoucher, signature },
    { voucher: { ...serviceVoucher, cumulative: 0n }, signature },
  ],
} as const satisfies Record<string, readonly unknown[]>
