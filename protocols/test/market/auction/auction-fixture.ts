/** Owners, orders, bids, matches and proofs for the tests of the auction: real signatures and seals. */
import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { x25519 } from '@noble/curves/ed25519.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, hexToBytes, secretHash } from '@duckmesh/proto'
import type { AuctionProof, Award, AwardFrame, Bid, BidSet, Hex, JobHeader } from '@duckmesh/proto'
import type { JobOrder, Match, RelayedBid, SignedBid, SignedJobOrder } from '@duckmesh/proto'
import type { Envelope } from '@duckmesh/proto'
import { SeatLists, TurnClock } from '../../../src/election/index.ts'
import type { ElectionPort, TurnId } from '../../../src/election/index.ts'
import { BindingBook, sealJobHeader, signClientBinding } from '../../../src/mesh/index.ts'
import type { ReceivedHeader } from '../../../src/mesh/index.ts'
import { bidCommit } from '../../../src/market/auction/bid-commit.ts'
import { bidsRoot } from '../../../src/market/auction/bids-root.ts'
import { sealBid, signBid } from '../../../src/market/auction/seal-bid.ts'
import type { AuctionComponents } from '../../../src/market/auction/verify-set.ts'
import type { OperatorView, OwnBid, RecordStore } from '../../../src/market/auction/interface.ts'
import type { ReplyKeys } from '../../../src/components.ts'
import { signStruct, structDigest } from '../../../src/signed-struct.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { TestStake, modelIn, ownerOf } from '../../support/mesh-fixtures.ts'
import { TEST_NETWORK, secret, testCrypto } from '../../support/test-crypto.ts'
import { testPeerSigner, testSigner } from '../../support/test-crypto.ts'

export const MODEL: Hex = modelIn(3)
export const DUCK: bigint = 10n ** 18n

const plain = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer
const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes128Gcm(),
})

/** The real seal, with keys from labels. */
export class TestReplyKeys implements ReplyKeys {
  /** Seals opened so far. */
  opened = 0
  #made = 0

  async create(): Promise<{ publicKey: Hex; secretKey: Hex }> {
    const secretKey = bytesToHex(secret(`reply ${this.#made++}`))
    return { publicKey: await this.publicKeyOf(secretKey), secretKey }
  }

  async publicKeyOf(secretKey: Hex): Promise<Hex> {
    return bytesToHex(x25519.getPublicKey(hexToBytes(secretKey, 32)))
  }

  async open(
    secretKey: Hex,
    info: string,
    aad: Uint8Array,
    sealed: RelayedBid['sealed'],
  ): Promise<Uint8Array> {
    const recipient = await suite.createRecipientContext({
      recipientKey: await suite.kem.deserializePrivateKey(plain(hexToBytes(secretKey, 32))),
      enc: plain(sealed.enc),
      info: plain(new TextEncoder().encode(info)),
    })
    const opened = new Uint8Array(await recipient.open(plain(sealed.ciphertext), plain(aad)))
    this.opened++
    return opened
  }
}

/** The chain for labelled owners: `ownerOf(label)` is represented by the operator `testSigner(label)`. */
export class TestChain implements OperatorView, ElectionPort {
  readonly stake = new TestStake()
  readonly stakes = new Map<Hex, bigint>()
  readonly #operators = new Map<Hex, Hex>()
  unknown = false

  /** Registers a label; with stake 0 it is a provider without a seat. */
  join(label: string, stake = 1_000n * DUCK): void {
    this.stake.stake(label)
    this.#operators.set(ownerOf(label), testSigner(label).address)
    if (stake > 0n) this.stakes.set(ownerOf(label), stake)
  }

  async operatorOf(provider: Hex): Promise<Hex | null | 'unknown'> {
    return this.unknown ? 'unknown' : (this.#operators.get(provider) ?? null)
  }

  async seed(epoch: number): Promise<Hex> {
    return bytesToHex(keccak_256(new TextEncoder().encode(`seed ${epoch}`)))
  }

  async weights(_epoch: number): Promise<ReadonlyMap<Hex, bigint>> {
    return this.stakes
  }
}

/** A store in memory that can be made to fail. */
export class MemoryRecords implements RecordStore {
  readonly records = new Map<string, Uint8Array>()
  broken = false

  async save(key: string, bytes: Uint8Array, _expiryMs: number): Promise<void> {
    if (this.broken) throw new Error('disk full')
    this.records.set(key, bytes)
  }

  async find(key: string): Promise<Uint8Array | undefined> {
    return this.records.get(key)
  }
}

export interface HeaderChanges extends Partial<JobOrder> {
  client?: string
  reply?: string
  inBucket?: number
  maxTokens?: number
  attempt?: number
}

/** A bid by a label: prices in wei per 1 000 tokens. */
export interface BidChanges extends Partial<Bid> {
  signer?: string
  /** Sealed for this provider instead. */
  sealedFor?: Hex
}

export class AuctionFixture {
  readonly clock = new FakeClock()
  readonly chain = new TestChain()
  readonly replyKeys = new TestReplyKeys()
  readonly turnClock = new TurnClock(this.clock, { epochS: 3_600, turnS: 60 })
  readonly view = new SeatLists({ port: this.chain, turnClock: this.turnClock })
  readonly replySecret: Hex = bytesToHex(secret('reply fixture'))
  readonly draw: Hex = bytesToHex(secret('draw'))
  readonly audit: Hex = bytesToHex(secret('audit'))
  #nonce = 0
  #seq = 1_000

  constructor(labels: readonly string[] = ['a', 'b', 'c', 'd', 'e']) {
    for (const label of labels) this.chain.join(label)
  }

  get components(): AuctionComponents {
    const { chain: operators, replyKeys, view: seats } = this
    return { network: TEST_NETWORK, crypto: testCrypto, operators, replyKeys, seats }
  }

  get bindings(): BindingBook {
    return new BindingBook({ network: TEST_NETWORK, crypto: testCrypto, clock: this.clock })
  }

  get now(): number {
    return Math.floor(this.clock.now() / 1_000)
  }

  get auditHash(): Hex {
    return bytesToHex(keccak_256(hexToBytes(this.audit)))
  }

  async order(changes: HeaderChanges = {}): Promise<SignedJobOrder & { jobId: Hex }> {
    const {
      client = 'client',
      reply: _r,
      inBucket: _i,
      maxTokens: _m,
      attempt: _a,
      ...rest
    } = changes
    const signer = testSigner(client)
    const order: JobOrder = {
      payer: signer.address,
      nonce: ++this.#nonce,
      modelId: MODEL,
      specHash: bytesToHex(secret('spec')),
      mode: 1,
      replicas: 1,
      maxPrice: 10n ** 18n,
      auditBps: 0,
      secretHash: secretHash(this.draw, this.audit),
      deadline: this.now + 1_200,
      ...rest,
    }
    const jobId = structDigest(TEST_NETWORK, 'JobOrder', order)
    return { order, jobId, signature: await signer.signDigest(jobId) }
  }

  async header(changes: HeaderChanges = {}): Promise<{ header: JobHeader; jobId: Hex }> {
    const { client = 'client', inBucket = 64, maxTokens = 128, attempt = 0 } = changes
    const { order, signature, jobId } = await this.order(changes)
    const reply = changes.reply ?? 'fixture'
    const { peerKey } = testPeerSigner(client)
    const binding = await signClientBinding(
      { peerKey, expiry: this.now + 3_600 },
      { network: TEST_NETWORK, signer: testSigner(client) },
    )
    const replyKey = await this.replyKeys.publicKeyOf(bytesToHex(secret(`reply ${reply}`)))
    const signed = { order, signature }
    return {
      header: { order: signed, client: binding, replyKey, inBucket, maxTokens, attempt },
      jobId,
    }
  }

  seal(header: JobHeader, client = 'client'): Promise<Envelope> {
    const signer = testPeerSigner(client)
    return sealJobHeader(header, ++this.#seq, { network: TEST_NETWORK, clock: this.clock, signer })
  }

  async received(changes: HeaderChanges = {}): Promise<ReceivedHeader> {
    const { header, jobId } = await this.header(changes)
    const { peerKey } = testPeerSigner(changes.client ?? 'client')
    return { header, jobId, envelope: await this.seal(header, changes.client), peerKey }
  }

  async bid(
    { header, jobId }: { header: JobHeader; jobId: Hex },
    label: string,
    changes: BidChanges = {},
  ): Promise<SignedBid> {
    const { signer = label, sealedFor: _, ...rest } = changes
    const bid: Bid = {
      jobId,
      attempt: header.attempt,
      provider: ownerOf(label),
      priceIn: 10n ** 15n,
      priceOut: 4n * 10n ** 15n,
      etaMs: 100,
      funding: 0,
      expiry: Math.min(header.order.order.deadline, this.now + 600),
      ...rest,
    }
    return signBid(bid, { network: TEST_NETWORK, signer: testSigner(signer) })
  }

  async relayed(
    auction: { header: JobHeader; jobId: Hex },
    label: string,
    changes: BidChanges = {},
  ): Promise<RelayedBid> {
    const signed = await this.bid(auction, label, changes)
    const sealed = await sealBid(signed, auction.header.replyKey, testCrypto)
    return { provider: changes.sealedFor ?? ownerOf(label), sealed }
  }

  /** A match by `seat` over bids. */
  async set(
    { header, jobId }: { header: JobHeader; jobId: Hex },
    seat: string,
    bids: readonly RelayedBid[],
    changes: Partial<Match> & { signer?: string } = {},
  ): Promise<BidSet> {
    const { signer = seat, ...rest } = changes
    const ref = { jobId, attempt: header.attempt }
    const match: Match = {
      ...ref,
      ...this.turn(),
      seat: ownerOf(seat),
      bidsRoot: bidsRoot(bids.map((one) => bidCommit(ref, one))),
      bids: bids.length,
      ...rest,
    }
    const signature = await signStruct(testSigner(signer), TEST_NETWORK, 'Match', match)
    return { match: { match, signature }, bids: [...bids] }
  }

  turn(): TurnId {
    return this.turnClock.now()
  }

  proof(sets: BidSet[], changes: Partial<AuctionProof> = {}): AuctionProof {
    return { sets, replySecret: this.replySecret, ruleVersion: 1, excluded: [], ...changes }
  }

  /** What `label` stored when it sent its bid to `seats`. */
  async own(
    auction: { header: JobHeader; jobId: Hex },
    signed: SignedBid,
    seats: readonly string[],
  ): Promise<OwnBid> {
    const sealed = await sealBid(signed, auction.header.replyKey, testCrypto)
    const at = seats.map((seat) => ({ seat: ownerOf(seat), ...this.turn() }))
    return { header: auction.header, signed, sealed, seats: at }
  }

  /** An award frame of a segment to a bid; only what the market looks at is real. */
  award(
    { header, jobId }: { header: JobHeader; jobId: Hex },
    signed: SignedBid,
    proof: AuctionProof | undefined,
    changes: Partial<Award> & Partial<AwardFrame> = {},
  ): AwardFrame {
    const primary = proof?.sets[0]?.match.match
    const matchHash =
      primary === undefined ? `0x${'00'.repeat(32)}` : structDigest(TEST_NETWORK, 'Match', primary)
    const award: Award = {
      jobId,
      segment: 0,
      provider: signed.bid.provider,
      bidHash: structDigest(TEST_NETWORK, 'Bid', signed.bid),
      matchHash: matchHash as Hex,
      fromToken: 0,
      prefixHash: `0x${'11'.repeat(32)}`,
      budget: 10n ** 18n,
      issuedAt: this.now,
    }
    for (const key of Object.keys(award)) {
      if (key in changes) Object.assign(award, { [key]: changes[key as keyof Award] })
    }
    const { inBucket = header.inBucket, maxTokens = header.maxTokens } = changes
    return {
      order: header.order,
      award: { award, signature: `0x${'22'.repeat(65)}` },
      spec: { enc: new Uint8Array(32), ciphertext: new Uint8Array(64) },
      inBucket,
      maxTokens,
      priceIn: changes.priceIn ?? signed.bid.priceIn,
      priceOut: changes.priceOut ?? signed.bid.priceOut,
      prefixIds: [],
      ...(proof === undefined ? {} : { auction: proof }),
    }
  }
}
