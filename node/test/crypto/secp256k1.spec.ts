import { OperatorSigner } from '../../src/crypto/operator-signer.ts'
import { recoverSigner } from '../../src/crypto/secp256k1.ts'
import { hexOf } from '../../src/crypto/hex.ts'
import { expect } from 'chai'
import fc from 'fast-check'
import { bytesToHex, numberToHex, recoverAddress } from 'viem'
import { privateKeyToAccount, sign } from 'viem/accounts'
import type { Hex } from 'viem'
import { refusal } from '../reject.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const privateKey = bytes32.filter((key) => {
  const scalar = BigInt(bytesToHex(key))
  return scalar > 0n && scalar < ORDER
})
/** Pure JavaScript signs and recovers in 4 ms a case. */
const RUNS = { numRuns: 60 }

describe('secp256k1', () => {
  it('makes the same address and the same signature as viem', async () => {
    await fc.assert(
      fc.asyncProperty(privateKey, bytes32, async (key, hash) => {
        const signer = new OperatorSigner(key)
        const privateHex = bytesToHex(key)
        expect(signer.address).to.equal(privateKeyToAccount(privateHex).address.toLowerCase())
        const expected = await sign({ hash: bytesToHex(hash), privateKey: privateHex, to: 'hex' })
        expect(signer.signDigest(bytesToHex(hash))).to.equal(expected)
      }),
      RUNS,
    )
  })

  it('recovers what viem recovers, for signatures over any digest', async () => {
    await fc.assert(
      fc.asyncProperty(privateKey, bytes32, bytes32, async (key, hash, other) => {
        const signer = new OperatorSigner(key)
        const signature = signer.signDigest(bytesToHex(hash))
        expect(recoverSigner(bytesToHex(hash), signature)).to.equal(signer.address)
        const theirs = await recoverAddress({ hash: bytesToHex(other), signature })
        expect(recoverSigner(bytesToHex(other), signature)).to.equal(theirs.toLowerCase())
      }),
      RUNS,
    )
  })

  it('refuses high s, v other than 27 and 28, and r or s outside the group', () => {
    const signer = new OperatorSigner(new Uint8Array(32).fill(7))
    const digest = hexOf(new Uint8Array(32).fill(9))
    const signature = signer.signDigest(digest)
    const r: Hex = `0x${signature.slice(2, 66)}`
    const s: Hex = `0x${signature.slice(66, 130)}`
    const v = Number.parseInt(signature.slice(130), 16)
    const compose = (rr: Hex, ss: Hex, last: number): Hex =>
      `0x${rr.slice(2)}${ss.slice(2)}${last.toString(16).padStart(2, '0')}`
    const word = (value: bigint): Hex => numberToHex(value, { size: 32 })

    expect(compose(r, s, v)).to.equal(signature)
    expect(recoverSigner(digest, compose(r, word(ORDER - BigInt(s)), 55 - v))).to.equal(null)
    for (const last of [0, 1, 26, 29, 255]) {
      expect(recoverSigner(digest, compose(r, s, last))).to.equal(null)
    }
    for (const bad of [word(0n), word(ORDER), word(2n ** 256n - 1n)]) {
      expect(recoverSigner(digest, compose(bad, s, v))).to.equal(null)
      expect(recoverSigner(digest, compose(r, bad, v))).to.equal(null)
    }
    const half = word(ORDER / 2n)
    const atLimit = recoverSigner(digest, compose(r, half, v))
    expect(atLimit, 's of exactly half the order is low').to.match(/^0x[0-9a-f]{40}$/)
    expect(recoverSigner(digest, compose(r, word(ORDER / 2n + 1n), v))).to.equal(null)
  })

  it('refuses malformed hex without throwing', () => {
    const digest = hexOf(new Uint8Array(32).fill(9))
    const signature = new OperatorSigner(new Uint8Array(32).fill(7)).signDigest(digest)
    const digests: Hex[] = ['0x', `${digest}00`, `0x${'zz'.repeat(32)}`, digest.slice(0, -2) as Hex]
    for (const bad of digests) expect(recoverSigner(bad, signature)).to.equal(null)
    for (const bad of ['0x', `${signature}00`, signature.slice(0, 130)] as Hex[]) {
      expect(recoverSigner(digest, bad)).to.equal(null)
    }
  })

  it('refuses a key outside the group and a digest of another length', () => {
    for (const key of [
      new Uint8Array(32),
      new Uint8Array(32).fill(255),
      new Uint8Array(31).fill(1),
    ]) {
      expect(refusal(() => new OperatorSigner(key)).code).to.equal('KEY_REFUSED')
    }
    const signer = new OperatorSigner(new Uint8Array(32).fill(7))
    expect(refusal(() => signer.signDigest('0x1234')).code).to.equal('FIELD_OUT_OF_RANGE')
  })

  it('keeps its own copy of the key', () => {
    const key = new Uint8Array(32).fill(7)
    const digest = hexOf(new Uint8Array(32).fill(9))
    const signer = new OperatorSigner(key)
    const before = signer.signDigest(digest)
    key.fill(0)
    expect(signer.signDigest(digest)).to.equal(before)
  })
})
