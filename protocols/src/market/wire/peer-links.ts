/** The streams to staked peers by owner: one is kept and used both ways, whoever opened it (K-71). */
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { HELLO_TIMEOUT_MS, withDeadline } from '../../mesh/index.ts'
import { MarketLink } from './market-link.ts'
import type { Clock, Logger } from '../../components.ts'
import type { Session } from '../../mesh/index.ts'
import type { MarketDialer } from './ports.ts'
import type { Hex, MarketFrame } from '@duckmesh/proto'

export interface PeerLinksComponents {
  clock: Clock
  logger: Logger
  dialer: MarketDialer
}

/** What the server does with a stream to a peer. */
export interface PeerHandling {
  /** Whom the remote acts for. Rejects with INVALID_PROVIDER or CHAIN_UNREACHABLE. */
  ownerOf(session: Session<MarketFrame>): Promise<Hex>
  /** Reads until the stream ends, never rejects. */
  read(link: MarketLink, owner: Hex): Promise<void>
}

export class PeerLinks {
  readonly #components: PeerLinksComponents
  readonly #handling: PeerHandling
  readonly #links = new Map<Hex, MarketLink>()
  readonly #dialling = new Map<Hex, Promise<MarketLink>>()
  readonly #stop = new AbortController()
  readonly #dialled = new Set<MarketLink>()

  constructor(components: PeerLinksComponents, handling: PeerHandling) {
    this.#components = components
    this.#handling = handling
  }

  /** The open link to an owner. */
  of(owner: Hex): MarketLink | undefined {
    const link = this.#links.get(owner)
    return link?.closed === false ? link : undefined
  }

  /** Uses a stream whose remote acts for `owner` until it ends; the newest one to an owner is written to. */
  async use(owner: Hex, link: MarketLink): Promise<void> {
    this.#links.set(owner, link)
    await this.#handling.read(link, owner)
    if (this.#links.get(owner) === link) this.#links.delete(owner)
  }

  /** The open link to an owner or a new one to its peer; one dial at a time. Rejects with NO_PEERS and the like. */
  to(owner: Hex, peerKey: Hex): Promise<MarketLink> {
    const open = this.of(owner)
    if (open !== undefined) return Promise.resolve(open)
    const underWay = this.#dialling.get(peerKey)
    if (underWay !== undefined) return underWay
    const dialling = this.#dial(owner, peerKey).finally(() => this.#dialling.delete(peerKey))
    this.#dialling.set(peerKey, dialling)
    return dialling
  }

  stop(): void {
    this.#stop.abort(new DuckMeshError('SHUTTING_DOWN', 'The peer stops.'))
    for (const link of this.#dialled) void link.close()
  }

  async #dial(owner: Hex, peerKey: Hex): Promise<MarketLink> {
    const { clock, dialer } = this.#components
    const { signal } = this.#stop
    const session = await withDeadline(dialer.dial(peerKey, signal), {
      clock,
      ms: HELLO_TIMEOUT_MS,
      what: 'No market stream',
      signal,
    })
    const link = new MarketLink(this.#components, session)
    try {
      if ((await this.#handling.ownerOf(session)) !== owner) {
        throw new DuckMeshError('BINDING_MISMATCH', 'The peer acts for another provider.')
      }
    } catch (error) {
      session.stream.abort(toDuckMeshError(error))
      throw error
    }
    link.keepOpen()
    this.#dialled.add(link)
    void this.use(owner, link).finally(() => this.#dialled.delete(link))
    return link
  }
}
