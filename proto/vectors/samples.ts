/** Sample values behind the golden vectors: every message with typical, smallest and largest fields. */
import { AUCTION_SAMPLES, auctionProof } from './samples-auction.ts'
import { EVIDENCE_SAMPLES } from './samples-evidence.ts'
import { FETCH_SAMPLES } from './samples-fetch.ts'
import { RELAY_SAMPLES } from './samples-relay.ts'
import { MAX_SAFE, MAX_UINT32, MAX_UINT96, accept, award, bareHello, bytes } from './sample-values.ts'
import { clientBinding, envelope, fullHello, jobId, order, peerBinding } from './sample-values.ts'
import { provider, receipt, repeat, sealed, signature, voucher } from './sample-values.ts'
import type * as types from '../src/types.ts'

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
      numbers: { task: 'classify', width: 2, labels: ['glad', 'traurig 🦆'] },
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

const jsonSpec: types.JobSpec = { ...greedySpec, messages: spec.messages, format: 'json' }

const numberSpec: types.JobSpec = {
  ...greedySpec,
  task: 'classify',
  texts: ['Grüße 🦆', 'a'],
  maxTokens: 6,
}

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

const reveal: types.Reveal = {
  ...segment,
  salt: repeat('5a', 32),
  ids: [0, 300, MAX_UINT32],
  text: 'Quak 🦆',
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
  { kind: 'reveal', reveal },
  { kind: 'reveal', reveal: { ...segment, salt: repeat('00', 32), ids: [], text: '' } },
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
    { ...envelopeBody, type: 'heartbeat' },
    { ...envelopeBody, type: 'jobHeader' },
    { ...envelopeBody, type: 'evidence' },
  ],
  peerBinding: [peerBinding],
  clientBinding: [clientBinding],
  hello: [fullHello, bareHello],
  offer: [offer, { ...offer, models: [], slots: 0 }],
  capsFrame: capsFrames,
  jobFrame: jobFrames,
  awardFrame: [
    awardFrame,
    { ...unpaidAward, prefixIds: [] },
    { ...unpaidAward, prefixIds: [], auction: auctionProof },
    { ...awardFrame, task: 'embed' },
  ],
  jobSpec: [spec, greedySpec, jsonSpec, numberSpec],
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
  ...AUCTION_SAMPLES,
  ...EVIDENCE_SAMPLES,
  ...FETCH_SAMPLES,
  ...RELAY_SAMPLES,
} as const satisfies Record<string, readonly unknown[]>
