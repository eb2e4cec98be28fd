/** All the cryptography that a light client does: its own in pure JavaScript, or a native one. */
import type { Crypto, ReplyKeys, Rng } from '@duckmesh/protocols'

export interface ClientCrypto extends Crypto, Rng {
  readonly replyKeys: ReplyKeys
}
