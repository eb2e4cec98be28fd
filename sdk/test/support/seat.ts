/** The market of a provider in this process: it holds every seat, invites itself, and bids. */
import { marketFrameCodec } from '@duckmesh/protocols'
import type { Clock, Crypto, Hex, Logger, MarketFrame } from '@duckmesh/protocols'
import type { NetworkIdentity, PeerBinding, Signer } from '@duckmesh/protocols'
import type { AuctionRules } from '@duckmesh/protocols/dispatch'
import { LightServer, SeatWatch, TurnClock } from '@duckmesh/protocols/election'
import type { SeatView } from '@duckmesh/protocols/election'
import { Bidder, MarketServer, OfferBook, OwnBids, bookEntry } from '@duckmesh/protocols/market'
import { checkAuctionAward } from '@duckmesh/protocols/market'
import type { Load, RecordStore } from '@duckmesh/protocols/market'
import { BindingBook, LIGHT_PROTOCOL, MARKET_PROTOCOL } from '@duckmesh/protocols/mesh'
import { acceptSession, buildHello, frameStream } from '@duckmesh/protocols/mesh'
import type { OpenedEnvelope } from '@duckmesh/protocols/mesh'
import type { Connection, Stream } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import type { ChainReader } from '../../src/chain/chain-reader.ts'
import { HpkeReplyKeys } from '../../src/crypto/reply-keys.ts'
import type { SdkCrypto } from '../../src/crypto/sdk-crypto.ts'
import type { FakeRpc } from './fake-rpc.ts'
import { MODEL } from './offers.ts'

export interface SeatParts {
  binding: PeerBinding
  clock: Clock
  crypto: SdkCrypto & Crypto
  host: Libp2p
  load: () => Load
  logger: Logger
  network: NetworkIdentity
  peerKey: Hex
  port: ChainReader
  prices: { priceIn: bigint; priceOut: bigint }
  provider: Hex
  signer: Signer
}

/** What the seat did, for tests to look at. */
export interface TestSeat {
  auction: AuctionRules
  offers: OfferBook
  /** Cumulative fees by payer, wei. */
  fees: Map<Hex, bigint>
  /** Of each match that it signed. */
  matches: { bids: number; passes: number }[]
  serve(): Promise<void>
  stop(): Promise<void>
}

/** Stake for every epoch that a test may run in: seats and weights come from the chain alone. */
export function holdSeats(rpc: FakeRpc, provider: Hex, nowMs: number): void {
  const epoch = Math.floor(nowMs / 60_000)
  for (let e = epoch - 1; e <= epoch + 3; e += 1) rpc.weights.set(`${provider}:${e}`, 10n ** 21n)
}

export async function createSeat(parts: SeatParts): Promise<TestSeat> {
  const { clock, crypto, host, network, port, provider } = parts
  const turnClock = new TurnClock(clock, await port.electionTimes())
  const view: SeatView = {
    turnClock,
    seats: () => Promise.resolve([provider]),
    seed: (epoch) => port.seed(epoch),
    weight: (owner, epoch) => port.weight(owner, epoch),
  }
  const watch = new SeatWatch({ clock, view })
  const replyKeys = new HpkeReplyKeys(crypto)
  const records = memoryRecords()
  const bids = new OwnBids({ records })
  const fees = new Map<Hex, bigint>()
  const matches: TestSeat['matches'] = []
  const offers = new OfferBook()
  const bindings = new BindingBook({ network, crypto, clock })
  const evidence = { keep: () => Promise.resolve() }
  const shared = { ...parts, bindings, bids, evidence, operators: port, replyKeys, view }
  const { priceIn, priceOut } = parts.prices
  const quote = { priceIn, priceOut, contextLength: 512 }
  const bidder = new Bidder({
    ...shared,
    prices: { quote: (modelId) => (modelId === MODEL ? quote : undefined) },
    capacity: {
      covered: async (payer) => {
        const { allotted, redeemed, thawing } = await port.channel(payer, provider)
        return allotted - redeemed - thawing
      },
    },
  })
  const market = new MarketServer(
    {
      ...shared,
      bidder,
      dialer: { dial: () => Promise.reject(new Error('it is alone')) },
      fees: {
        raise: ({ voucher }) => {
          fees.set(voucher.payer, voucher.cumulative)
          return Promise.resolve()
        },
      },
      funding: { fundsOf: () => Promise.resolve(10n ** 21n) },
      offers,
      onMatch: ({ bids: count, passes }) => matches.push({ bids: count, passes }),
      records,
      stake: port,
      watch,
    },
    { windowMinMs: 30, maxInvited: 8 },
  )
  const hello = (): ReturnType<typeof buildHello> => buildHello(network, { peer: parts.binding })
  const light = new LightServer({
    ...shared,
    hello,
    watch,
    self: provider,
    directory: { peerOf: () => Promise.resolve({ peerKey: parts.peerKey, addresses: [] }) },
    forward: () => Promise.resolve(),
  })
  const serveMarket = async (stream: Stream, { remotePeer }: Connection): Promise<void> => {
    const frames = frameStream({ stream, remotePeer, codec: marketFrameCodec, clock })
    const rules = { bindings, clock, network }
    try {
      await market.serve(
        await acceptSession<MarketFrame>(frames, hello, rules, { expect: 'client' }),
      )
    } catch (error) {
      stream.abort(error as Error)
    }
  }
  const rules = { ...shared, seats: view }
  return {
    auction: { check: (frame) => checkAuctionAward(frame, rules, provider) },
    offers,
    fees,
    matches,
    serve: async () => {
      await host.handle(MARKET_PROTOCOL, serveMarket)
      await host.handle(LIGHT_PROTOCOL, light.handle)
    },
    stop: () => market.stop(),
  }
}

/** The own offer as the seat's book keeps it. */
export function keepOffer(
  seat: TestSeat,
  opened: OpenedEnvelope & { offer: Parameters<typeof bookEntry>[0]['offer'] },
  nowMs: number,
): void {
  seat.offers.put(bookEntry(opened), nowMs)
}

function memoryRecords(): RecordStore {
  const kept = new Map<string, Uint8Array>()
  return {
    save: (key, bytes) => Promise.resolve(void kept.set(key, bytes)),
    find: (key) => Promise.resolve(kept.get(key)),
  }
}
