import { Aes128Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { bytesToHex } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { expect } from 'chai'
import fc from 'fast-check'
import { hpkeSeal } from '../../src/crypto/hpke-seal.ts'
import { expectCode } from '../support/expect-code.ts'

const INFO = 'duckmesh/1/spec'
const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes128Gcm(),
})
const plain = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer

describe('hpkeSeal', () => {
  it('seals what the recipient of the suite opens, from views into larger buffers too', async () => {
    const recipientKey = await suite.kem.generateKeyPair()
    const publicKey = await suite.kem.serializePublicKey(recipientKey.publicKey)
    const encKey = bytesToHex(new Uint8Array(publicKey))
    const blob = fc.uint8Array({ maxLength: 500 })
    await fc.assert(
      fc.asyncProperty(blob, blob, async (content, aad) => {
        const view = Uint8Array.of(9, ...content, 9).subarray(1, -1)
        const { ciphertext, enc } = await hpkeSeal(encKey, INFO, aad, view)
        const info = plain(new TextEncoder().encode(INFO))
        const opening = { recipientKey, enc: plain(enc), info }
        const opened = await suite.open(opening, plain(ciphertext), plain(aad))
        expect(bytesToHex(new Uint8Array(opened))).to.equal(bytesToHex(content))
      }),
      { numRuns: 25 },
    )
  })

  const bad: Hex[] = ['0x', '0x1234', `0x${'00'.repeat(32)}`, `0x01${'00'.repeat(31)}`]
  for (const encKey of bad) {
    it(`refuses the key ${encKey.slice(0, 10)} of ${encKey.length / 2 - 1} bytes`, async () => {
      const error = await expectCode('FIELD_OUT_OF_RANGE', () =>
        hpkeSeal(encKey, INFO, new Uint8Array(), new Uint8Array()),
      )
      expect(error.details).to.deep.equal({ field: 'encKey', value: encKey })
    })
  }
})
