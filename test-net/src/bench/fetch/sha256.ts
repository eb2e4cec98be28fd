/** sha-256 as nodes compute it: on another thread. */
import { webcrypto } from 'node:crypto'

export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes))
}
