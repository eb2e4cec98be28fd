import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'chai'
import fc from 'fast-check'
import { Ed25519Verifier } from '../../src/crypto/ed25519-verifier.ts'
import { hexOf } from '../../src/crypto/hex.ts'
import { NodeCrypto } from '../../src/crypto/node-crypto.ts'
import { NodePeerSigner } from '../../src/crypto/peer-signer.ts'

const data = fc.uint8Array({ maxLength: 700 })

describe('NodeCrypto Ed25519', () => {
  it('signs as libp2p signs, and verifies it', async () => {
    const crypto = new NodeCrypto()
    const key = await generateKeyPair('Ed25519')
    const signer = new NodePeerSigner(key)
    expect(signer.peerKey).to.equal(hexOf(key.publicKey.raw))
    await fc.assert(
      fc.asyncProperty(data, async (message) => {
        const signature = signer.sign(message)
        expect(hexOf(signature)).to.equal(hexOf(await key.sign(message)))
        expect(crypto.verifyEd25519(signer.peerKey, message, signature)).to.equal(true)
      }),
      { numRuns: 50 },
    )
  })

  it('is false for another message, key or signature, and for malformed input', async () => {
    const crypto = new NodeCrypto()
    const signer = new NodePeerSigner(await generateKeyPair('Ed25519'))
    const other = new NodePeerSigner(await generateKeyPair('Ed25519'))
    const message = Uint8Array.of(1, 2, 3)
    const signature = signer.sign(message)
    const flipped = Uint8Array.from(signature, (byte, i) => (i === 10 ? byte ^ 1 : byte))
    expect(crypto.verifyEd25519(signer.peerKey, Uint8Array.of(1, 2, 4), signature)).to.equal(false)
    expect(crypto.verifyEd25519(other.peerKey, message, signature)).to.equal(false)
    expect(crypto.verifyEd25519(signer.peerKey, message, flipped)).to.equal(false)
    expect(crypto.verifyEd25519(signer.peerKey, message, signature.subarray(1))).to.equal(false)
    expect(crypto.verifyEd25519('0x1234', message, signature)).to.equal(false)
  })

  it('holds a bounded number of parsed keys and still verifies for forgotten ones', async () => {
    const verifier = new Ed25519Verifier(3)
    const keys = await Promise.all([1, 2, 3, 4, 5].map(() => generateKeyPair('Ed25519')))
    const signers = keys.map((key) => new NodePeerSigner(key))
    const message = Uint8Array.of(9)
    for (const signer of [...signers, ...signers]) {
      expect(verifier.verify(signer.peerKey, message, signer.sign(message))).to.equal(true)
    }
    expect(verifier.cached).to.equal(3)
  })
})

describe('NodeCrypto random bytes', () => {
  it('gives as many as asked, never the same', () => {
    const crypto = new NodeCrypto()
    expect(crypto.bytes(32)).to.have.length(32)
    expect(hexOf(crypto.bytes(32))).to.not.equal(hexOf(crypto.bytes(32)))
  })
})
