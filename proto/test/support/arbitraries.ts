/** Random valid domain values of every codec. */
import fc from 'fast-check'
import * as limits from '../../src/limits.ts'
import { bytesToHex } from '../../src/hex.ts'
import type * as types from '../../src/types.ts'

/** Plain objects, as the codecs return them. */
const record = ((model: Record<string, fc.Arbitrary<unknown>>, constraints: object = {}) =>
  fc.record(model, { ...constraints, noNullPrototype: true })) as typeof fc.record

const hex = (length: number): fc.Arbitrary<types.Hex> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map(bytesToHex)
const blob = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Uint8Array.from(bytes))
/** Code points take up to four bytes. */
const text = (maxBytes: number, minLength = 0): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', minLength, maxLength: Math.floor(maxBytes / 4) })
const uint = (max: number, min = 0): fc.Arbitrary<number> => fc.integer({ min, max })
const safeUint = fc.maxSafeNat()
const amount = fc.bigInt({ min: 0n, max: 2n ** 96n - 1n })
const double = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min, max, noNaN: true }).map((value) => (value === 0 ? 0 : value))

const address = hex(20)
const hash = hex(32)
const signature = hex(65)
const uint16 = uint(limits.MAX_UINT16)
const uint32 = uint(limits.MAX_UINT32)

export const jobOrder: fc.Arbitrary<types.JobOrder> = record({
  payer: address,
  nonce: safeUint,
  modelId: hash,
  specHash: hash,
  mode: uint(255),
  replicas: uint(255),
  maxPrice: amount,
  auditBps: uint(10_000),
  secretHash: hash,
  deadline: safeUint,
})

export const award: fc.Arbitrary<types.Award> = record({
  jobId: hash,
  segment: uint16,
  provider: address,
  bidHash: hash,
  matchHash: hash,
  fromToken: uint32,
  prefixHash: hash,
  budget: amount,
  issuedAt: safeUint,
})

export const accept: fc.Arbitrary<types.Accept> = record({
  jobId: hash,
  segment: uint16,
  provider: address,
  fromToken: uint32,
  prefixHash: hash,
  bond: amount,
  etaMs: uint32,
})

export const receipt: fc.Arbitrary<types.Receipt> = record({
  jobId: hash,
  segment: uint16,
  item: uint32,
  seq: uint32,
  payer: address,
  provider: address,
  tokensIn: uint32,
  tokensOut: uint32,
  tokensRoot: hash,
  traceRoot: hash,
  amount,
  specHash: hash,
  last: fc.boolean(),
})

export const voucher: fc.Arbitrary<types.Voucher> = record({
  payer: address,
  provider: address,
  cumulative: amount,
  epoch: safeUint,
})

const signedJobOrder = record({ order: jobOrder, signature })
const signedAward = record({ award, signature })
const signedAccept = record({ accept, signature })
const signedReceipt = record({ receipt, signature })
const signedVoucher = record({ voucher, signature })

const envelope = record({ body: blob(1, 300), sig: blob(64, 64) })

const envelopeBody = record({
  version: uint16,
  type: fc.constantFrom<types.MessageType>('offer', 'peerBinding'),
  network: text(limits.MAX_NETWORK_BYTES, 1),
  seq: safeUint,
  issuedAtMs: safeUint,
  expiryMs: safeUint,
  peerId: blob(1, limits.MAX_PEER_ID_BYTES),
  payload: blob(0, 300),
})

const peerBinding = record({
  peerKey: hash,
  operator: address,
  encKey: hash,
  expiry: safeUint,
  signature,
})
const clientBinding = record({ peerKey: hash, payer: address, expiry: safeUint, signature })

const hello: fc.Arbitrary<types.Hello> = record(
  {
    version: uint16,
    network: text(limits.MAX_NETWORK_BYTES, 1),
    peer: peerBinding,
    client: clientBinding,
    lastVoucher: signedVoucher,
    due: amount,
  },
  { requiredKeys: ['version', 'network', 'due'] },
)

const modelOffer = record({
  modelId: hash,
  name: text(limits.MAX_MODEL_NAME_BYTES, 1),
  priceIn: amount,
  priceOut: amount,
  determinism: fc.constantFrom<types.Determinism>('f32', 'opaque'),
  contextLength: uint(limits.MAX_UINT32, 1),
})

const offer = record({
  provider: address,
  models: fc.array(modelOffer, { maxLength: 12 }),
  expiryMs: safeUint,
  slots: uint16,
})

const capsResponse: fc.Arbitrary<types.CapsResponse> = record(
  { id: uint32, record: envelope, inFlight: uint32, slots: uint16, stepMs: uint32 },
  { requiredKeys: ['id', 'inFlight', 'slots', 'stepMs'] },
)
const capsRequest = record({ id: uint32, withRecord: fc.boolean() })

/** A union member under its name. */
const framed = <T>(kind: string, value: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  value.map((inner) => ({ kind, [kind]: inner }))

const sampling: fc.Arbitrary<types.Sampling> = record({
  temperature: fc.oneof(fc.constant(0), double(0.2, 2)),
  topP: double(Number.MIN_VALUE, 1),
  topK: uint(1000),
  minP: double(0, 0.999),
  repetitionPenalty: double(0.5, 2),
  logitBias: fc.array(record({ id: uint32, bias: double(-100, 100) }), { maxLength: 20 }),
})

const jobSpec: fc.Arbitrary<types.JobSpec> = record({
  messages: fc.array(record({ role: text(limits.MAX_ROLE_BYTES, 1), content: text(400) }), {
    maxLength: limits.MAX_CHAT_MESSAGES,
  }),
  sampling,
  maxTokens: uint(limits.MAX_UINT32, 1),
  stop: fc.array(text(limits.MAX_STOP_BYTES, 1), { maxLength: limits.MAX_STOP_STRINGS }),
  seed: hash,
})

const voucherFrame = record({ jobId: hash, segment: uint16, amount, voucher: signedVoucher })

const awardFrame: fc.Arbitrary<types.AwardFrame> = record(
  {
    order: signedJobOrder,
    award: signedAward,
    spec: record({ enc: blob(32, 32), ciphertext: blob(48, 400) }),
    inBucket: uint(limits.MAX_UINT32, 1),
    maxTokens: uint(limits.MAX_UINT32, 1),
    priceIn: amount,
    priceOut: amount,
    voucher: voucherFrame,
    prefixIds: fc.array(uint32, { maxLength: 300 }),
  },
  {
    requiredKeys: [
      ...(['order', 'award', 'spec', 'inBucket', 'maxTokens'] as const),
      ...(['priceIn', 'priceOut', 'prefixIds'] as const),
    ],
  },
)

const receiptFrame = record({
  receipt: signedReceipt,
  finishReason: fc.constantFrom('', 'stop', 'length', 'cancelled'),
})

const segment = { jobId: hash, segment: uint16 }
const refusal = record({
  ...segment,
  code: text(limits.MAX_CODE_BYTES, 1),
  detail: text(limits.MAX_DETAIL_BYTES),
})
const chunk = record({
  ...segment,
  n: uint(limits.MAX_UINT32, 1),
  ids: fc.array(uint32, { maxLength: 100 }),
  textDelta: text(400),
  h: hash,
})

/** By codec name. */
export const ARBITRARIES: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  envelope,
  envelopeBody,
  peerBinding,
  clientBinding,
  hello,
  offer,
  capsFrame: fc.oneof(
    framed('hello', hello),
    framed('request', capsRequest),
    framed('response', capsResponse),
  ),
  jobFrame: fc.oneof(
    framed('hello', hello),
    framed('award', awardFrame),
    framed('accept', signedAccept),
    framed('busy', record({ ...segment, retryAfterMs: uint32 })),
    framed('refuse', refusal),
    framed('chunk', chunk),
    framed('voucher', voucherFrame),
    framed('receipt', receiptFrame),
    framed('cancel', record({ ...segment, reason: text(limits.MAX_DETAIL_BYTES) })),
    framed('ping', record({ nonce: safeUint, pong: fc.boolean() })),
    framed('stopped', refusal),
  ),
  awardFrame,
  jobSpec,
  voucherFrame,
  receiptFrame,
  signedJobOrder,
  signedAward,
  signedAccept,
  signedReceipt,
  signedVoucher,
}
