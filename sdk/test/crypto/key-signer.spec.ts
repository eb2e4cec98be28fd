/** A raw key signs as viem's account of the same key does. */
import { expect } from 'chai'
import fc from 'fast-check'
import { bytesToHex } from '@duckmesh/protocols'
import { privateKeyToAccount } from 'viem/accounts'
import { keySigner } from '../../src/crypto/key-signer.ts'

const bytes32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => bytesToHex(Uint8Array.of(...bytes.subarray(0, 31), (bytes[31] ?? 0) | 1)))
const ORDER = '0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'
const key = bytes32.filter((hex) => BigInt(hex) < BigInt(ORDER))

describe('keySigner', () => {
  it('has the address and makes the signatures of viem', async () => {
    await fc.assert(
      fc.asyncProperty(key, bytes32, async (privateKey, digest) => {
        const account = privateKeyToAccount(privateKey)
        const signer = keySigner(privateKey)
        expect(signer.address).to.equal(account.address.toLowerCase())
        expect(await signer.signDigest(digest)).to.equal(await account.sign({ hash: digest }))
      }),
      { numRuns: 50 },
    )
  })

  it('takes upper-case hex', () => {
    const lower = `0x${'ab'.repeat(32)}` as const
    const upper = `0x${'AB'.repeat(32)}` as const
    expect(keySigner(upper).address).to.equal(keySigner(lower).address)
  })

  it('refuses what is no key', () => {
    for (const hex of [`0x${'00'.repeat(32)}`, ORDER, '0x01', '0xno', `0x${'11'.repeat(33)}`]) {
      expect(() => keySigner(hex as `0x${string}`), hex).to.throw()
    }
  })
})
