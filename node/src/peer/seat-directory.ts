/** Which peer acts for an owner and where it listens, as this node's gossip shows: told to clients (M-84). */
import type { Clock, Hex } from '@duckmesh/protocols'
import type { SeatDirectory } from '@duckmesh/protocols/election'
import type { OfferBook } from '@duckmesh/protocols/market'
import { peerIdStringOf } from '@duckmesh/protocols/mesh'
import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerHost } from '../host/index.ts'

/** Addresses told of one peer. */
const MAX_ADDRESSES = 4
/** Owners whose peer is remembered from a heartbeat. */
const MAX_HEARD = 1_024

export interface GossipDirectoryComponents {
  clock: Pick<Clock, 'now'>
  host: Pick<PeerHost, 'getMultiaddrs'> & { peerStore: Pick<PeerHost['peerStore'], 'get'> }
  offers: Pick<OfferBook, 'entries'>
  /** Owner and Ed25519 key of this node. */
  self: { provider: Hex; peerKey: Hex }
}

export class GossipDirectory implements SeatDirectory {
  readonly #components: GossipDirectoryComponents
  /** By owner, the peer that beat last; oldest first. */
  readonly #heard = new Map<Hex, Hex>()

  constructor(components: GossipDirectoryComponents) {
    this.#components = components
  }

  /** A verified heartbeat showed who acts for the owner. */
  learn(owner: Hex, peerKey: Hex): void {
    this.#heard.delete(owner)
    this.#heard.set(owner, peerKey)
    const [oldest] = this.#heard.keys()
    if (this.#heard.size > MAX_HEARD && oldest !== undefined) this.#heard.delete(oldest)
  }

  async peerOf(owner: Hex): Promise<{ peerKey: Hex; addresses: string[] } | undefined> {
    const { clock, host, offers, self } = this.#components
    if (owner === self.provider) return { peerKey: self.peerKey, addresses: own(host) }
    const offered = offers.entries(clock.now()).find(({ offer }) => offer.provider === owner)
    const peerKey = offered?.peerKey ?? this.#heard.get(owner)
    if (peerKey === undefined) return undefined
    const peer = peerIdFromString(peerIdStringOf(peerKey))
    const known = await host.peerStore.get(peer).catch(() => undefined)
    const addresses = (known?.addresses ?? []).slice(0, MAX_ADDRESSES)
    return { peerKey, addresses: addresses.map(({ multiaddr }) => multiaddr.toString()) }
  }
}

function own(host: Pick<PeerHost, 'getMultiaddrs'>): string[] {
  const addresses = host.getMultiaddrs().slice(0, MAX_ADDRESSES)
  return addresses.map((address) => address.toString())
}
