import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { expect } from 'chai'
import {
  multihashOf,
  peerIdStringOf,
  peerKeyOf,
  peerKeyOfMultihash,
} from '../../src/mesh/peer-key.ts'
import { expectCode } from '../support/expect-code.ts'
import { peerSeed, testPeerSigner } from '../support/test-crypto.ts'

describe('peer key', () => {
  const { peerKey } = testPeerSigner('duck')

  it('is the Ed25519 key inside the peer id, there and back', async () => {
    const pair = await generateKeyPairFromSeed('Ed25519', peerSeed('duck'))
    const peerId = peerIdFromPrivateKey(pair)
    expect(peerKeyOf(peerId)).to.equal(peerKey)
    expect(multihashOf(peerKey)).to.deep.equal(peerId.toMultihash().bytes)
    expect(peerIdStringOf(peerKey)).to.equal(peerId.toString())
    expect(peerKeyOf(peerIdFromString(peerIdStringOf(peerKey)))).to.equal(peerKey)
  })

  it('refuses other kinds of peer id', async () => {
    const other = peerIdFromPrivateKey(await generateKeyPair('secp256k1'))
    await expectCode('MALFORMED_FRAME', () => peerKeyOf(other))
  })

  it('refuses multihashes that only look alike', async () => {
    const good = multihashOf(peerKey)
    for (const bad of [
      new Uint8Array(),
      good.subarray(1),
      Uint8Array.from([...good, 0]),
      Uint8Array.from(good, (byte, i) => (i === 3 ? 2 : byte)),
    ]) {
      await expectCode('MALFORMED_FRAME', () => peerKeyOfMultihash(bad))
    }
  })
})
