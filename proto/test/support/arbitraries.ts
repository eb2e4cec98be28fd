/** Random valid domain values of every codec. */
import fc from 'fast-check'
import * as limits from '../../src/limits.ts'
import { AUCTION_ARBITRARIES, auctionProof } from './arbitraries-auction.ts'
import { EVIDENCE_ARBITRARIES } from './arbitraries-evidence.ts'
import { FETCH_ARBITRARIES } from './arbitraries-fetch.ts'
import { record, blob, text, uint, safeUint, amount, double } from './arbitrary-values.ts'
import { address, hash, signature, uint16, uint32 } from './arbitrary-values.ts'
import { signedJobOrder, signedAward, signedAccept } from './arbitrary-values.ts'
import { signedReceipt, signedVoucher, envelope, envelopeBody } from './arbitrary-values.ts'
import { peerBinding, clientBinding, hello, framed } from './arbitrary-values.ts'
import type * as types from '../../src/types.ts'

const numberTask = fc.constantFrom<types.NumberTask>('embed', 'classify')

const numberModel = record({
  task: numberTask,
  width: uint(limits.MAX_NUMBERS_WIDTH, 1),
  labels: fc.array(text(8, 1), { maxLength: 4 }),
})

const modelOffer: fc.Arbitrary<types.ModelOffer> = record(
  {
    modelId: hash,
    name: text(limits.MAX_MODEL_NAME_BYTES, 1),
    priceIn: amount,
    priceOut: amount,
    determinism: fc.constantFrom<types.Determinism>('f32', 'opaque'),
    contextLength: uint(limits.MAX_UINT32, 1),
    numbers: numberModel,
  },
  {
    requiredKeys: [
      ...(['modelId', 'name', 'priceIn', 'priceOut', 'determinism', 'contextLength'] as const),
    ],
  },
)

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

const sampling: fc.Arbitrary<types.Sampling> = record({
  temperature: fc.oneof(fc.constant(0), double(0.2, 2)),
  topP: double(Number.MIN_VALUE, 1),
  topK: uint(1000),
  minP: double(0, 0.999),
  repetitionPenalty: double(0.5, 2),
  logitBias: fc.array(record({ id: uint32, bias: double(-100, 100) }), { maxLength: 20 }),
})

const jobSpec: fc.Arbitrary<types.JobSpec> = record(
  {
    messages: fc.array(record({ role: text(limits.MAX_ROLE_BYTES, 1), content: text(400) }), {
      maxLength: limits.MAX_CHAT_MESSAGES,
    }),
    sampling,
    maxTokens: uint(limits.MAX_UINT32, 1),
    stop: fc.array(text(limits.MAX_STOP_BYTES, 1), { maxLength: limits.MAX_STOP_STRINGS }),
    seed: hash,
    format: fc.constant('json' as const),
    task: numberTask,
    texts: fc.array(text(40, 1), { minLength: 1, maxLength: 8 }),
  },
  { requiredKeys: ['messages', 'sampling', 'maxTokens', 'stop', 'seed'] },
)

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
    auction: auctionProof,
    task: numberTask,
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

const reveal = record({
  ...segment,
  salt: hash,
  ids: fc.array(uint32, { maxLength: 100 }),
  text: text(400),
})

const payers = fc.array(address, { maxLength: 20 })
const relayVoucher = record({ payer: address, cumulative: amount, signature })
const relayPermit = record({ feeBps: uint(100), nonce: safeUint, deadline: safeUint, signature })
const vouchers = fc.array(relayVoucher, { maxLength: 20 })
const relayFrame = fc.oneof(
  framed('hello', hello),
  framed(
    'request',
    record(
      { id: uint32, provider: address, vouchers, permit: relayPermit },
      { requiredKeys: ['id', 'provider', 'vouchers'] },
    ),
  ),
  framed(
    'result',
    record(
      { id: uint32, code: text(limits.MAX_CODE_BYTES), txHash: hash, skipped: payers },
      { requiredKeys: ['id', 'code', 'skipped'] },
    ),
  ),
)

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
    framed('reveal', reveal),
  ),
  ...AUCTION_ARBITRARIES,
  ...EVIDENCE_ARBITRARIES,
  ...FETCH_ARBITRARIES,
  relayFrame,
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
