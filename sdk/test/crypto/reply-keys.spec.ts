import type { Hex } from '@duckmesh/protocols'
import { bytesToHex, hexToBytes } from '@duckmesh/protocols'
import { expect } from 'chai'
import fc from 'fast-check'
import { hpkeSeal } from '../../src/crypto/hpke-seal.ts'
import { HpkeReplyKeys } from '../../src/crypto/reply-keys.ts'
import { SdkCrypto } from '../../src/crypto/sdk-crypto.ts'
import { expectCode } from '../support/expect-code.ts'

const INFO = 'duckmesh/1/bid'
const keys = new HpkeReplyKeys(new SdkCrypto())
const text = (of: string): Uint8Array => new TextEncoder().encode(of)

/** Whether opening fails, as it must for anything but the right parts. */
async function isRefused(open: Promise<Uint8Array>): Promise<boolean> {
  return open.then(
    () => false,
    () => true,
  )
}

describe('HpkeReplyKeys', () => {
  it('makes pairs that are all unlike and whose secret gives the public key', async () => {
    const pairs = await Promise.all(Array.from({ length: 20 }, () => keys.create()))
    expect(new Set(pairs.flatMap((pair) => Object.values(pair))).size).to.equal(40)
    for (const { publicKey, secretKey } of pairs) {
      expect(await keys.publicKeyOf(secretKey)).to.equal(publicKey)
    }
  })

  it('opens what was sealed to the public half, whatever it is', async () => {
    const { publicKey, secretKey } = await keys.create()
    const blob = fc.uint8Array({ maxLength: 512 })
    await fc.assert(
      fc.asyncProperty(blob, blob, async (content, aad) => {
        const sealed = await hpkeSeal(publicKey, INFO, aad, content)
        expect(bytesToHex(await keys.open(secretKey, INFO, aad, sealed))).to.equal(
          bytesToHex(content),
        )
      }),
      { numRuns: 20 },
    )
  })

  it('agrees with the first vector of RFC 9180 for this suite', async () => {
    // Appendix A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, sequence number 0.
    const secretKey = '0x4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'
    const enc = '0x37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'
    const ciphertext =
      '0xf938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a'
    const publicKey = '0x3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d'
    expect(await keys.publicKeyOf(secretKey)).to.equal(publicKey)
    const sealed = { enc: hexToBytes(enc, 32), ciphertext: hexToBytes(ciphertext) }
    const opened = await keys.open(secretKey, 'Ode on a Grecian Urn', text('Count-0'), sealed)
    expect(new TextDecoder().decode(opened)).to.equal('Beauty is truth, truth beauty')
  })

  it('opens nothing when key, info, bound data or one byte differ', async () => {
    const [{ publicKey, secretKey }, other] = [await keys.create(), await keys.create()]
    const aad = text('job and provider')
    const { ciphertext, enc } = await hpkeSeal(publicKey, INFO, aad, text('68 wei'))
    const sealed = { enc, ciphertext }
    const changed = { enc, ciphertext: ciphertext.map((byte, i) => (i === 3 ? byte ^ 1 : byte)) }
    const opens = [
      keys.open(other.secretKey, INFO, aad, sealed),
      keys.open(secretKey, 'duckmesh/1/spec', aad, sealed),
      keys.open(secretKey, INFO, text('another job'), sealed),
      keys.open(secretKey, INFO, aad, changed),
      keys.open(secretKey, INFO, aad, { enc: new Uint8Array(32), ciphertext }),
    ]
    expect(await Promise.all(opens.map(isRefused))).to.deep.equal(opens.map(() => true))
    expect(await isRefused(keys.open(secretKey, INFO, aad, sealed))).to.equal(false)
  })

  it('refuses a secret that is no key', async () => {
    for (const secret of ['0x', '0x12', 'text'] as Hex[]) {
      await expectCode('FIELD_OUT_OF_RANGE', () => keys.publicKeyOf(secret))
    }
  })
})
