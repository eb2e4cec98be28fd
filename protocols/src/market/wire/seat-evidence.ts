/** What a bidder remembers of its seats, to find what a seat's two signatures prove (K-59). */
import { marketFrameCodec } from '@duckmesh/proto'
import { toDuckMeshError } from '../../errors.ts'
import { recoverStruct, structDigest } from '../../signed-struct.ts'
import { bidsRoot } from '../auction/bids-root.ts'
import { operatorOf } from '../auction/open-bid.ts'
import { checkMatch } from '../auction/verify-set.ts'
import { MAX_KEPT_AUCTIONS } from '../constants.ts'
import { ExpiringMap } from '../expiring-map.ts'
import type { Clock, Logger } from '../../components.ts'
import type { ErrorCode } from '../../error-codes.ts'
import type { OwnBid } from '../auction/interface.ts'
import type { AuctionComponents } from '../auction/verify-set.ts'
import type { EvidenceStore } from './ports.ts'
import type { AuctionRef, Hex, MatchNotice, SignedBidAck, SignedMatch } from '@duckmesh/proto'

/** What one seat said about one auction. */
interface Said {
  ack?: SignedBidAck
  /** The first match, with its commitments when they came with it. */
  match?: SignedMatch
  commits?: readonly Hex[]
}

export interface SeatEvidenceComponents extends Omit<AuctionComponents, 'seats' | 'replyKeys'> {
  clock: Clock
  logger: Logger
  view: AuctionComponents['seats']
  evidence: EvidenceStore
}

export class SeatEvidence {
  readonly #components: SeatEvidenceComponents
  readonly #said = new ExpiringMap<string, Said>(MAX_KEPT_AUCTIONS)

  constructor(components: SeatEvidenceComponents) {
    this.#components = components
  }

  /** An acknowledgement of the own bid, from the seat's own stream; its signature is checked before it is a proof. */
  async acknowledged(ack: SignedBidAck, own: OwnBid): Promise<void> {
    const said = this.#remember(ack.ack, ack.ack.seat, own, { ack })
    await this.#compare(said)
  }

  /** A match with its commitments, from the seat. Ignored unless it is signed by a seat. */
  async noticed({ match, commits }: MatchNotice, own: OwnBid): Promise<void> {
    if (!(await this.shown(match, own))) return
    if (match.match.bidsRoot !== bidsRoot(commits) || match.match.bids !== commits.length) {
      await this.#keep('MATCH_INVALID', [notice(match, commits)])
      return
    }
    const said = this.#remember(match.match, match.match.seat, own, { commits })
    await this.#compare(said)
  }

  /** A match of the seat from anywhere; false when it is none or contradicts the first one. */
  async shown(match: SignedMatch, own: OwnBid): Promise<boolean> {
    const { network, logger, view: seats } = this.#components
    try {
      const { modelId } = own.header.order.order
      await checkMatch(match, modelId, { ...this.#components, seats })
    } catch (error) {
      logger.debug('market.match_ignored', { code: toDuckMeshError(error).code })
      return false
    }
    const { match: first } = this.#get(match.match, match.match.seat) ?? {}
    const hash = ({ match: one }: SignedMatch): Hex => structDigest(network, 'Match', one)
    if (first !== undefined && hash(first) !== hash(match)) {
      await this.#keep('MATCH_CONTRADICTS', [notice(first, []), notice(match, [])])
      return false
    }
    this.#remember(match.match, match.match.seat, own, { match })
    return true
  }

  /** The acknowledged bid must be among the commitments, whichever of the two came first. */
  async #compare({ ack, match, commits }: Said): Promise<void> {
    if (ack === undefined || match === undefined || commits === undefined) return
    if (commits.includes(ack.ack.commit) || !(await this.#isSigned(ack))) return
    const acknowledged = marketFrameCodec.encode({ kind: 'bidAck', bidAck: ack })
    await this.#keep('BID_OMITTED', [acknowledged, notice(match, commits)])
  }

  async #isSigned({ ack, signature }: SignedBidAck): Promise<boolean> {
    const { crypto, network, operators } = this.#components
    const signer = recoverStruct(crypto, network, 'BidAck', ack, signature)
    return signer !== null && signer === (await operatorOf(operators, ack.seat))
  }

  #get(ref: AuctionRef, seat: Hex): Said | undefined {
    return this.#said.get(keyOf(ref, seat), this.#components.clock.now())
  }

  #remember(ref: AuctionRef, seat: Hex, own: OwnBid, more: Said): Said {
    const said = { ...this.#get(ref, seat), ...more }
    this.#said.set(keyOf(ref, seat), said, own.header.order.order.deadline * 1_000)
    return said
  }

  async #keep(kind: ErrorCode, bytes: readonly Uint8Array[]): Promise<void> {
    this.#components.logger.warn('market.evidence', { kind })
    await this.#components.evidence.keep(kind, bytes)
  }
}

function keyOf({ jobId, attempt }: AuctionRef, seat: Hex): string {
  return `${jobId}:${attempt}:${seat}`
}

function notice(match: SignedMatch, commits: readonly Hex[]): Uint8Array {
  return marketFrameCodec.encode({ kind: 'notice', notice: { match, commits: [...commits] } })
}
