import { blob } from './bytes.ts'
import { struct } from './struct.ts'
import type { Field } from './interface.ts'
import type { Sealed } from '../types.ts'

/** Bytes of the encapsulated X25519 key. */
const ENCAPSULATED_BYTES = 32

/** An HPKE output whose ciphertext has from `min` to `max` bytes. */
export function sealedOf(min: number, max: number): Field<Sealed> {
  return struct({ enc: blob(ENCAPSULATED_BYTES, ENCAPSULATED_BYTES), ciphertext: blob(min, max) })
}
