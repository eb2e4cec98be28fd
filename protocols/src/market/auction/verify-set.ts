import { shardOf } from '@duckmesh/proto'
import { DuckMeshError } from '../../errors.ts'
import { structDigest } from '../../signed-struct.ts'
import { bidCommit } from './bid-commit.ts'
import { bidsRoot } from './bids-root.ts'
import { judgeBid } from './judge-bid.ts'
import { openBid, operatorOf } from './open-bid.ts'
import type { SeatView } from '../../election/index.ts'
import type { OpenedBid, OpenedSet } from './interface.ts'
import type { OpenBidComponents } from './open-bid.ts'
import type { AuctionRef, BidSet, Hex, JobHeader, Match } from '@duckmesh/proto'
import type { RelayedBid, SignedMatch } from '@duckmesh/proto'

export interface AuctionComponents extends OpenBidComponents {
  seats: SeatView
}

/** Bids opened so far by their commitment: most lie in the sets of both seats, and opening costs a millisecond. */
export type OpenedBids = Map<Hex, Promise<OpenedBid>>

/** The auction whose matches are verified; `opened` is shared by its sets. */
export interface VerifiedAuction {
  header: JobHeader
  jobId: Hex
  replySecret: Hex
  opened: OpenedBids
}

/**
 * Verifies one seat's match and opens the bids behind it (K-54, K-55, K-62).
 *
 * @throws DuckMeshError MATCH_INVALID, STALE_SEAT or CHAIN_UNREACHABLE
 */
export async function verifySet(
  set: BidSet,
  auction: VerifiedAuction,
  components: AuctionComponents,
): Promise<OpenedSet> {
  const { header, jobId, opened, replySecret } = auction
  const ref = { jobId, attempt: header.attempt }
  const { match } = set.match
  checkBidSet(set, ref)
  const matchHash = await checkMatch(set.match, header.order.order.modelId, components)
  const turnStartS = Math.floor(components.seats.turnClock.startMs(match) / 1_000)
  const openOnce = (relayed: RelayedBid): Promise<OpenedBid> => {
    const commit = bidCommit(ref, relayed)
    const opening = opened.get(commit) ?? openBid(relayed, { ...ref, replySecret }, components)
    opened.set(commit, opening)
    return opening
  }
  const bids = set.bids.map(async (bid) => judgeBid(await openOnce(bid), header, turnStartS))
  return { match, matchHash, bids: await Promise.all(bids) }
}

/** That the bids are those of the match (K-55): root, count, one per provider. Throws MATCH_INVALID. */
export function checkBidSet({ match, bids }: BidSet, ref: AuctionRef): void {
  const { match: signed } = match
  if (signed.jobId !== ref.jobId || signed.attempt !== ref.attempt) {
    throw new DuckMeshError('MATCH_INVALID', 'The match is for another job or attempt.')
  }
  const providers = new Set(bids.map((bid) => bid.provider))
  if (signed.bids !== bids.length || providers.size !== bids.length) {
    throw new DuckMeshError('MATCH_INVALID', 'The match counts other bids.')
  }
  if (signed.bidsRoot !== bidsRoot(bids.map((bid) => bidCommit(ref, bid)))) {
    throw new DuckMeshError('MATCH_INVALID', 'The bids are not those that the match commits to.')
  }
}

/**
 * That a seat of its turn signed the match (K-54).
 *
 * @returns the match hash
 * @throws DuckMeshError STALE_SEAT, MATCH_INVALID or CHAIN_UNREACHABLE
 */
export async function checkMatch(
  { match, signature }: SignedMatch,
  modelId: Hex,
  components: Pick<AuctionComponents, 'seats' | 'operators' | 'crypto' | 'network'>,
): Promise<Hex> {
  const view = components.seats
  const seats = isTurn(view, match) ? await view.seats(shardOf(modelId), match) : []
  if (!seats.includes(match.seat)) {
    throw new DuckMeshError('STALE_SEAT', 'The match is by a peer without a seat in its turn.')
  }
  const hash = structDigest(components.network, 'Match', match)
  const operator = await operatorOf(components.operators, match.seat)
  if (operator === null || components.crypto.recoverAddress(hash, signature) !== operator) {
    throw new DuckMeshError('MATCH_INVALID', 'The match is not signed by its seat.')
  }
  return hash
}

/** A turn number beyond the epoch would let a seat look for one in which it is drawn. */
function isTurn({ turnClock }: SeatView, { turn }: Match): boolean {
  return turn * turnClock.times.turnS < turnClock.times.epochS
}
