/** The auction lane of a light client: who has the seats, streams to them, and the auctioneer over both. */
import { toDuckMeshError } from '@duckmesh/protocols'
import type { ClientBinding, Clock, Hex, Logger } from '@duckmesh/protocols'
import type { NetworkIdentity, Rng } from '@duckmesh/protocols'
import { PeerQueries, TurnClock } from '@duckmesh/protocols/election'
import type { ElectionTimes } from '@duckmesh/protocols/election'
import { Auctioneer, RoundTrips } from '@duckmesh/protocols/market'
import { SequenceCounter, buildHello, peerKeyOf } from '@duckmesh/protocols/mesh'
import type { BindingBook } from '@duckmesh/protocols/mesh'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import type { ChainReader } from '../chain/chain-reader.ts'
import type { ClientCrypto } from '../crypto/client-crypto.ts'
import { peerKeySigner } from '../crypto/peer-key-signer.ts'
import type { OfferFinder } from '../discovery/find-offers.ts'
import { SeatFinder } from '../discovery/find-seats.ts'
import { PeerForwarder } from '../discovery/forward-header.ts'
import { LightSeatView } from '../discovery/light-seat-view.ts'
import { endAll } from '../end-all.ts'
import type { ClientHost } from '../host/create-client-host.ts'
import { SeatStreams } from './seat-streams.ts'

/** Seats that hear of a job first. */
const FRONT_SEATS = 2

export interface AuctionParts {
  /** This client's binding, renewed before it expires. */
  binding: () => Promise<ClientBinding>
  bindings: BindingBook
  chain: ChainReader
  clock: Clock
  crypto: ClientCrypto
  finder: OfferFinder
  host: ClientHost
  logger: Logger
  network: NetworkIdentity
  privateKey: Ed25519PrivateKey
  rng: Rng
  times: ElectionTimes
}

export interface ClientAuction {
  auctioneer: Auctioneer
  /** Learns the seats of a shard and opens streams to the front ones; never rejects. */
  warm(shard: number): Promise<void>
  close(): Promise<void>
}

export function createAuction(parts: AuctionParts): ClientAuction {
  const { binding, chain, clock, crypto, finder, host, network, privateKey, times } = parts
  const view = new LightSeatView({ chain, turnClock: new TurnClock(clock, times) })
  const hello = async (): Promise<ReturnType<typeof buildHello>> =>
    buildHello(network, { client: await binding() })
  const queries = new PeerQueries({ ...parts, hello })
  const peers = (): Hex[] => askable(finder, host, clock)
  const shared = { ...parts, queries, peers, view, stake: chain, peerStore: host.peerStore }
  const seats = new SeatFinder(shared)
  const sessions = new SeatStreams(shared)
  const auctioneer = new Auctioneer({
    ...shared,
    forwarder: new PeerForwarder(shared),
    operators: chain,
    replyKeys: crypto.replyKeys,
    roundTrips: new RoundTrips({ clock }),
    seats: { seats: async (shard, signal) => (await seats.seats(shard, signal)).seats },
    sequence: new SequenceCounter(clock),
    sessions,
    signer: peerKeySigner(privateKey),
  })
  const stopping = new AbortController()
  const warm = async (shard: number): Promise<void> => {
    try {
      const found = await seats.seats(shard, stopping.signal)
      const front = found.seats.slice(0, FRONT_SEATS)
      await Promise.all(front.map((seat) => sessions.to(seat, stopping.signal)))
    } catch (error) {
      parts.logger.debug('seats not warmed', { shard, code: toDuckMeshError(error).code })
    }
  }
  const stopSeats = (): void => {
    stopping.abort()
    seats.stop()
  }
  const close = (): Promise<void> =>
    endAll([stopSeats, () => sessions.close(), () => queries.stop()])
  return { auctioneer, warm, close }
}

/** Peers with offers: they are staked and in gossip. Seeds know neither seats nor headers. */
function askable(finder: OfferFinder, host: ClientHost, clock: Clock): Hex[] {
  const connected = new Set(host.getPeers().map((peer) => peerKeyOf(peer)))
  const offering = finder.book.entries(clock.now()).map(({ peerKey }) => peerKey)
  // Those that need no dial first.
  return [...offering].sort((a, b) => Number(connected.has(b)) - Number(connected.has(a)))
}
