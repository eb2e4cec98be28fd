/** The rules of the auction's fields: what breaks one is refused by encode and by decode. */
import * as limits from '../../src/limits.ts'
import { absent, amounts, blobs, boolean, fixed, hex, lists } from '../support/refusals.ts'
import { notHex, range, testRefusals, texts, uint16, uint32, uint64 } from '../support/refusals.ts'
import type { Refusal } from '../support/refusals.ts'

const ref = (at: string): Refusal[] => [...fixed(`${at}.jobId`, 32), ...uint32(`${at}.attempt`)]
const turn = (at: string): Refusal[] => [...uint64(`${at}.epoch`), ...uint32(`${at}.turn`)]
const sealed = (at: string): Refusal[] => [
  ...blobs(`${at}.enc`, 31, 33),
  ...blobs(`${at}.ciphertext`, limits.SEAL_TAG_BYTES, limits.MAX_SEALED_BID_BYTES + 1),
]
/** No bytes on the wire are an absent field. */
const optionalFixed = (at: string, length: number): Refusal[] =>
  fixed(at, length).map(({ wire, ...refusal }) =>
    refusal.why === '0 bytes' ? refusal : { ...refusal, wire },
  )
const badAddress = hex(20)
const badWord = hex(32)

const SIGNED: Refusal[] = [
  ...ref('signedBid.bid'),
  ...fixed('signedBid.bid.provider', 20),
  ...notHex('signedBid.bid.provider', 20),
  ...amounts('signedBid.bid.priceIn'),
  ...amounts('signedBid.bid.priceOut'),
  ...uint32('signedBid.bid.etaMs'),
  ...range('signedBid.bid.funding', -1, 2, 0.5),
  ...uint64('signedBid.bid.expiry'),
  ...fixed('signedBid.signature', 65),
  absent('signedBid.bid'),
  ...ref('signedBidAck.ack'),
  ...fixed('signedBidAck.ack.seat', 20),
  ...fixed('signedBidAck.ack.commit', 32),
  ...fixed('signedBidAck.signature', 65),
  absent('signedBidAck.ack'),
  ...ref('signedMatch.match'),
  ...turn('signedMatch.match'),
  ...fixed('signedMatch.match.seat', 20),
  ...fixed('signedMatch.match.bidsRoot', 32),
  ...uint16('signedMatch.match.bids'),
  ...fixed('signedMatch.signature', 65),
  absent('signedMatch.match'),
  ...fixed('signedServiceVoucher.voucher.payer', 20),
  ...fixed('signedServiceVoucher.voucher.provider', 20),
  ...amounts('signedServiceVoucher.voucher.cumulative'),
  ...fixed('signedServiceVoucher.signature', 65),
  absent('signedServiceVoucher.voucher'),
]

const GOSSIP: Refusal[] = [
  absent('jobHeader.order'),
  absent('jobHeader.client'),
  ...fixed('jobHeader.order.order.payer', 20),
  ...fixed('jobHeader.client.payer', 20),
  ...fixed('jobHeader.replyKey', 32),
  ...range('jobHeader.inBucket', 0, -1, 2 ** 32),
  ...range('jobHeader.maxTokens', 0, -1, 2 ** 32),
  ...uint32('jobHeader.attempt'),
  ...turn('heartbeat'),
  ...fixed('heartbeat.seat', 20),
  ...uint32('heartbeat.matches'),
  ...fixed('heartbeat.matchesHash', 32),
]

const MARKET: Refusal[] = [
  ...blobs('marketFrame.header.body', 0),
  ...ref('marketFrame.ack'),
  ...turn('marketFrame.ack'),
  ...fixed('marketFrame.ack.seat', 20),
  ...uint16('marketFrame.ack.invited'),
  ...uint32('marketFrame.ack.closesInMs'),
  absent('marketFrame.invite.header'),
  ...fixed('marketFrame.invite.seat', 20),
  ...turn('marketFrame.invite'),
  ...uint32('marketFrame.invite.closesInMs'),
  ...ref('marketFrame.bid'),
  ...fixed('marketFrame.bid.provider', 20),
  ...sealed('marketFrame.bid.sealed'),
  absent('marketFrame.bid.sealed'),
  ...ref('marketFrame.pass'),
  ...fixed('marketFrame.pass.provider', 20),
  ...texts('marketFrame.pass.code', limits.MAX_CODE_BYTES, 1),
  ...texts('marketFrame.pass.detail', limits.MAX_DETAIL_BYTES),
  absent('marketFrame.match.set'),
  ...lists('marketFrame.match.set.bids', limits.MAX_MATCH_BIDS, {}, {}),
  ...sealed('marketFrame.match.set.bids.0.sealed'),
  ...lists('marketFrame.match.passes', limits.MAX_MATCH_BIDS, {}, {}),
  absent('marketFrame.notice.match'),
  ...lists('marketFrame.notice.commits', limits.MAX_MATCH_BIDS, badWord, new Uint8Array(32)),
  ...fixed('marketFrame.notice.commits.0', 32),
  ...ref('marketFrame.openings'),
  absent('marketFrame.openings.proof'),
  ...lists('marketFrame.openings.winners', limits.MAX_JOB_SEGMENTS, badAddress, new Uint8Array(20)),
  ...fixed('marketFrame.openings.winners.1', 20),
  ...amounts('marketFrame.openings.paid'),
  absent('marketFrame.openings.fee.voucher'),
  ...ref('marketFrame.refuse'),
  ...texts('marketFrame.refuse.code', limits.MAX_CODE_BYTES, 1),
  ...texts('marketFrame.refuse.detail', limits.MAX_DETAIL_BYTES),
  ...uint64('marketFrame.ping.nonce'),
  boolean('marketFrame.ping.pong'),
  { at: 'marketFrame.kind', why: 'of another protocol', domain: 'chunk', code: 'MALFORMED_FRAME' },
]

const PROOF: Refusal[] = [
  ...lists('auctionProof.sets', limits.MAX_PROOF_SETS, {}, {}),
  absent('auctionProof.sets.0.match'),
  ...fixed('auctionProof.replySecret', 32),
  ...uint16('auctionProof.ruleVersion'),
  ...lists('auctionProof.excluded', limits.MAX_EXCLUDED, badAddress, new Uint8Array(20)),
  ...fixed('auctionProof.excluded.0', 20),
  ...optionalFixed('auctionProof.draw', 32),
  ...optionalFixed('auctionProof.auditHash', 32),
  absent('awardFrame.auction.replySecret'),
]

const LIGHT: Refusal[] = [
  ...uint32('lightFrame.seatsRequest.id'),
  ...range('lightFrame.seatsRequest.shard', -1, 16, 0.5),
  ...lists('lightFrame.seatsResponse.turns', limits.MAX_TURNS, {}, {}),
  ...turn('lightFrame.seatsResponse.turns.0'),
  ...lists('lightFrame.seatsResponse.turns.0.seats', limits.MAX_SEATS, {}, {}),
  ...fixed('lightFrame.seatsResponse.turns.0.seats.0.owner', 20),
  ...fixed('lightFrame.seatsResponse.turns.0.seats.0.peerKey', 32),
  ...lists('lightFrame.seatsResponse.turns.0.seats.0.addresses', limits.MAX_ADDRESSES, 'a', 'a'),
  ...texts('lightFrame.seatsResponse.turns.0.seats.0.addresses.0', limits.MAX_ADDRESS_BYTES, 1),
  ...uint32('lightFrame.seatsResponse.turns.0.seats.0.silentMs'),
  absent('lightFrame.forward.header'),
  ...texts('lightFrame.forwardResult.code', limits.MAX_CODE_BYTES),
]

const REVEAL: Refusal[] = [
  ...fixed('jobFrame.reveal.jobId', 32),
  ...uint16('jobFrame.reveal.segment'),
  ...fixed('jobFrame.reveal.salt', 32),
  ...lists('jobFrame.reveal.ids', limits.MAX_REVEAL_IDS, 1, 1),
  ...range('jobFrame.reveal.ids.0', -1, 2 ** 32, 0.5),
  ...texts('jobFrame.reveal.text', limits.MAX_REVEAL_TEXT_BYTES),
]

describe('codecs: refusals of the auction', () => {
  testRefusals([...SIGNED, ...GOSSIP, ...MARKET, ...PROOF, ...LIGHT, ...REVEAL])
})
