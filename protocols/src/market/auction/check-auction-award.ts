import { DuckMeshError } from '../../errors.ts'
import { structDigest } from '../../signed-struct.ts'
import { sizeBucket } from '../bucket.ts'
import { recomputeChoice } from './recompute-choice.ts'
import { areNeighbours } from './turns.ts'
import type { BidStore, Choice, OwnBid } from './interface.ts'
import type { AuctionComponents } from './verify-set.ts'
import type { AuctionProof, AwardFrame, Hex } from '@duckmesh/proto'

export interface AwardCheckComponents extends AuctionComponents {
  bids: BidStore
}

/** What a provider may rely on after the check: its own prices, wei per 1 000 tokens, and where it was ranked. */
export interface CheckedAward {
  place: number
  priceIn: bigint
  priceOut: bigint
}

/**
 * A winner's own check of the award of an auctioned job (K-66 to K-68): it recomputes the choice and refuses a wrong
 * one. Order and award signatures, deadline and payment are dispatch's.
 *
 * @param self owner address of this provider
 * @throws DuckMeshError MATCH_INVALID, BID_INVALID, PRICE_MISMATCH, CHOICE_WRONG, STALE_SEAT, AWARD_INVALID,
 *   NOT_SUPPORTED or CHAIN_UNREACHABLE
 */
export async function checkAuctionAward(
  frame: AwardFrame,
  components: AwardCheckComponents,
  self: Hex,
): Promise<CheckedAward> {
  const { award } = frame.award
  const proof = proofOf(frame)
  const own = await ownBid(proof, award.jobId, components)
  checkTerms(frame, own)
  const bidHash = structDigest(components.network, 'Bid', own.signed.bid)
  if (award.bidHash !== bidHash) {
    throw new DuckMeshError('BID_INVALID', 'The award names another bid than the one made here.')
  }
  const input = { header: own.header, jobId: award.jobId, proof }
  const choice = await recomputeChoice(input, components)
  if (award.matchHash !== choice.matchHash) {
    throw new DuckMeshError('MATCH_INVALID', 'The award names another match than the first one.')
  }
  const place = checkedPlace(choice, award.segment, { provider: self, bidHash })
  return { place, priceIn: own.signed.bid.priceIn, priceOut: own.signed.bid.priceOut }
}

function proofOf(frame: AwardFrame): AuctionProof {
  if (frame.auction !== undefined && frame.auction.sets.length > 0) return frame.auction
  throw new DuckMeshError('MATCH_INVALID', 'The award of an auctioned job shows no match.')
}

/** The bid made here, to a seat of the proof and for its turn (K-68). */
async function ownBid(
  proof: AuctionProof,
  jobId: Hex,
  { bids, seats: { turnClock } }: AwardCheckComponents,
): Promise<OwnBid> {
  const attempt = proof.sets[0]?.match.match.attempt ?? 0
  const own = await bids.find(jobId, attempt)
  if (own === undefined) {
    throw new DuckMeshError('BID_INVALID', 'No bid was made here for this attempt.', { jobId })
  }
  const sentTo = proof.sets.some(({ match: { match } }) =>
    own.seats.some((at) => at.seat === match.seat && areNeighbours(turnClock, at, match)),
  )
  if (sentTo) return own
  throw new DuckMeshError('STALE_SEAT', 'No bid was made here to the seats of the match.', {
    jobId,
  })
}

/** Sizes follow from the header, prices from the bid (K-66). */
function checkTerms(frame: AwardFrame, { header, signed }: OwnBid): void {
  const { fromToken, issuedAt } = frame.award.award
  const { bid } = signed
  if (frame.priceIn !== bid.priceIn || frame.priceOut !== bid.priceOut) {
    throw new DuckMeshError('PRICE_MISMATCH', 'The award has other prices than the bid.', {
      details: { priceIn: bid.priceIn, priceOut: bid.priceOut },
    })
  }
  if (bid.expiry <= issuedAt) {
    throw new DuckMeshError('BID_INVALID', 'The bid expired before the award.', {
      details: { expiry: bid.expiry },
    })
  }
  const left = header.maxTokens - fromToken
  if (
    left < 1 ||
    frame.maxTokens !== left ||
    frame.inBucket !== bucketAt(header.inBucket, fromToken)
  ) {
    throw new DuckMeshError('AWARD_INVALID', 'The award has other sizes than the job header.')
  }
}

function bucketAt(inBucket: number, fromToken: number): number {
  return sizeBucket(inBucket + fromToken)
}

/** Segment s may go to place p <= s: every failed award moves one place on (K-66). */
function checkedPlace(
  choice: Choice,
  segment: number,
  own: { provider: Hex; bidHash: Hex },
): number {
  const place = choice.ranked.findIndex((bid) => bid.provider === own.provider)
  const ranked = choice.ranked[place]
  if (ranked === undefined) {
    throw new DuckMeshError('CHOICE_WRONG', 'This provider is not among the bids that count.')
  }
  if (ranked.bidHash !== own.bidHash) {
    throw new DuckMeshError('BID_INVALID', 'The match holds another bid of this provider.')
  }
  if (place > segment) {
    throw new DuckMeshError('CHOICE_WRONG', 'Providers before this one were not awarded.', {
      details: { place, segment },
    })
  }
  return place
}
