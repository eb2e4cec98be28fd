import { expect } from 'chai'
import { FakeClock } from './fake-clock.ts'
import { testCrypto, testPeerSigner, testSigner, testUnsealer } from './test-crypto.ts'

describe('test support', () => {
  it('recovers the signer, and nobody from a changed or high-s signature', async () => {
    const signer = testSigner('a')
    const digest = `0x${'11'.repeat(32)}` as const
    const signature = await signer.signDigest(digest)
    expect(testCrypto.recoverAddress(digest, signature)).to.equal(signer.address)
    expect(testCrypto.recoverAddress(`0x${'12'.repeat(32)}`, signature)).to.not.equal(
      signer.address,
    )
    const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const s = (n - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, '0')
    const v = signature.endsWith('1b') ? '1c' : '1b'
    expect(testCrypto.recoverAddress(digest, `0x${signature.slice(2, 66)}${s}${v}`)).to.equal(null)
    expect(testCrypto.recoverAddress(digest, '0x00')).to.equal(null)
  })

  it('verifies Ed25519 and opens only its own seals', async () => {
    const peer = testPeerSigner('a')
    const data = new Uint8Array([1, 2, 3])
    const signature = await peer.sign(data)
    expect(await testCrypto.verifyEd25519(peer.peerKey, data, signature)).to.equal(true)
    expect(await testCrypto.verifyEd25519(testPeerSigner('b').peerKey, data, signature)).to.equal(
      false,
    )
    const mine = testUnsealer('a')
    const sealed = await testCrypto.seal(mine.encKey, 'duckmesh/1/spec', data, data)
    expect(await mine.open('duckmesh/1/spec', data, sealed)).to.deep.equal(data)
    const other = await testUnsealer('b')
      .open('duckmesh/1/spec', data, sealed)
      .then(
        () => true,
        () => false,
      )
    expect(other).to.equal(false)
  })

  it('runs timers in order of time', async () => {
    const clock = new FakeClock(0)
    const seen: string[] = []
    clock.after(20, () => seen.push(`b${String(clock.now())}`))
    clock.after(10, () => seen.push(`a${String(clock.now())}`))
    clock.after(30, () => seen.push('never'))()
    await clock.advance(100)
    expect(seen).to.deep.equal(['a10', 'b20'])
    expect(clock.now()).to.equal(100)
  })
})
