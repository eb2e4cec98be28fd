/** Every rule of every field: what breaks it is refused by encode and by decode, with the field's path. */
import * as limits from '../../src/limits.ts'
import { expectProtoError } from '../support/expect-error.ts'
import { codecOf, tamperedBytes, tamperedValue } from '../support/tamper.ts'
import type { ProtoErrorCode } from '../../src/errors.ts'

interface Refusal {
  /** Codec and path of the field. */
  at: string
  why: string
  domain?: unknown
  wire?: unknown
  code: ProtoErrorCode
  /** Where decode puts the blame, when that is not `at`. */
  wireField?: string
}

const MISSING = Symbol('missing')
const bytes = (length: number): Uint8Array => new Uint8Array(length)
const hex = (length: number): string => `0x${'00'.repeat(length)}`

/** Codec name and path within the message. */
function split(at: string): [string, string] {
  const dot = at.indexOf('.')
  return [at.slice(0, dot), at.slice(dot + 1)]
}

/** The same bad number in the domain and on the wire. */
const range = (at: string, ...values: number[]): Refusal[] =>
  values.map((value) => ({
    at,
    why: String(value),
    domain: value,
    // What does not fit the wire type at all cannot be sent.
    ...(Number.isInteger(value) && value >= 0 && value <= limits.MAX_UINT32 ? { wire: value } : {}),
    code: 'FIELD_OUT_OF_RANGE',
  }))

const doubles = (at: string, ...values: number[]): Refusal[] =>
  values.map((value) => ({
    at,
    why: String(value),
    domain: value,
    wire: value,
    code: 'FIELD_OUT_OF_RANGE',
  }))

const fixed = (at: string, length: number): Refusal[] =>
  [0, length - 1, length + 1].map((wrong) => ({
    at,
    why: `${String(wrong)} bytes`,
    domain: hex(wrong),
    wire: bytes(wrong),
    code: 'MALFORMED_FRAME',
  }))

const notHex = (at: string, length: number): Refusal[] =>
  [`0x${'AB'.repeat(length)}`, '00'.repeat(length), `0x${'zz'.repeat(length)}`, 5, null].map(
    (domain) => ({ at, why: `not lower-case hex`, domain, code: 'MALFORMED_FRAME' }),
  )

const amounts = (at: string): Refusal[] => [
  { at, why: 'negative', domain: -1n, code: 'FIELD_OUT_OF_RANGE' },
  { at, why: 'above uint96', domain: 2n ** 96n, code: 'FIELD_OUT_OF_RANGE' },
  { at, why: 'a number', domain: 5, code: 'FIELD_OUT_OF_RANGE' },
  { at, why: 'absent', domain: MISSING, code: 'FIELD_OUT_OF_RANGE' },
  { at, why: 'absent', wire: MISSING, code: 'MALFORMED_FRAME' },
  { at, why: '11 bytes', wire: bytes(11), code: 'MALFORMED_FRAME' },
  { at, why: '13 bytes', wire: bytes(13), code: 'MALFORMED_FRAME' },
]

const blobs = (at: string, ...lengths: number[]): Refusal[] =>
  lengths.map((length) => ({
    at,
    why: `${String(length)} bytes`,
    domain: bytes(length),
    wire: bytes(length),
    code: 'FIELD_OUT_OF_RANGE',
  }))

const texts = (at: string, max: number, min = 0): Refusal[] => [
  ...[max + 1, ...(min > 0 ? [0] : [])].map((length): Refusal => {
    const value = 'a'.repeat(length)
    const why = `${String(length)} bytes`
    return { at, why, domain: value, wire: value, code: 'FIELD_OUT_OF_RANGE' }
  }),
  {
    at,
    why: 'few characters but too many bytes',
    domain: '€'.repeat(Math.floor(max / 3) + 1),
    wire: '€'.repeat(Math.floor(max / 3) + 1),
    code: 'FIELD_OUT_OF_RANGE',
  },
  // protobufjs writes half a surrogate pair as three bytes that are not UTF-8.
  { at, why: 'a lone surrogate', domain: 'a\ud800', code: 'MALFORMED_FRAME' },
  { at, why: 'bad UTF-8', wire: 'a\ud800', code: 'MALFORMED_FRAME', wireField: split(at)[0] },
  { at, why: 'no string', domain: 7, code: 'MALFORMED_FRAME' },
]

const lists = (at: string, max: number, domain: unknown, wire: unknown): Refusal[] => [
  {
    at,
    why: `${String(max + 1)} entries`,
    domain: Array.from({ length: max + 1 }, () => domain),
    wire: Array.from({ length: max + 1 }, () => wire),
    code: 'FIELD_OUT_OF_RANGE',
  },
  { at, why: 'no array', domain: MISSING, code: 'MALFORMED_FRAME' },
]

const absent = (at: string): Refusal => ({
  at,
  why: 'absent',
  domain: MISSING,
  wire: MISSING,
  code: 'MALFORMED_FRAME',
})

const uint8 = (at: string): Refusal[] => range(at, -1, 256, 1.5, Number.NaN)
const uint16 = (at: string): Refusal[] => range(at, -1, 65_536, 0.1)
const uint32 = (at: string): Refusal[] => range(at, -1, 2 ** 32, 0.1)

/** A bigint in a uint64 would be written as 0 without a word. */
const uint64 = (at: string): Refusal[] => [
  ...range(at, -1, 2 ** 53, 0.5, Number.POSITIVE_INFINITY),
  { at, why: 'above 2^53 - 1', wire: 2 ** 53, code: 'FIELD_OUT_OF_RANGE' },
  {
    at,
    why: 'the largest uint64',
    wire: { low: -1, high: -1, unsigned: true },
    code: 'FIELD_OUT_OF_RANGE',
  },
  { at, why: 'a bigint', domain: 5n, code: 'MALFORMED_FRAME' },
  { at, why: 'absent', domain: MISSING, code: 'MALFORMED_FRAME' },
]

const boolean = (at: string): Refusal => ({
  at,
  why: 'no boolean',
  domain: 1,
  code: 'MALFORMED_FRAME',
})

const badModel = { modelId: hex(32) }

const REFUSALS: Refusal[] = [
  ...fixed('signedJobOrder.order.payer', 20),
  ...notHex('signedJobOrder.order.payer', 20),
  ...uint64('signedJobOrder.order.nonce'),
  ...fixed('signedJobOrder.order.modelId', 32),
  ...fixed('signedJobOrder.order.specHash', 32),
  ...uint8('signedJobOrder.order.mode'),
  ...uint8('signedJobOrder.order.replicas'),
  ...amounts('signedJobOrder.order.maxPrice'),
  ...range('signedJobOrder.order.auditBps', -1, 10_001),
  ...fixed('signedJobOrder.order.secretHash', 32),
  ...uint64('signedJobOrder.order.deadline'),
  ...fixed('signedJobOrder.signature', 65),
  absent('signedJobOrder.order'),

  ...fixed('signedAward.award.jobId', 32),
  ...uint16('signedAward.award.segment'),
  ...fixed('signedAward.award.provider', 20),
  ...fixed('signedAward.award.bidHash', 32),
  ...fixed('signedAward.award.matchHash', 32),
  ...uint32('signedAward.award.fromToken'),
  ...fixed('signedAward.award.prefixHash', 32),
  ...amounts('signedAward.award.budget'),
  ...uint64('signedAward.award.issuedAt'),
  ...fixed('signedAward.signature', 65),
  absent('signedAward.award'),

  ...fixed('signedAccept.accept.jobId', 32),
  ...uint16('signedAccept.accept.segment'),
  ...fixed('signedAccept.accept.provider', 20),
  ...uint32('signedAccept.accept.fromToken'),
  ...fixed('signedAccept.accept.prefixHash', 32),
  ...amounts('signedAccept.accept.bond'),
  ...uint32('signedAccept.accept.etaMs'),
  ...fixed('signedAccept.signature', 65),
  absent('signedAccept.accept'),

  ...fixed('signedReceipt.receipt.jobId', 32),
  ...uint16('signedReceipt.receipt.segment'),
  ...uint32('signedReceipt.receipt.item'),
  ...uint32('signedReceipt.receipt.seq'),
  ...fixed('signedReceipt.receipt.payer', 20),
  ...fixed('signedReceipt.receipt.provider', 20),
  ...uint32('signedReceipt.receipt.tokensIn'),
  ...uint32('signedReceipt.receipt.tokensOut'),
  ...fixed('signedReceipt.receipt.tokensRoot', 32),
  ...fixed('signedReceipt.receipt.traceRoot', 32),
  ...amounts('signedReceipt.receipt.amount'),
  ...fixed('signedReceipt.receipt.specHash', 32),
  boolean('signedReceipt.receipt.last'),
  ...fixed('signedReceipt.signature', 65),
  absent('signedReceipt.receipt'),

  ...fixed('signedVoucher.voucher.payer', 20),
  ...fixed('signedVoucher.voucher.provider', 20),
  ...amounts('signedVoucher.voucher.cumulative'),
  ...uint64('signedVoucher.voucher.epoch'),
  ...fixed('signedVoucher.signature', 65),
  absent('signedVoucher.voucher'),

  ...blobs('envelope.body', 0),
  ...blobs('envelope.sig', 0, 63, 65),
  ...range('envelopeBody.version', -1, 65_536),
  {
    at: 'envelopeBody.type',
    why: 'unspecified',
    domain: MISSING,
    wire: 0,
    code: 'FIELD_OUT_OF_RANGE',
  },
  {
    at: 'envelopeBody.type',
    why: 'unknown',
    domain: 'heartbeat',
    wire: 3,
    code: 'FIELD_OUT_OF_RANGE',
  },
  {
    at: 'envelopeBody.type',
    why: 'negative',
    domain: '__proto__',
    wire: -1,
    code: 'FIELD_OUT_OF_RANGE',
  },
  ...texts('envelopeBody.network', limits.MAX_NETWORK_BYTES, 1),
  ...uint64('envelopeBody.seq'),
  ...uint64('envelopeBody.issuedAtMs'),
  ...uint64('envelopeBody.expiryMs'),
  ...blobs('envelopeBody.peerId', 0, limits.MAX_PEER_ID_BYTES + 1),
  ...blobs('envelopeBody.payload', limits.MAX_PAYLOAD_BYTES + 1),
  { at: 'envelope.body', why: 'no bytes', domain: 'abc', code: 'MALFORMED_FRAME' },

  ...fixed('peerBinding.peerKey', 32),
  ...fixed('peerBinding.operator', 20),
  ...fixed('peerBinding.encKey', 32),
  ...uint64('peerBinding.expiry'),
  ...fixed('peerBinding.signature', 65),
  ...fixed('clientBinding.peerKey', 32),
  ...fixed('clientBinding.payer', 20),
  ...uint64('clientBinding.expiry'),
  ...fixed('clientBinding.signature', 65),

  ...range('hello.version', -1, 65_536),
  ...texts('hello.network', limits.MAX_NETWORK_BYTES, 1),
  ...fixed('hello.peer.operator', 20),
  ...fixed('hello.client.payer', 20),
  absent('hello.lastVoucher.voucher'),
  { at: 'hello.peer', why: 'null', domain: null, code: 'MALFORMED_FRAME' },
  ...amounts('hello.due'),

  ...fixed('offer.provider', 20),
  ...lists('offer.models', limits.MAX_OFFER_MODELS, badModel, {}),
  ...fixed('offer.models.0.modelId', 32),
  ...texts('offer.models.0.name', limits.MAX_MODEL_NAME_BYTES, 1),
  ...amounts('offer.models.1.priceIn'),
  ...amounts('offer.models.1.priceOut'),
  {
    at: 'offer.models.0.determinism',
    why: 'unspecified',
    domain: '',
    wire: 0,
    code: 'FIELD_OUT_OF_RANGE',
  },
  {
    at: 'offer.models.0.determinism',
    why: 'unknown',
    domain: 'int8',
    wire: 3,
    code: 'FIELD_OUT_OF_RANGE',
  },
  ...range('offer.models.0.contextLength', 0, -1, 2 ** 32),
  ...uint64('offer.expiryMs'),
  ...uint16('offer.slots'),

  ...uint32('capsFrame.request.id'),
  boolean('capsFrame.request.withRecord'),
  ...uint32('capsFrame.response.id'),
  ...blobs('capsFrame.response.record.sig', 63),
  ...uint32('capsFrame.response.inFlight'),
  ...uint16('capsFrame.response.slots'),
  ...uint32('capsFrame.response.stepMs'),

  absent('awardFrame.order'),
  absent('awardFrame.award'),
  absent('awardFrame.spec'),
  ...blobs('awardFrame.spec.enc', 31, 33),
  ...blobs('awardFrame.spec.ciphertext', 47, limits.MAX_SEALED_BYTES + 1),
  ...range('awardFrame.inBucket', 0, -1, 2 ** 32),
  ...range('awardFrame.maxTokens', 0, -1, 2 ** 32),
  ...amounts('awardFrame.priceIn'),
  ...amounts('awardFrame.priceOut'),
  absent('awardFrame.voucher.voucher'),
  ...lists('awardFrame.prefixIds', limits.MAX_PREFIX_IDS, 1, 1),
  ...range('awardFrame.prefixIds.0', -1, 2 ** 32, 0.5),

  ...fixed('voucherFrame.jobId', 32),
  ...uint16('voucherFrame.segment'),
  ...amounts('voucherFrame.amount'),
  absent('voucherFrame.voucher'),
  absent('receiptFrame.receipt'),
  {
    at: 'receiptFrame.finishReason',
    why: 'unknown',
    domain: 'x',
    wire: 'x',
    code: 'FIELD_OUT_OF_RANGE',
  },

  ...fixed('jobFrame.busy.jobId', 32),
  ...uint16('jobFrame.busy.segment'),
  ...uint32('jobFrame.busy.retryAfterMs'),
  ...texts('jobFrame.refuse.code', limits.MAX_CODE_BYTES, 1),
  ...texts('jobFrame.refuse.detail', limits.MAX_DETAIL_BYTES),
  ...texts('jobFrame.stopped.code', limits.MAX_CODE_BYTES, 1),
  ...texts('jobFrame.stopped.detail', limits.MAX_DETAIL_BYTES),
  ...texts('jobFrame.cancel.reason', limits.MAX_DETAIL_BYTES),
  ...fixed('jobFrame.chunk.jobId', 32),
  ...range('jobFrame.chunk.n', 0, -1),
  ...lists('jobFrame.chunk.ids', limits.MAX_CHUNK_IDS, 1, 1),
  ...texts('jobFrame.chunk.textDelta', limits.MAX_TEXT_DELTA_BYTES),
  ...fixed('jobFrame.chunk.h', 32),
  ...uint64('jobFrame.ping.nonce'),
  boolean('jobFrame.ping.pong'),
  { at: 'jobFrame.kind', why: 'unknown', domain: 'reveal', code: 'MALFORMED_FRAME' },
  { at: 'jobFrame.kind', why: 'inherited', domain: 'toString', code: 'MALFORMED_FRAME' },
  { ...absent('jobFrame.chunk'), wireField: 'jobFrame' },

  ...lists('jobSpec.messages', limits.MAX_CHAT_MESSAGES, { role: 'user', content: '' }, {}),
  ...texts('jobSpec.messages.0.role', limits.MAX_ROLE_BYTES, 1),
  { at: 'jobSpec.messages.0.content', why: 'no string', domain: MISSING, code: 'MALFORMED_FRAME' },
  absent('jobSpec.sampling'),
  ...doubles('jobSpec.sampling.temperature', 0.1, -1, 2.01, Number.NaN, Number.POSITIVE_INFINITY),
  ...doubles('jobSpec.sampling.topP', 0, -0.1, 1.1, Number.NaN),
  ...range('jobSpec.sampling.topK', -1, 1001, 1.5),
  ...doubles('jobSpec.sampling.minP', -0.1, 1, Number.NEGATIVE_INFINITY),
  ...doubles('jobSpec.sampling.repetitionPenalty', 0, 0.49, 2.01, Number.NaN),
  { at: 'jobSpec.sampling.topP', why: 'no number', domain: '1', code: 'MALFORMED_FRAME' },
  ...lists('jobSpec.sampling.logitBias', limits.MAX_LOGIT_BIASES, { id: 1, bias: 1 }, {}),
  ...doubles('jobSpec.sampling.logitBias.0.bias', -100.5, 101, Number.NaN),
  ...range('jobSpec.sampling.logitBias.0.id', -1, 2 ** 32),
  ...range('jobSpec.maxTokens', 0, -1, 2 ** 32),
  ...lists('jobSpec.stop', limits.MAX_STOP_STRINGS, 'a', 'a'),
  ...texts('jobSpec.stop.0', limits.MAX_STOP_BYTES, 1),
  ...fixed('jobSpec.seed', 32),
]

/** Paths in errors write indices in brackets; a wrong kind is the frame's own fault. */
function errorField(at: string): string {
  return at.replace(/\.(\d+)/g, '[$1]').replace(/\.kind$/, '')
}

const given = (value: unknown): unknown => (value === MISSING ? undefined : value)

describe('codecs: refusals', () => {
  for (const { at, why, code, wireField, ...bad } of REFUSALS) {
    const [name, path] = split(at)
    if ('domain' in bad) {
      it(`encode refuses ${at}: ${why}`, () => {
        const value = tamperedValue(name, path, given(bad.domain))
        expectProtoError(() => codecOf(name).encode(value), code, errorField(at))
      })
    }
    if ('wire' in bad) {
      it(`decode refuses ${at}: ${why}`, () => {
        const bytes = tamperedBytes(name, path, given(bad.wire))
        expectProtoError(() => codecOf(name).decode(bytes), code, wireField ?? errorField(at))
      })
    }
  }
})
