import type { Heartbeat, Hex } from '@duckmesh/protocols'
import { TurnClock } from '@duckmesh/protocols/election'
import type { SeatView } from '@duckmesh/protocols/election'
import type { AuctionRules } from '@duckmesh/protocols/dispatch'
import { OfferBook } from '@duckmesh/protocols/market'
import { BindingBook, LIGHT_PROTOCOL, MARKET_PROTOCOL } from '@duckmesh/protocols/mesh'
import { HpkeReplyKeys } from '@duckmesh/sdk'
import { expect } from 'chai'
import { NodeCrypto } from '../../src/crypto/index.ts'
import { MarketRole } from '../../src/peer/market-role.ts'
import type { MarketRoleComponents } from '../../src/peer/market-role.ts'
import { MarketStats } from '../../src/peer/market-stats.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { rejection } from '../reject.ts'
import { settle } from '../settle.ts'
import { PAYER, PROVIDER, hexOfDigit } from '../storage/rows.ts'

type AwardFrame = Parameters<AuctionRules['check']>[0]

const NOW = 1_800_000_000_000
/** Turns of 10 s in epochs of 60 s. */
const TIMES = { epochS: 60, turnS: 10 }
const MODEL = hexOfDigit('3', 32)
const network = { name: '31337-aaaaaaaa', chainId: 31_337, registry: hexOfDigit('a', 20) }

/** A node whose host, gossip and chain are noted down; `seats` holds all of them in every turn. */
class Desk {
  readonly clock = new ManualClock(NOW)
  readonly stats = new MarketStats()
  readonly offers = new OfferBook()
  readonly handled: string[] = []
  readonly unhandled: string[] = []
  readonly beats: [number, Heartbeat][] = []
  seats: Hex[] = [PROVIDER]
  readonly role: MarketRole

  constructor() {
    this.role = new MarketRole(this.#components(), { local: true })
  }

  offer(provider: Hex, modelId: Hex): void {
    const prices = { priceIn: 1n, priceOut: 1n, determinism: 'f32' as const, contextLength: 64 }
    const offer = {
      provider,
      models: [{ modelId, name: 'duckling', ...prices }],
      expiryMs: NOW + 30_000,
      slots: 4,
    }
    const envelope = { body: new Uint8Array(), sig: new Uint8Array() }
    const rest = { offerHash: hexOfDigit('0', 32), envelope, issuedAtMs: NOW, seq: 1 }
    this.offers.put({ offer, peerKey: modelId, ...rest }, NOW)
  }

  #components(): MarketRoleComponents {
    const { beats, clock, handled, offers, stats, unhandled } = this
    const crypto = new NodeCrypto()
    const view: SeatView = {
      turnClock: new TurnClock(clock, TIMES),
      seats: () => Promise.resolve(this.seats),
      seed: () => Promise.resolve(hexOfDigit('5', 32)),
      weight: () => Promise.resolve(1n),
    }
    const records = {
      put: () => Promise.resolve(),
      get: () => Promise.resolve(undefined),
      list: () => Promise.resolve([]),
      forget: () => Promise.resolve(0),
    }
    const host = {
      handle: (protocol: string) => Promise.resolve(handled.push(protocol)),
      unhandle: (protocols: string[]) => Promise.resolve(unhandled.push(...protocols)),
      dialProtocol: () => Promise.reject(new Error('nobody is there')),
      getMultiaddrs: () => [],
    }
    const gossip = {
      publishHeartbeat: (shard: number, beat: Heartbeat) =>
        Promise.resolve(beats.push([shard, beat])),
    }
    const parts = {
      binding: { current: {} },
      bindings: new BindingBook({ network, crypto, clock }),
      clock,
      crypto,
      evidence: { keep: () => Promise.resolve() },
      fees: { raise: () => Promise.resolve() },
      funding: { fundsOf: () => Promise.resolve(0n) },
      gossip,
      host,
      load: () => ({ inFlight: 0, slots: 4, stepMs: 0 }),
      logger: new NotedLogs(),
      network,
      offers,
      operators: { operatorOf: () => Promise.resolve(null) },
      peerKey: hexOfDigit('7', 32),
      port: { channel: () => Promise.resolve({ allotted: 0n, redeemed: 0n, thawing: 0n }) },
      prices: { quote: () => undefined },
      provider: PROVIDER,
      replyKeys: new HpkeReplyKeys(crypto),
      rng: crypto,
      served: { models: () => [] },
      signer: { address: PAYER, signDigest: () => Promise.resolve(hexOfDigit('5', 65)) },
      stake: { providerOf: () => Promise.resolve(null) },
      stats,
      store: { records, ledger: { loadChannel: () => Promise.resolve(undefined) } },
      view,
    }
    return parts as unknown as MarketRoleComponents
  }
}

describe('MarketRole', () => {
  it('serves both protocols, beats for its seats, and lets go of all at the end', async () => {
    const desk = new Desk()
    desk.offer(PAYER, MODEL)
    await desk.role.start()
    expect(desk.handled).to.deep.equal([MARKET_PROTOCOL, LIGHT_PROTOCOL])
    await settle()
    const [shard, beat] = desk.beats[0] ?? []
    expect(shard).to.equal(3)
    expect(beat).to.deep.equal({
      epoch: NOW / 60_000,
      turn: 0,
      seat: PROVIDER,
      matches: 0,
      matchesHash: hexOfDigit('0', 32),
    })
    await desk.role.stop()
    expect(desk.unhandled).to.deep.equal([MARKET_PROTOCOL, LIGHT_PROTOCOL])
    expect(desk.clock.pending).to.deep.equal([])
  })

  it('beats in no shard that nobody serves', async () => {
    const desk = new Desk()
    await desk.role.start()
    await settle()
    expect(desk.beats).to.deep.equal([])
    await desk.role.stop()
  })

  it('tells its seats of the running turn by shard and rank', async () => {
    const desk = new Desk()
    desk.offer(PAYER, MODEL)
    desk.offer(PAYER, hexOfDigit('9', 32))
    desk.seats = [PAYER, PROVIDER]
    const turn = { epoch: NOW / 60_000, turn: 0 }
    expect(await desk.role.seats()).to.deep.equal({
      ...turn,
      ranks: [
        { shard: 3, rank: 1 },
        { shard: 9, rank: 1 },
      ],
    })
    desk.seats = [PAYER]
    expect(await desk.role.seats()).to.deep.equal({ ...turn, ranks: [] })
  })

  it('stays behind two better seats until one of them has been silent for 2 s', async () => {
    const desk = new Desk()
    desk.offer(PAYER, MODEL)
    const [first, second] = [hexOfDigit('1', 20), hexOfDigit('2', 20)]
    desk.seats = [first, second, PROVIDER]
    await desk.role.start()
    const beat = { epoch: NOW / 60_000, turn: 0, matches: 0, matchesHash: hexOfDigit('0', 32) }
    for (let s = 0; s < 5; s += 1) {
      desk.role.handlers.heartbeat?.({ ...beat, seat: first }, hexOfDigit('7', 32), 3)
      if (s < 2) desk.role.handlers.heartbeat?.({ ...beat, seat: second }, hexOfDigit('8', 32), 3)
      await settle()
      desk.clock.advance(1_000)
    }
    await settle()
    // The second seat was heard last at 1 s.
    expect(desk.beats).to.have.length.above(0)
    expect(desk.beats.length).to.be.below(4)
    await desk.role.stop()
  })

  it('counts a header from gossip once', async () => {
    const desk = new Desk()
    const order = { modelId: MODEL, payer: PAYER, deadline: NOW / 1_000 + 60, mode: 1 }
    const header = { attempt: 0, order: { order }, inBucket: 16, maxTokens: 8 }
    const received = { header, jobId: hexOfDigit('1', 32), envelope: {}, peerKey: PAYER }
    desk.seats = []
    for (let n = 0; n < 2; n += 1) desk.role.handlers.jobHeader?.(received as never)
    await settle()
    expect(desk.stats.counts.heard).to.equal(1)
  })

  it('refuses the award of an auction in which it made no bid', async () => {
    const desk = new Desk()
    const match = { attempt: 0, seat: PAYER, epoch: 1, turn: 0 }
    const auction = { sets: [{ match: { match }, bids: [] }], excluded: [], ruleVersion: 1 }
    const award = { jobId: hexOfDigit('1', 32), segment: 0 }
    const frame = { award: { award }, auction } as unknown as AwardFrame
    expect((await rejection(desk.role.auction.check(frame))).code).to.equal('BID_INVALID')
    const direct = { award: { award } } as unknown as AwardFrame
    expect((await rejection(desk.role.auction.check(direct))).code).to.equal('MATCH_INVALID')
  })
})
