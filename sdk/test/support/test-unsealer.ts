import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { bytesToHex } from '@duckmesh/protocols'
import type { Unsealer } from '@duckmesh/protocols'

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes128Gcm(),
})
const plain = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer

/** A fresh X25519 key that opens what was sealed to it. */
export async function testUnsealer(): Promise<Unsealer> {
  const recipientKey = await suite.kem.generateKeyPair()
  const publicKey = await suite.kem.serializePublicKey(recipientKey.publicKey)
  return {
    encKey: bytesToHex(new Uint8Array(publicKey)),
    open: async (info, aad, { ciphertext, enc }) => {
      const opening = { recipientKey, enc: plain(enc), info: plain(new TextEncoder().encode(info)) }
      return new Uint8Array(await suite.open(opening, plain(ciphertext), plain(aad)))
    },
  }
}
