/** Values that the samples of several messages share. */
import type * as types from '../src/types.ts'

export const repeat = (byte: string, count: number): types.Hex => `0x${byte.repeat(count)}`
export const bytes = (count: number, start = 0): Uint8Array =>
  Uint8Array.from({ length: count }, (_, i) => (start + i) % 256)

export const REGISTRY = '0x5fbdb2315678afecb367f032d93f642f64180aa3'
export const CHAIN_ID = 31337

export const MAX_UINT96 = 2n ** 96n - 1n
export const MAX_UINT32 = 2 ** 32 - 1
export const MAX_SAFE = Number.MAX_SAFE_INTEGER

/** Address of the first test key, which signs the typical case of every struct. */
export const PAYER = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'

export const provider = '0x70997970c51812dc3a010c7d01b50e0d17dc79c8'
export const jobId = repeat('a1', 32)
export const signature = `${repeat('5a', 64)}1b` as types.Hex

export const order: types.JobOrder = {
  payer: PAYER,
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
  payer: PAYER,
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
  payer: PAYER,
  provider,
  cumulative: 123_456_789_012_345_678_901n,
  epoch: 3,
}

export const peerBinding: types.PeerBinding = {
  peerKey: repeat('31', 32),
  operator: repeat('32', 20),
  encKey: repeat('33', 32),
  expiry: 1_800_000_000,
  signature,
}

export const clientBinding: types.ClientBinding = {
  peerKey: repeat('41', 32),
  payer: PAYER,
  expiry: MAX_SAFE,
  signature,
}

export const envelope: types.Envelope = { body: bytes(90), sig: bytes(64, 200) }

export const fullHello: types.Hello = {
  version: 1,
  network: '31337-5fbdb231',
  peer: peerBinding,
  client: clientBinding,
  lastVoucher: { voucher, signature },
  due: MAX_UINT96,
}

export const bareHello: types.Hello = { version: 1, network: '1-00000000', due: 0n }

export const sealed: types.Sealed = { enc: bytes(32), ciphertext: bytes(96, 7) }
