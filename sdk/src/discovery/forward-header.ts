/** Has peers gossip the headers of a client that joins no gossip mesh (rule M-86). */
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import type { Envelope, Hex, Logger } from '@duckmesh/protocols'
import type { PeerQueries } from '@duckmesh/protocols/election'
import { peerIdStringOf } from '@duckmesh/protocols/mesh'
import { peerIdFromString } from '@libp2p/peer-id'

/** Peers asked for one header: gossip carries it everywhere from any of them. */
const FORWARDERS = 2

export interface PeerForwarderComponents {
  queries: Pick<PeerQueries, 'forward'>
  /** Keys of the peers that may be asked: those connected. */
  peers: () => readonly Hex[]
  logger: Logger
}

export class PeerForwarder {
  readonly #components: PeerForwarderComponents
  #next = 0

  constructor(components: PeerForwarderComponents) {
    this.#components = components
  }

  /**
   * Resolves when one of two peers has passed the header on; the next header goes by other peers.
   *
   * @throws DuckMeshError NO_PEERS when nobody could be asked, or why the last of them refused
   */
  async forward(envelope: Envelope): Promise<void> {
    const peers = this.#components.peers()
    const start = this.#next
    this.#next += FORWARDERS
    const chosen = Array.from({ length: Math.min(FORWARDERS, peers.length) }, (_, i) => {
      return peers[(start + i) % peers.length]
    })
    const asked = chosen.flatMap((key) => (key === undefined ? [] : this.#ask(key, envelope)))
    await Promise.any(asked).catch((error: unknown) => {
      const reasons = error instanceof AggregateError ? (error.errors as unknown[]) : []
      throw reasons.length === 0 ? nobody() : toDuckMeshError(reasons.at(-1))
    })
  }

  async #ask(key: Hex, envelope: Envelope): Promise<void> {
    const { logger, queries } = this.#components
    try {
      await queries.forward(peerIdFromString(peerIdStringOf(key)), envelope)
    } catch (error) {
      logger.debug('header not forwarded', { peerKey: key, code: toDuckMeshError(error).code })
      throw error
    }
  }
}

function nobody(): DuckMeshError {
  return new DuckMeshError('NO_PEERS', 'No peer is connected that could forward the header.')
}
