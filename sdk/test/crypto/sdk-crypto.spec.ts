import { generateKeyPairSync, sign } from 'node:crypto'
import { bytesToHex } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { expect } from 'chai'
import fc from 'fast-check'
import { recoverAddress } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { SdkCrypto } from '../../src/crypto/sdk-crypto.ts'
import { bytes32 } from '../support/offers.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const crypto = new SdkCrypto()
const hex32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytesToHex)
const account = privateKeyToAccount(bytes32(3))
const digest = bytes32(4)

/** The signature with one hex digit changed. */
function flipped(signature: Hex, at: number): Hex {
  const digit = (Number.parseInt(signature[at] ?? '0', 16) ^ 1).toString(16)
  return `0x${signature.slice(2, at)}${digit}${signature.slice(at + 1)}`
}

describe('SdkCrypto', () => {
  it('recovers the address that viem recovers, for any key and digest', async () => {
    await fc.assert(
      fc.asyncProperty(hex32, hex32, async (key, hash) => {
        fc.pre(BigInt(key) > 0n && BigInt(key) < ORDER)
        const signature = await privateKeyToAccount(key).sign({ hash })
        const expected = (await recoverAddress({ hash, signature })).toLowerCase()
        expect(crypto.recoverAddress(hash, signature)).to.equal(expected)
      }),
      { numRuns: 25 },
    )
  })

  it('recovers nobody or somebody else from a changed signature', async () => {
    const signature = await account.sign({ hash: digest })
    for (let at = 2; at < 130; at += 9) {
      const recovered = crypto.recoverAddress(digest, flipped(signature, at))
      expect(recovered).to.not.equal(account.address.toLowerCase())
    }
  })

  it('recovers nobody from high s, other v, zeros, wrong lengths and what is no hex', async () => {
    const signature = await account.sign({ hash: digest })
    const s = (ORDER - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, '0')
    const body = signature.slice(2, 130)
    const bad = [
      `${signature.slice(0, 66)}${s}${signature.endsWith('1b') ? '1c' : '1b'}`,
      `0x${body}00`,
      `0x${body}01`,
      `0x${body}1d`,
      `0x${'00'.repeat(64)}1b`,
      signature.slice(0, -2),
      `${signature}00`,
      '0x',
      'no hex',
    ]
    for (const wrong of bad) {
      expect(crypto.recoverAddress(digest, wrong as Hex), wrong).to.equal(null)
    }
    expect(crypto.recoverAddress('0x12', signature)).to.equal(null)
  })

  it('verifies what node:crypto signs with Ed25519, and nothing else', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const peerKey = bytesToHex(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(63), (data, at) => {
        const signature = new Uint8Array(sign(null, data, privateKey))
        expect(crypto.verifyEd25519(peerKey, data, signature)).to.equal(true)
        const changed = signature.map((byte, i) => (i === at ? byte ^ 1 : byte))
        expect(crypto.verifyEd25519(peerKey, data, changed)).to.equal(false)
        expect(crypto.verifyEd25519(peerKey, Uint8Array.of(...data, 1), signature)).to.equal(false)
        expect(crypto.verifyEd25519(bytes32(1), data, signature)).to.equal(false)
      }),
      { numRuns: 15 },
    )
    expect(crypto.verifyEd25519('0x12', new Uint8Array(), new Uint8Array(64))).to.equal(false)
    expect(crypto.verifyEd25519(peerKey, new Uint8Array(), new Uint8Array(63))).to.equal(false)
  })

  it('draws as many random bytes as asked for', () => {
    expect(crypto.bytes(0)).to.have.length(0)
    expect(crypto.bytes(33)).to.have.length(33)
    expect(crypto.bytes(32)).to.not.deep.equal(crypto.bytes(32))
  })
})
