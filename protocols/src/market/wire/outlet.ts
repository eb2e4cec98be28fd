/** Where the two roles of the market send frames: a stream to a peer, or the other role of this node. */
import type { Hex, MarketFrame } from '@duckmesh/proto'

export interface Outlet {
  /** Unique among the links of this node. */
  readonly id: string
  /** Hands the frame over in order; what cannot be sent is lost with its link. */
  send(frame: MarketFrame): void
}

/** The stream of a client. */
export interface ClientOutlet extends Outlet {
  /** Key of the peer that dialled, proved by the connection. */
  readonly remoteKey: Hex
  /** Whom its hello bound it to. */
  readonly payer: Hex
}
