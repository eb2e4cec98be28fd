/** sha-256 on another thread, so that hashing holds up no stream. */
import { webcrypto } from 'node:crypto'

/** 32 bytes. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes))
}
