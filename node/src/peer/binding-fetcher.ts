/** Learns the binding of a peer whose gossip cannot be judged without it. */
import type { Hex, Logger } from '@duckmesh/protocols'
import type { CapsClient } from '@duckmesh/protocols/market'
import { codedError, peerIdStringOf } from '@duckmesh/protocols/mesh'
import { peerIdFromString } from '@libp2p/peer-id'

export interface BindingFetcherComponents {
  /** Its hellos put every binding they verify into the node's book. */
  caps: Pick<CapsClient, 'request'>
  logger: Logger
}

/** Hellos at a time: a flood of strange envelopes must not become a flood of dials. */
const MAX_FETCHES = 8

export class BindingFetcher {
  readonly #components: BindingFetcherComponents
  readonly #stopped = new AbortController()
  readonly #running = new Set<Hex>()

  constructor(components: BindingFetcherComponents) {
    this.#components = components
  }

  /** Says hello to the peer, unless that is being done or too many others are. Never rejects. */
  async fetch(peerKey: Hex): Promise<void> {
    if (this.#running.has(peerKey) || this.#running.size >= MAX_FETCHES) return
    if (this.#stopped.signal.aborted) return
    const { caps, logger } = this.#components
    this.#running.add(peerKey)
    try {
      const peer = peerIdFromString(peerIdStringOf(peerKey))
      await caps.request(peer, { signal: this.#stopped.signal })
    } catch (error) {
      const { code } = codedError(error, 'NO_PEERS', 'No hello.')
      logger.debug('peer.binding_not_learnt', { peerKey, code })
    } finally {
      this.#running.delete(peerKey)
    }
  }

  stop(): void {
    this.#stopped.abort()
  }
}
