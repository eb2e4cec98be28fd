import { createPrivateKey, randomBytes, sign } from 'node:crypto'
import { join } from 'node:path'
import { HpkeReplyKeys, SdkCrypto, hpkeSeal } from '@duckmesh/sdk'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Hex } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { EncKeyring, NodeCrypto } from '../../src/crypto/index.ts'
import { hpkeOpen, importHpkeKey } from '../../src/crypto/hpke.ts'
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

  it('opens bids alike: the reply keys of a client and the keys of a node are one suite', async () => {
    const replyKeys = new HpkeReplyKeys(node)
    await fc.assert(
      fc.asyncProperty(bytes(32), fc.uint8Array(), fc.uint8Array(), async (secret, bid, aad) => {
        const pair = await importHpkeKey(secret)
        const publicKey = hex(pair.rawPublic)
        expect(await replyKeys.publicKeyOf(hex(secret))).to.equal(publicKey)
        // A provider's bid, opened by whoever has the reply secret: client, seat and other bidders.
        const sealed = await node.seal(publicKey, 'duckmesh/1/bid', aad, bid)
        const opened = await replyKeys.open(hex(secret), 'duckmesh/1/bid', aad, sealed)
        expect(hex(opened)).to.equal(hex(bid))
        // And what a client seals, by the node's own code.
        const other = await sdk.seal(publicKey, 'duckmesh/1/bid', aad, bid)
        expect(hex(await hpkeOpen(pair, 'duckmesh/1/bid', aad, other))).to.equal(hex(bid))
      }),
      { numRuns: 20 },
    )
  })
})
