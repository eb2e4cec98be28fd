/** A market in memory: seats, bidders and clients joined by streams whose every frame is recorded. */
import { bytesToHex, marketFrameCodec } from '@duckmesh/proto'
import type { Hex, MarketFrame, ModelOffer, SignedServiceVoucher } from '@duckmesh/proto'
import { SeatWatch } from '../../../src/election/index.ts'
import { OwnBids } from '../../../src/market/auction/own-bids.ts'
import { OfferBook } from '../../../src/market/offer-book.ts'
import { Auctioneer } from '../../../src/market/wire/auctioneer.ts'
import type { AuctionInput } from '../../../src/market/wire/auctioneer.ts'
import type { AuctionResult } from '../../../src/market/wire/auction-result.ts'
import { Bidder } from '../../../src/market/wire/bidder.ts'
import type { BidderComponents } from '../../../src/market/wire/bidder.ts'
import type { HeaderForwarder, SeatAddress } from '../../../src/market/wire/client-ports.ts'
import type { SeatSession } from '../../../src/market/wire/client-ports.ts'
import { MarketConnection } from '../../../src/market/wire/market-connection.ts'
import { MarketServer } from '../../../src/market/wire/market-server.ts'
import { RoundTrips } from '../../../src/market/wire/round-trips.ts'
import type { EvidenceStore, MatchFacts, SeatFees } from '../../../src/market/wire/ports.ts'
import type { Load } from '../../../src/market/interface.ts'
import type { ReceivedHeader, Session } from '../../../src/mesh/index.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { BindingBook } from '../../../src/mesh/index.ts'
import type { Crypto } from '../../../src/components.ts'
import { signStruct } from '../../../src/signed-struct.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { memoryLogger } from '../../support/memory-logger.ts'
import { streamPair } from '../../support/stream-pair.ts'
import type { MemoryStream } from '../../support/stream-pair.ts'
import { TEST_NETWORK, testCrypto, testPeerSigner, testSigner } from '../../support/test-crypto.ts'
import { until } from '../../support/hosts.ts'
import { AuctionFixture, DUCK, MODEL, MemoryRecords } from '../auction/auction-fixture.ts'
import type { HeaderChanges } from '../auction/auction-fixture.ts'

export interface Sent {
  from: string
  to: string
  frame: MarketFrame
}

/** What a test does to frames on the way: the frames that arrive instead. */
export type WorldTap = (sent: Sent) => readonly MarketFrame[]

/** Real signatures, each checked once: ten nodes look at the same header. */
function memoCrypto(): Crypto {
  const addresses = new Map<string, Hex | null>()
  const valid = new Map<string, boolean | Promise<boolean>>()
  return {
    ...testCrypto,
    recoverAddress(digest, signature) {
      const key = digest + signature
      const known = addresses.get(key)
      if (known !== undefined) return known
      const address = testCrypto.recoverAddress(digest, signature)
      addresses.set(key, address)
      return address
    },
    verifyEd25519(peerKey, data, signature) {
      const key = [peerKey, bytesToHex(data), bytesToHex(signature)].join()
      const known = valid.get(key) ?? testCrypto.verifyEd25519(peerKey, data, signature)
      valid.set(key, known)
      return known
    },
  }
}

export class MemoryEvidence implements EvidenceStore {
  readonly kept: { kind: string; frames: MarketFrame[] }[] = []

  async keep(kind: string, bytes: readonly Uint8Array[]): Promise<void> {
    this.kept.push({ kind, frames: bytes.map((one) => marketFrameCodec.decode(one)) })
  }
}

export class MemoryFees implements SeatFees {
  readonly totals = new Map<Hex, bigint>()
  async raise({ voucher }: SignedServiceVoucher, fee: bigint): Promise<void> {
    const held = this.totals.get(voucher.payer) ?? 0n
    if (voucher.cumulative < held + fee) {
      throw new DuckMeshError('VOUCHER_INVALID', 'The voucher does not raise the total enough.')
    }
    this.totals.set(voucher.payer, voucher.cumulative)
  }
}

/** What bidder and seat share. */
type CommonComponents = Pick<
  BidderComponents,
  | 'clock'
  | 'crypto'
  | 'network'
  | 'logger'
  | 'provider'
  | 'signer'
  | 'operators'
  | 'view'
  | 'replyKeys'
  | 'evidence'
>

export interface NodeInit {
  /** wei per 1 000 tokens out; absent: it serves no model. */
  priceOut?: bigint
  load?: Load
  /** Kept over a restart. */
  records?: MemoryRecords
}

export class MarketNode {
  readonly label: string
  readonly records: MemoryRecords
  readonly bids: OwnBids
  readonly evidence = new MemoryEvidence()
  readonly fees = new MemoryFees()
  readonly matches: MatchFacts[] = []
  readonly wrong: string[] = []
  readonly bindings: BindingBook
  readonly server: MarketServer
  readonly bidder: Bidder | undefined
  load: Load
  priceOut: bigint | undefined
  numbers: Pick<ModelOffer, 'numbers'> = {}

  constructor(world: MarketWorld, label: string, init: NodeInit) {
    this.label = label
    this.records = init.records ?? new MemoryRecords()
    this.bids = new OwnBids({ records: this.records })
    this.load = init.load ?? { inFlight: 0, slots: 4, stepMs: 100 }
    this.priceOut = init.priceOut
    const common = this.#common(world)
    this.bindings = new BindingBook(common)
    this.bidder = init.priceOut === undefined ? undefined : this.#createBidder(world, common)
    this.server = new MarketServer(
      {
        ...common,
        bindings: this.bindings,
        stake: world.fix.chain.stake,
        watch: world.watch,
        dialer: { dial: async (peerKey) => world.dial(label, peerKey) },
        offers: world.offers,
        funding: { fundsOf: async (payer) => world.funds.get(payer) ?? 1_000n * DUCK },
        fees: this.fees,
        records: this.records,
        ...(this.bidder === undefined ? {} : { bidder: this.bidder }),
        onMatch: (facts) => this.matches.push(facts),
      },
      { windowMinMs: 30, maxInvited: 8 },
    )
  }

  get owner(): Hex {
    return ownerOf(this.label)
  }

  #common(world: MarketWorld): CommonComponents {
    const { clock, chain: operators, replyKeys, view } = world.fix
    return {
      clock,
      crypto: world.crypto,
      network: TEST_NETWORK,
      logger: world.logger,
      provider: ownerOf(this.label),
      signer: testSigner(this.label),
      operators,
      view,
      replyKeys,
      evidence: this.evidence,
    }
  }

  #createBidder(world: MarketWorld, common: CommonComponents): Bidder {
    const quote = ({ numbers, priceOut } = this) =>
      priceOut === undefined
        ? undefined
        : { priceIn: priceOut / 4n, priceOut, contextLength: 1_024, ...numbers }
    return new Bidder(
      {
        ...common,
        prices: { quote: (modelId) => (modelId === MODEL ? quote() : undefined) },
        load: () => this.load,
        capacity: { covered: async () => world.covered },
        bids: this.bids,
      },
      { onWrong: ({ jobId }) => this.wrong.push(jobId) },
    )
  }
}

export class MarketWorld {
  readonly fix: AuctionFixture
  readonly watch: SeatWatch
  readonly offers = new OfferBook()
  readonly crypto: Crypto = memoCrypto()
  readonly logger = memoryLogger()
  readonly roundTrips: RoundTrips
  readonly funds = new Map<Hex, bigint | 'unknown'>()
  readonly nodes = new Map<string, MarketNode>()
  readonly sent: Sent[] = []
  readonly streams: { from: string; to: string; end: MemoryStream<MarketFrame> }[] = []
  covered = 10n ** 20n
  forwarder: HeaderForwarder | undefined
  tap: WorldTap = ({ frame }) => [frame]
  readonly #connections = new Map<string, MarketConnection>()
  #seq = 5_000

  /** `seats` have stake and hold all seats of every turn; bidders have none. */
  constructor(seats: readonly string[], bidders: Readonly<Record<string, bigint>>) {
    this.fix = new AuctionFixture(seats)
    for (const label of Object.keys(bidders)) this.fix.chain.join(label, 0n)
    this.watch = new SeatWatch({ clock: this.fix.clock, view: this.fix.view })
    this.roundTrips = new RoundTrips({ clock: this.fix.clock })
    for (const label of seats) this.add(label)
    for (const [label, priceOut] of Object.entries(bidders)) {
      this.add(label, { priceOut })
      this.offer(label, priceOut)
    }
  }

  get clock(): AuctionFixture['clock'] {
    return this.fix.clock
  }

  /** Starts a node, or starts it again. */
  add(label: string, init: NodeInit = {}): MarketNode {
    const node = new MarketNode(this, label, init)
    this.nodes.set(label, node)
    return node
  }

  node(label: string): MarketNode {
    const node = this.nodes.get(label)
    if (node === undefined) throw new Error(`no node ${label}`)
    return node
  }

  offer(label: string, priceOut: bigint): void {
    const model = {
      modelId: MODEL,
      name: 'duckling',
      priceIn: priceOut / 4n,
      priceOut,
      determinism: 'f32' as const,
      contextLength: 1_024,
    }
    const now = this.clock.now()
    const offer = { provider: ownerOf(label), models: [model], expiryMs: now + 900_000, slots: 4 }
    const { peerKey } = testPeerSigner(label)
    const envelope = { body: new Uint8Array(), sig: new Uint8Array() }
    const rest = { offerHash: `0x${'00'.repeat(32)}` as const, issuedAtMs: now, seq: 1 }
    this.offers.put({ offer, peerKey, envelope, ...rest }, now)
  }

  /** Frames of a kind, optionally between two labels. */
  frames<K extends MarketFrame['kind']>(
    kind: K,
    where: { from?: string; to?: string } = {},
  ): (MarketFrame & { kind: K })[] {
    return this.sent.flatMap(({ from, to, frame }) => {
      const fits = (where.from ?? from) === from && (where.to ?? to) === to
      return fits && frame.kind === kind ? [frame as MarketFrame & { kind: K }] : []
    })
  }

  /** Waits until so many frames of a kind were sent. */
  async seen(
    kind: MarketFrame['kind'],
    count: number,
    where: { from?: string; to?: string } = {},
  ): Promise<void> {
    await until(() => this.frames(kind, where).length >= count)
  }

  /** A stream from one label to another; both ends as sessions after their hellos. */
  join(
    from: string,
    to: string,
    role: 'client' | 'peer',
  ): { near: Session<MarketFrame>; far: Session<MarketFrame>; ends: MemoryStream<MarketFrame>[] } {
    const record =
      (a: string, b: string) =>
      (frame: MarketFrame): readonly MarketFrame[] => {
        const sent = { from: a, to: b, frame }
        this.sent.push(sent)
        return this.tap(sent)
      }
    const { left, right } = streamPair(marketFrameCodec, {
      toRight: record(from, to),
      toLeft: record(to, from),
    })
    Object.assign(left, { remoteKey: testPeerSigner(to).peerKey })
    Object.assign(right, { remoteKey: testPeerSigner(from).peerKey })
    this.streams.push({ from, to, end: left })
    const hello = { version: 1, network: TEST_NETWORK.name, due: 0n }
    const { address } = testSigner(from)
    const mine = role === 'client' ? { hello, payer: address } : { hello, operator: address }
    return {
      near: { stream: left, remote: { hello, operator: testSigner(to).address } },
      far: { stream: right, remote: mine },
      ends: [left, right],
    }
  }

  /** What a dialler of the node does. */
  dial(from: string, peerKey: Hex): Session<MarketFrame> {
    const to = [...this.nodes.keys()].find((label) => testPeerSigner(label).peerKey === peerKey)
    if (to === undefined) throw new DuckMeshError('NO_PEERS', 'No such peer.')
    const { near, far } = this.join(from, to, 'peer')
    void this.node(to).server.serve(far)
    return near
  }

  /** A client's stream to a node, kept. */
  connect(to: string, client = 'client'): MarketConnection {
    const key = `${client}>${to}`
    const known = this.#connections.get(key)
    if (known?.closed === false) return known
    const { near, far } = this.join(client, to, 'client')
    void this.node(to).server.serve(far)
    const connection = new MarketConnection({ clock: this.clock, logger: this.logger }, near)
    this.#connections.set(key, connection)
    return connection
  }

  /** Resets every stream of a label and forgets the node: a kill -9. */
  kill(label: string): void {
    for (const { from, to, end } of this.streams) {
      if (from === label || to === label) end.abort(new DuckMeshError('STREAM_CLOSED', 'killed'))
    }
    this.nodes.delete(label)
  }

  address(label: string): SeatAddress {
    return { owner: ownerOf(label), peerKey: testPeerSigner(label).peerKey, addresses: [] }
  }

  auctioneer(seats: readonly string[], client = 'client'): Auctioneer {
    const { clock, chain: operators, replyKeys, view } = this.fix
    return new Auctioneer({
      clock,
      crypto: this.crypto,
      network: TEST_NETWORK,
      signer: testPeerSigner(client),
      sequence: { next: () => ++this.#seq },
      replyKeys,
      roundTrips: this.roundTrips,
      operators,
      view,
      logger: this.logger,
      seats: { seats: async () => seats.map((label) => this.address(label)) },
      sessions: { to: (seat) => this.#session(seat, client) },
      ...(this.forwarder === undefined ? {} : { forwarder: this.forwarder }),
    })
  }

  /** Order and binding of a client, ready for `Auctioneer.run`. */
  async input(changes: HeaderChanges & { excluded?: Hex[] } = {}): Promise<AuctionInput> {
    const { header, jobId } = await this.fix.header(changes)
    const { order, client, inBucket, maxTokens, attempt } = header
    const { draw, auditHash } = this.fix
    const secrets = order.order.mode === 0 ? { draw, auditHash } : {}
    const { excluded = [] } = changes
    const input = { order: { ...order, jobId }, client, inBucket, maxTokens, attempt, excluded }
    return { ...input, ...secrets }
  }

  /** Runs one auction, the clock moving only after `acks` bids were acknowledged. */
  async auction(
    input: AuctionInput,
    options: { seats: readonly string[]; acks: number; client?: string },
  ): Promise<AuctionResult> {
    const { seats, acks, client } = options
    const before = this.frames('bidAck').length
    const result = this.auctioneer(seats, client).run(input, new AbortController().signal)
    result.catch(() => undefined)
    await this.seen('bidAck', before + acks)
    await this.clock.advance(30)
    return result
  }

  async fee(seat: Hex, amount: bigint, client = 'client'): Promise<SignedServiceVoucher> {
    const signer = testSigner(client)
    const voucher = { payer: signer.address, provider: seat, cumulative: amount }
    const signature = await signStruct(signer, TEST_NETWORK, 'ServiceVoucher', voucher)
    return { voucher, signature }
  }

  gossip(received: ReceivedHeader): void {
    for (const node of this.nodes.values()) node.server.heard(received)
  }

  async #session(seat: SeatAddress, client: string): Promise<SeatSession> {
    const label = [...this.nodes.keys()].find((one) => ownerOf(one) === seat.owner)
    if (label === undefined) throw new DuckMeshError('NO_PEERS', 'The seat could not be dialled.')
    return this.connect(label, client)
  }
}
