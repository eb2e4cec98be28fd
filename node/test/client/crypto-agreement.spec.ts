import { createPrivateKey, randomBytes, sign } from 'node:crypto'
import { join } from 'node:path'
import { SdkCrypto, hpkeSeal } from '@duckmesh/sdk'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { EncKeyring, NodeCrypto } from '../../src/crypto/index.ts'
import { hpkeOpen, importHpkeKey } from '../../src/crypto/hpke.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'

// A light client and a node must judge every signature alike, or they would see different meshes.

const sdk = new SdkCrypto()
const node = new NodeCrypto()
const hex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString('hex')}`
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })

/** Signature with one byte replaced; the same when it was that byte. */
function changed(signature: Uint8Array, at: number, to: number): Uint8Array {
  return signature.map((byte, i) => (i === at % signature.length ? to : byte))
}

describe('crypto of sdk and node', () => {
  it('recovers the same address, or nobody, from any 65 bytes', () => {
    fc.assert(
      fc.property(bytes(32), bytes(64), fc.integer({ min: 25, max: 30 }), (digest, body, v) => {
        const signature = hex(Uint8Array.of(...body, v))
        const expected = node.recoverAddress(hex(digest), signature)
        expect(sdk.recoverAddress(hex(digest), signature)).to.equal(expected)
      }),
      { numRuns: 60 },
    )
  })

  it('agrees on real signatures and on real ones with one byte changed', async () => {
    const account = privateKeyToAccount(hex(new Uint8Array(32).fill(5)))
    await fc.assert(
      fc.asyncProperty(bytes(32), fc.nat(64), fc.nat(255), async (digest, at, to) => {
        const hash = hex(digest)
        const signature = await account.sign({ hash })
        expect(sdk.recoverAddress(hash, signature)).to.equal(account.address.toLowerCase())
        expect(node.recoverAddress(hash, signature)).to.equal(account.address.toLowerCase())
        const other = hex(changed(Buffer.from(signature.slice(2), 'hex'), at, to))
        expect(sdk.recoverAddress(hash, other)).to.equal(node.recoverAddress(hash, other))
      }),
      { numRuns: 40 },
    )
  })

  it('agrees on Ed25519', () => {
    const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')
    fc.assert(
      fc.property(bytes(32), fc.uint8Array(), fc.nat(63), fc.nat(255), (seed, data, at, to) => {
        const der = Buffer.concat([pkcs8, seed])
        const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
        const jwk = privateKey.export({ format: 'jwk' })
        const peerKey = hex(Buffer.from(jwk.x ?? '', 'base64url'))
        const signature = new Uint8Array(sign(null, data, privateKey))
        expect(sdk.verifyEd25519(peerKey, data, signature)).to.equal(true)
        for (const tried of [signature, changed(signature, at, to)]) {
          const expected = node.verifyEd25519(peerKey, data, tried)
          expect(sdk.verifyEd25519(peerKey, data, tried)).to.equal(expected)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('refuses the same malformed input', () => {
    for (const signature of ['0x', '0x1b', hex(new Uint8Array(65)), 'text'] as Hex[]) {
      expect(sdk.recoverAddress(hex(randomBytes(32)), signature)).to.equal(null)
      expect(node.recoverAddress(hex(randomBytes(32)), signature)).to.equal(null)
    }
    for (const length of [0, 63, 65]) {
      const args = [hex(randomBytes(32)), new Uint8Array(), new Uint8Array(length)] as const
      expect(sdk.verifyEd25519(...args)).to.equal(false)
      expect(node.verifyEd25519(...args)).to.equal(false)
    }
  })

  it('seals in the client what the keyring of a node opens', async () => {
    await withTempDir(async (folder) => {
      const keyring = await EncKeyring.open(join(folder, 'enc.json'), 0)
      await fc.assert(
        fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), async (plaintext, aad) => {
          const sealed = await hpkeSeal(keyring.encKey, 'duckmesh/1/spec', aad, plaintext)
          expect(hex(await keyring.open('duckmesh/1/spec', aad, sealed))).to.equal(hex(plaintext))
        }),
        { numRuns: 20 },
      )
    })
  })

  it('refuses to seal to the same points of small order, and to open what was changed', async () => {
    // RFC 7748 §6.1: these give an all-zero secret with every key.
    const small = [hex(new Uint8Array(32)), hex(new Uint8Array([1, ...new Uint8Array(31)]))]
    for (const encKey of small) {
      for (const crypto of [sdk, node]) {
        const sealing = crypto.seal(encKey, 'duckmesh/1/bid', new Uint8Array(), new Uint8Array(8))
        expect((await rejection(sealing)).code).to.equal('FIELD_OUT_OF_RANGE')
      }
    }
    const { publicKey, secretKey } = await node.replyKeys.create()
    const aad = new Uint8Array(8)
    const { ciphertext, enc } = await sdk.seal(publicKey, 'duckmesh/1/bid', aad, new Uint8Array(9))
    const bad = Array.from(ciphertext, (byte, at) => changed(ciphertext, at, byte ^ 1))
    for (const one of [...bad, new Uint8Array(), ciphertext.subarray(0, 15)]) {
      for (const { replyKeys } of [sdk, node]) {
        const sealed = { enc, ciphertext: one }
        const [result] = await Promise.allSettled([
          replyKeys.open(secretKey, 'duckmesh/1/bid', aad, sealed),
        ])
        expect(result.status).to.equal('rejected')
      }
    }
  })

  it('opens bids alike: the reply keys of a client and the keys of a node are one suite', async () => {
    const { replyKeys } = sdk
    await fc.assert(
      fc.asyncProperty(bytes(32), fc.uint8Array(), fc.uint8Array(), async (secret, bid, aad) => {
        const pair = await importHpkeKey(secret)
        const publicKey = hex(pair.rawPublic)
        expect(await replyKeys.publicKeyOf(hex(secret))).to.equal(publicKey)
        expect(await node.replyKeys.publicKeyOf(hex(secret))).to.equal(publicKey)
        // A provider's bid, opened by whoever has the reply secret: client, seat and other bidders.
        const sealed = await node.seal(publicKey, 'duckmesh/1/bid', aad, bid)
        const opened = await replyKeys.open(hex(secret), 'duckmesh/1/bid', aad, sealed)
        expect(hex(opened)).to.equal(hex(bid))
        // And what a client seals, by the node's own code and keys.
        const other = await sdk.seal(publicKey, 'duckmesh/1/bid', aad, bid)
        expect(hex(await hpkeOpen(pair, 'duckmesh/1/bid', aad, other))).to.equal(hex(bid))
        const again = await node.replyKeys.open(hex(secret), 'duckmesh/1/bid', aad, other)
        expect(hex(again)).to.equal(hex(bid))
      }),
      { numRuns: 20 },
    )
  })
})
