/** Sample values behind the golden vectors: every message with typical, smallest and largest fields. */
import type * as types from '../src/types.ts'

const repeat = (byte: string, count: number): types.Hex => `0x${byte.repeat(count)}`
const bytes = (count: number, start = 0): Uint8Array =>
  Uint8Array.from({ length: count }, (_, i) => (start + i) % 256)

export const REGISTRY = '0x5fbdb2315678afecb367f032d93f642f64180aa3'
export const CHAIN_ID = 31337

export const MAX_UINT96 = 2n ** 96n - 1n
const MAX_UINT32 = 2 ** 32 - 1
const MAX_SAFE = Number.MAX_SAFE_INTEGER

/** Address of the first test key, which signs the typical case of every struct. */
export const PAYER = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'

const payer = PAYER
const provider = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8'
const jobId = repeat('a1', 32)
const signature = `${repeat('5a', 64)}1b` as types.Hex

export const order: types.JobOrder = {
  payer,
  nonce: 7,
  modelId: repeat('c4', 32),
  specHash: repeat('d5', 32),
  mode: 1,
  replicas: 1,
  maxPrice: 1_500_000_000_000_000_000n,
  auditBps: 500,
  secretHash: repeat('e6', 32),
  deadline: 1_800_000_000,
}

export const award: types.Award = {
  jobId,
  segment: 0,
  provider,
  bidHash: repeat('b1', 32),
  matchHash: repeat('00', 32),
  fromToken: 0,
  prefixHash: repeat('f7', 32),
  budget: 1_500_000_000_000_000_000n,
  issuedAt: 1_799_999_000,
}

export const accept: types.Accept = {
  jobId,
  segment: 65_535,
  provider,
  fromToken: MAX_UINT32,
  prefixHash: repeat('f7', 32),
  bond: 0n,
  etaMs: 250,
}

export const receipt: types.Receipt = {
  jobId,
  segment: 0,
  item: 0,
  seq: 2,
  payer,
  provider,
  tokensIn: 0,
  tokensOut: 64,
  tokensRoot: repeat('07', 32),
  traceRoot: repeat('00', 32),
  amount: 64_000_000_000_000_000n,
  specHash: repeat('d5', 32),
  last: true,
}

export const voucher: types.Voucher = {
  payer,
  provider,
  cumulative: 123_456_789_012_345_678_901n,
  epoch: 3,
}

const peerBinding: types.PeerBinding = {
  peerKey: repeat('31', 32),
  operator: repeat('32', 20),
  encKey: repeat('33', 32),
  expiry: 1_800_000_000,
  signature,
}

const clientBinding: types.ClientBinding = {
  peerKey: repeat('41', 32),
  payer,
  expiry: MAX_SAFE,
  signature,
}

const envelope: types.Envelope = { body: bytes(90), sig: bytes(64, 200) }

const fullHello: types.Hello = {
  version: 1,
  network: '31337-5fbdb231',
  peer: peerBinding,
  client: clientBinding,
  lastVoucher: { voucher, signature },
  due: MAX_UINT96,
}

const bareHello: types.Hello = { version: 1, network: '1-00000000', due: 0n }

const offer: types.Offer = {
  provider,
  models: [
    {
      modelId: repeat('c4', 32),
      name: 'Duckling 1.8M',
      priceIn: 250_000_000_000_000_000n,
      priceOut: 1_000_000_000_000_000_000n,
      determinism: 'f32',
      contextLength: 512,
    },
    {
      modelId: repeat('c5', 32),
      name: 'Ente ü',
      priceIn: 0n,
      priceOut: MAX_UINT96,
      determinism: 'opaque',
      contextLength: MAX_UINT32,
    },
  ],
  expiryMs: 1_800_000_030_000,
  slots: 8,
}

const spec: types.JobSpec = {
  messages: [
    { role: 'system', content: 'You are a duck.' },
    { role: 'user', content: 'Grüße 🦆' },
  ],
  sampling: {
    temperature: 0.7,
    topP: 0.95,
    topK: 40,
    minP: 0.05,
    repetitionPenalty: 1.1,
    logitBias: [
      { id: 5, bias: -100 },
      { id: 70_000, bias: 1.5 },
    ],
  },
  maxTokens: 128,
  stop: ['\n\n', 'END'],
  seed: repeat('9c', 32),
}

const greedySpec: types.JobSpec = {
  messages: [],
  sampling: {
    temperature: 0,
    topP: 1,
    topK: 0,
    minP: 0,
    repetitionPenalty: 1,
    logitBias: [],
  },
  maxTokens: 1,
  stop: [],
  seed: repeat('00', 32),
}

const sealed: types.Sealed = { enc: bytes(32), ciphertext: bytes(96, 7) }

const voucherFrame: types.VoucherFrame = {
  jobId,
  segment: 0,
  amount: 64_000_000_000_000_000n,
  voucher: { voucher, signature },
}

const awardFrame: types.AwardFrame = {
  order: { order, signature },
  award: { award, signature },
  spec: sealed,
  inBucket: 128,
  maxTokens: 64,
  priceIn: 250_000_000_000_000_000n,
  priceOut: 1_000_000_000_000_000_000n,
  voucher: voucherFrame,
  prefixIds: [0, 127, 128, 16_384, MAX_UINT32],
}

const { voucher: _voucher, ...unpaidAward } = awardFrame

const segment: types.SegmentRef = { jobId, segment: 1 }
const refusal: types.Refuse = {
  ...segment,
  code: 'PRICE_MISMATCH',
  detail: 'priceOut is 1.2 DUCK now',
}

const chunk: types.Chunk = {
  ...segment,
  n: 1,
  ids: [1, 300, 70_000],
  textDelta: 'Quak, said the 🦆.',
  h: repeat('77', 32),
}

const receiptFrame: types.ReceiptFrame = {
  receipt: { receipt, signature },
  finishReason: 'stop',
}

const jobFrames: types.JobFrame[] = [
  { kind: 'hello', hello: fullHello },
  { kind: 'award', award: awardFrame },
  { kind: 'accept', accept: { accept, signature } },
  { kind: 'busy', busy: { ...segment, retryAfterMs: 1_500 } },
  { kind: 'refuse', refuse: refusal },
  { kind: 'chunk', chunk },
  { kind: 'voucher', voucher: voucherFrame },
  { kind: 'receipt', receipt: receiptFrame },
  { kind: 'cancel', cancel: { ...segment, reason: 'the user pressed stop' } },
  { kind: 'ping', ping: { nonce: MAX_SAFE, pong: true } },
  { kind: 'stopped', stopped: { ...segment, code: 'SHUTTING_DOWN', detail: '' } },
]

const capsFrames: types.CapsFrame[] = [
  { kind: 'hello', hello: bareHello },
  { kind: 'request', request: { id: 1, withRecord: true } },
  {
    kind: 'response',
    response: { id: 1, record: envelope, inFlight: 3, slots: 8, stepMs: 41 },
  },
  { kind: 'response', response: { id: 2, inFlight: 0, slots: 0, stepMs: 0 } },
]

const envelopeBody: types.EnvelopeBody = {
  version: 1,
  type: 'offer',
  network: '31337-5fbdb231',
  seq: 42,
  issuedAtMs: 1_800_000_000_000,
  expiryMs: 1_800_000_030_000,
  peerId: bytes(38),
  payload: bytes(20, 50),
}

/** Samples by the name of their codec. */
export const SAMPLES = {
  envelope: [envelope],
  envelopeBody: [
    envelopeBody,
    { ...envelopeBody, type: 'peerBinding', seq: 0, payload: new Uint8Array() },
  ],
  peerBinding: [peerBinding],
  clientBinding: [clientBinding],
  hello: [fullHello, bareHello],
  offer: [offer, { ...offer, models: [], slots: 0 }],
  capsFrame: capsFrames,
  jobFrame: jobFrames,
  awardFrame: [awardFrame, { ...unpaidAward, prefixIds: [] }],
  jobSpec: [spec, greedySpec],
  voucherFrame: [voucherFrame],
  receiptFrame: [
    receiptFrame,
    { receipt: { receipt: { ...receipt, last: false }, signature }, finishReason: '' },
  ],
  signedJobOrder: [{ order, signature }],
  signedAward: [{ award, signature }],
  signedAccept: [{ accept, signature }],
  signedReceipt: [{ receipt, signature }],
  signedVoucher: [
    { voucher, signature },
    { voucher: { ...voucher, cumulative: 0n, epoch: 0 }, signature },
  ],
} as const satisfies Record<string, readonly unknown[]>
