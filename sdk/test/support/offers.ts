/** Offers as the book keeps them, without the signatures that were checked before. */
import { bytesToHex } from '@duckmesh/protocols'
import type { Hex, ModelOffer } from '@duckmesh/protocols'
import type { BookEntry } from '@duckmesh/protocols/market'

export const MODEL: Hex = `0x${'3a'.repeat(32)}`

/** 20 bytes of the number. */
export function address(n: number): Hex {
  return `0x${n.toString(16).padStart(40, '0')}`
}

/** 32 bytes of the number. */
export function bytes32(n: number): Hex {
  return `0x${n.toString(16).padStart(64, '0')}`
}

export function modelOffer(over: Partial<ModelOffer> = {}): ModelOffer {
  return {
    modelId: MODEL,
    name: 'duckling',
    priceIn: 250n,
    priceOut: 1_000n,
    determinism: 'f32',
    contextLength: 512,
    ...over,
  }
}

export interface EntryInput {
  /** Tells providers apart. */
  n?: number
  nowMs?: number
  models?: ModelOffer[]
}

export function bookEntry({
  n = 1,
  nowMs = 0,
  models = [modelOffer()],
}: EntryInput = {}): BookEntry {
  return {
    offer: { provider: address(n), models, expiryMs: nowMs + 30_000, slots: 4 },
    peerKey: bytesToHex(ed25519Key(n)),
    offerHash: bytes32(n),
    envelope: { body: new Uint8Array(), sig: new Uint8Array() },
    issuedAtMs: nowMs,
    seq: 1,
  }
}

/** Any 32 bytes make a peer id; nothing is verified with them here. */
function ed25519Key(n: number): Uint8Array {
  const key = new Uint8Array(32).fill(7)
  key[31] = n
  return key
}
