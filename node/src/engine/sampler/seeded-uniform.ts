import { createHash } from 'node:crypto'

/** Bytes of a sampling seed. */
export const SEED_BYTES = 32

/**
 * U_t: the first 53 bits of sha256(seed ‖ uint32 t), big-endian, as an integer below 2^53.
 * t counts over the whole completion, prefix included (SCHEMAS "Sampler version 1").
 */
export function seededUniform(seed: Uint8Array, t: number): bigint {
  const counter = new Uint8Array(4)
  new DataView(counter.buffer).setUint32(0, t, false)
  const digest = createHash('sha256').update(seed).update(counter).digest()
  return digest.readBigUInt64BE(0) >> 11n
}
