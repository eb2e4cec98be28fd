/** What the seat's side of the market is built from. */
import type { Clock, Logger, Signer } from '../../components.ts'
import type { Funding, HeaderRules } from '../../mesh/index.ts'
import type { AuctionComponents } from '../auction/verify-set.ts'
import type { RecordStore } from '../auction/interface.ts'
import type { OfferBook } from '../offer-book.ts'
import type { EvidenceStore, MatchFacts, SeatFees } from './ports.ts'
import type { Hex, Invite, Openings } from '@duckmesh/proto'

export interface SeatDeskComponents extends HeaderRules {
  clock: Clock
  logger: Logger
  /** Owner address under which this node holds seats. */
  provider: Hex
  /** The operator's key. */
  signer: Signer
  view: AuctionComponents['seats']
  replyKeys: AuctionComponents['replyKeys']
  operators: AuctionComponents['operators']
  offers: Pick<OfferBook, 'list' | 'entries'>
  funding: Funding
  records: RecordStore
  fees: SeatFees
  evidence: EvidenceStore
  /** Brings an invitation to a provider, as well as it can. */
  invite: (provider: Hex, invite: Invite) => void
  /** Passes openings on to a bidder that is connected. */
  forward: (provider: Hex, openings: Openings) => void
  onMatch?: (facts: MatchFacts) => void
}

export interface SeatDeskInit {
  /** Least time a window is open, ms: 150 on a public network, 30 on a local one. */
  windowMinMs: number
  windowMaxMs: number
  maxInvited: number
}
