/** The key behind a client's peer id as the signer of its envelopes. */
import { bytesToHex } from '@duckmesh/protocols'
import type { PeerSigner } from '@duckmesh/protocols'
import type { Ed25519PrivateKey } from '@libp2p/interface'

/** Signs by the libp2p key itself: WebCrypto in browsers, node:crypto on Node. */
export function peerKeySigner(privateKey: Ed25519PrivateKey): PeerSigner {
  return {
    peerKey: bytesToHex(privateKey.publicKey.raw),
    sign: (data) => privateKey.sign(data),
  }
}
