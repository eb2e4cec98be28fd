/** The market protocol of a node: its seats and its bidder behind one set of streams (K-70 to K-73). */
import { shardOf } from '@duckmesh/proto'
import { DuckMeshError, toDuckMeshError } from '../../errors.ts'
import { RateLimit, checkJobHeader } from '../../mesh/index.ts'
import { BID_WINDOW_MAX_MS, FRONT_SEATS, MAX_INVITED } from '../constants.ts'
import { CLIENT_FRAMES_BURST, CLIENT_FRAMES_PER_S } from '../constants.ts'
import { MAX_MARKET_LINKS, PEER_FRAMES_BURST, PEER_FRAMES_PER_S } from '../constants.ts'
import { headerRef } from './header-ref.ts'
import { MarketLink } from './market-link.ts'
import { PeerLinks } from './peer-links.ts'
import { SeatDesk } from './seat-desk.ts'
import { wireDetail } from './wire-detail.ts'
import type { SeatWatch, TurnId } from '../../election/index.ts'
import type { ReceivedHeader, Session, StakeView } from '../../mesh/index.ts'
import type { SeatTurn } from '../auction/interface.ts'
import type { BidAnswer, Bidder } from './bidder.ts'
import type { Outlet } from './outlet.ts'
import type { MarketDialer } from './ports.ts'
import type { SeatDeskComponents, SeatDeskInit } from './seat-components.ts'
import type { Hex, Invite, MarketFrame, Openings } from '@duckmesh/proto'

export interface MarketServerComponents extends Omit<SeatDeskComponents, 'invite' | 'forward'> {
  /** Whom the operators of remote peers act for. */
  stake: StakeView
  watch: Pick<SeatWatch, 'front'>
  dialer: MarketDialer
  /** Absent on a node that serves no model. */
  bidder?: Bidder
}

export interface MarketServerInit extends Pick<SeatDeskInit, 'windowMinMs'> {
  /** 250 when left out. */
  windowMaxMs?: number
  /** 30 when left out; 8 on a local network. */
  maxInvited?: number
}

export class MarketServer {
  readonly #components: MarketServerComponents
  readonly #desk: SeatDesk
  readonly #links: PeerLinks
  readonly #open = new Set<MarketLink>()
  readonly #clientQuota = new RateLimit({
    ratePerS: CLIENT_FRAMES_PER_S,
    burst: CLIENT_FRAMES_BURST,
  })
  readonly #peerQuota = new RateLimit({ ratePerS: PEER_FRAMES_PER_S, burst: PEER_FRAMES_BURST })
  #stopping = false

  constructor(components: MarketServerComponents, init: MarketServerInit) {
    this.#components = components
    this.#links = new PeerLinks(components, {
      ownerOf: (session) => this.#ownerOf(session),
      read: (link, owner) =>
        link.read(this.#peerQuota, (frame) => this.#onPeerFrame(link, owner, frame)),
    })
    this.#desk = new SeatDesk(
      { ...components, invite: this.#invite.bind(this), forward: this.#forward.bind(this) },
      {
        windowMinMs: init.windowMinMs,
        windowMaxMs: init.windowMaxMs ?? BID_WINDOW_MAX_MS,
        maxInvited: init.maxInvited ?? MAX_INVITED,
      },
    )
  }

  /**
   * Handles a stream that a remote opened, after the hellos (`acceptSession` with expect `any`), until it ends.
   * A client binding makes it a client's stream, otherwise it is a staked peer's. Never rejects.
   */
  async serve(session: Session<MarketFrame>): Promise<void> {
    if (this.#stopping || this.#open.size >= MAX_MARKET_LINKS) {
      session.stream.abort(new DuckMeshError('RATE_LIMITED', 'Too many market streams.'))
      return
    }
    const link = new MarketLink(this.#components, session)
    this.#open.add(link)
    const { payer } = session.remote
    if (payer === undefined) await this.#servePeer(session, link)
    else await this.#serveClient(link, payer)
    this.#open.delete(link)
  }

  /** A verified header came by gossip: the bid goes to the front seats that have not got it yet (K-57). */
  heard(received: ReceivedHeader): void {
    this.#bidOnGossip(received).catch((error: unknown) => {
      this.#components.logger.debug('market.gossip_bid_failed', {
        code: toDuckMeshError(error).code,
      })
    })
  }

  /** What this seat's heartbeats say of a turn. */
  matchesOf(shard: number, turn: TurnId): { matches: number; matchesHash: Hex } {
    return this.#desk.matchesOf(shard, turn)
  }

  /** Opens streams to the providers that a seat of this shard would invite: no window should wait for a dial. */
  warm(shard: number): void {
    const { clock, offers, provider } = this.#components
    const serving = offers.entries(clock.now()).filter(({ offer }) => {
      const inShard = offer.models.some(({ modelId }) => shardOf(modelId) === shard)
      return inShard && offer.provider !== provider
    })
    for (const { offer, peerKey } of serving.slice(0, MAX_INVITED)) {
      if (this.#links.of(offer.provider) === undefined) this.#dial(offer.provider, peerKey)
    }
  }

  /** Takes no more streams, ends the auctions and closes every link. */
  async stop(): Promise<void> {
    this.#stopping = true
    const written = this.#desk.stop()
    this.#links.stop()
    await Promise.all([written, ...[...this.#open].map((link) => link.close())])
  }

  #serveClient(link: MarketLink, payer: Hex): Promise<void> {
    const client = {
      id: link.id,
      remoteKey: link.remoteKey,
      payer,
      send: (frame: MarketFrame) => link.send(frame),
    }
    return link.read(this.#clientQuota, async (frame) => {
      if (frame.kind === 'header') await this.#desk.header(client, frame.header)
      else if (frame.kind === 'openings') await this.#desk.openings(client, frame.openings)
      else throw unexpected('A client', frame)
    })
  }

  async #servePeer(session: Session<MarketFrame>, link: MarketLink): Promise<void> {
    try {
      await this.#links.use(await this.#ownerOf(session), link)
    } catch (error) {
      const coded = toDuckMeshError(error)
      this.#components.logger.debug('market.peer_refused', { code: coded.code })
      session.stream.abort(coded)
    }
  }

  async #ownerOf({ remote }: Session<MarketFrame>): Promise<Hex> {
    const { stake } = this.#components
    const { operator } = remote
    const owner = operator === undefined ? null : await stake.providerOf(operator)
    if (owner === 'unknown') {
      throw new DuckMeshError('CHAIN_UNREACHABLE', 'It is not known whom the peer acts for.')
    }
    if (owner !== null) return owner
    throw new DuckMeshError('INVALID_PROVIDER', 'The peer acts for no provider.')
  }

  async #onPeerFrame(from: Outlet, owner: Hex, frame: MarketFrame): Promise<void> {
    const { bidder, logger } = this.#components
    switch (frame.kind) {
      case 'bid': {
        this.#desk.bid(from, owner, frame.bid)
        return
      }
      case 'pass': {
        this.#desk.pass(owner, frame.pass)
        return
      }
      case 'invite':
        return this.#onInvite(from, owner, frame.invite)
      case 'bidAck':
        if (frame.bidAck.ack.seat === owner) {
          await this.#quietly(frame, bidder?.acknowledged(frame.bidAck))
        }
        return
      case 'notice':
        if (frame.notice.match.match.seat === owner) {
          await this.#quietly(frame, bidder?.noticed(frame.notice))
        }
        return
      case 'openings':
        return this.#quietly(frame, bidder?.opened(frame.openings))
      case 'refuse': {
        logger.debug('market.bid_refused', { owner, code: frame.refuse.code })
        return
      }
      case 'hello':
      case 'header':
      case 'ack':
      case 'match':
      case 'ping':
        throw unexpected('A peer', frame)
    }
  }

  /**
   * Checked whole, like a header from gossip: an invitation is only a way to bring it. What is wrong with it is the
   * client's doing, so it never costs the seat its stream.
   */
  async #onInvite(from: Outlet, owner: Hex, invite: Invite): Promise<void> {
    const { bidder } = this.#components
    if (bidder === undefined) return
    if (invite.seat !== owner) {
      throw new DuckMeshError('STALE_SEAT', 'The invitation names another seat.')
    }
    from.send(await this.#answer(invite, bidder))
  }

  async #answer(invite: Invite, bidder: Bidder): Promise<BidAnswer> {
    const { network, provider } = this.#components
    try {
      return await bidder.decide(await checkJobHeader(invite.header, this.#components), invite)
    } catch (error) {
      const { code, message } = toDuckMeshError(error)
      const ref = headerRef(invite.header, network)
      return { kind: 'pass', pass: { ...ref, provider, code, detail: wireDetail(message) } }
    }
  }

  /** What the own chain view or store cannot do now is no fault of the sender. */
  async #quietly(frame: MarketFrame, work: Promise<void> | undefined): Promise<void> {
    try {
      await work
    } catch (error) {
      const { code } = toDuckMeshError(error)
      this.#components.logger.warn('market.frame_failed', { kind: frame.kind, code })
    }
  }

  /** To a remote provider over its stream; to the own bidder straight, as if it came by one. */
  #invite(provider: Hex, invite: Invite): void {
    const { clock, offers } = this.#components
    if (provider === this.#components.provider) {
      this.#toSelf({ kind: 'invite', invite })
      return
    }
    const open = this.#links.of(provider)
    if (open !== undefined) {
      open.send({ kind: 'invite', invite })
      return
    }
    const entry = offers.entries(clock.now()).find(({ offer }) => offer.provider === provider)
    if (entry === undefined) return
    this.#dial(provider, entry.peerKey, { kind: 'invite', invite })
  }

  /** Opens a stream and says something on it; who is not reached is not invited. */
  #dial(provider: Hex, peerKey: Hex, frame?: MarketFrame): void {
    const { logger } = this.#components
    this.#links
      .to(provider, peerKey)
      .then((link) => frame && link.send(frame))
      .catch((error: unknown) => {
        logger.debug('market.not_reached', { provider, code: toDuckMeshError(error).code })
      })
  }

  #forward(provider: Hex, openings: Openings): void {
    if (provider === this.#components.provider) this.#toSelf({ kind: 'openings', openings })
    else this.#links.of(provider)?.send({ kind: 'openings', openings })
  }

  /** Frames between the two roles of this node: the seat's outlet to its own bidder, and back. */
  #toSelf(frame: MarketFrame): void {
    const { provider, logger } = this.#components
    const self: Outlet = { id: 'self', send: (answer) => this.#toSelf(answer) }
    this.#onPeerFrame(self, provider, frame).catch((error: unknown) => {
      logger.debug('market.own_frame_failed', {
        kind: frame.kind,
        code: toDuckMeshError(error).code,
      })
    })
  }

  async #bidOnGossip(received: ReceivedHeader): Promise<void> {
    const { bidder, view, watch, provider } = this.#components
    if (bidder === undefined || this.#stopping) return
    const id = view.turnClock.now()
    const shard = shardOf(received.header.order.order.modelId)
    const front = (await watch.front(shard, id)).slice(0, FRONT_SEATS)
    for (const seat of front) {
      if (seat !== provider) await this.#bidTo({ seat, ...id }, received, bidder)
    }
  }

  async #bidTo(at: SeatTurn, received: ReceivedHeader, bidder: Bidder): Promise<void> {
    const answer = await bidder.volunteer(received, at)
    // What does not bid stays silent: nobody asked.
    if (answer?.kind !== 'bid') return
    const link = this.#links.of(at.seat) ?? (await this.#linkToSeat(at.seat))
    link.send(answer)
  }

  async #linkToSeat(seat: Hex): Promise<Outlet> {
    const { operators, bindings } = this.#components
    const operator = await operators.operatorOf(seat)
    const known = operator !== null && operator !== 'unknown' ? bindings.peersOf(operator) : []
    const [binding] = known
    if (binding !== undefined) return this.#links.to(seat, binding.peerKey)
    throw new DuckMeshError('BINDING_UNKNOWN', 'No peer of the seat is known.')
  }
}

function unexpected(who: string, { kind }: MarketFrame): DuckMeshError {
  return new DuckMeshError('UNEXPECTED_FRAME', `${who} sent ${kind}.`)
}
