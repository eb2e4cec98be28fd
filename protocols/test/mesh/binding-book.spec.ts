import { expect } from 'chai'
import { BindingBook } from '../../src/mesh/binding-book.ts'
import { signClientBinding } from '../../src/mesh/bindings.ts'
import { expectCode } from '../support/expect-code.ts'
import { MeshFixture } from '../support/mesh-fixtures.ts'
import { TEST_NETWORK, testCrypto, testPeerSigner, testSigner } from '../support/test-crypto.ts'
import type { Crypto } from '../../src/components.ts'
import type { PeerBinding } from '@duckmesh/proto'

const keyOf = (label: string) => testPeerSigner(label).peerKey

describe('binding book', () => {
  let mesh: MeshFixture
  let book: BindingBook
  let recovered: number

  beforeEach(() => {
    mesh = new MeshFixture()
    recovered = 0
    const crypto: Crypto = {
      ...testCrypto,
      recoverAddress(digest, signature) {
        recovered++
        return testCrypto.recoverAddress(digest, signature)
      },
    }
    book = new BindingBook({ network: TEST_NETWORK, crypto, clock: mesh.clock }, { maxBindings: 8 })
  })

  const verify = (binding: PeerBinding, label: string) => book.verifyPeer(binding, keyOf(label))

  it('verifies a binding once and then knows it', async () => {
    const binding = await mesh.binding('duck')
    expect(verify(binding, 'duck').binding).to.deep.equal(binding)
    verify({ ...binding }, 'duck')
    expect(recovered).to.equal(1)
    expect(book.peer(keyOf('duck'))).to.deep.equal(binding)
  })

  it('refuses the binding of another peer', async () => {
    const binding = await mesh.binding('duck')
    await expectCode('BINDING_MISMATCH', () => verify(binding, 'fox'))
    expect(book.peer(keyOf('fox'))).to.equal(undefined)
  })

  it('refuses each changed field, also with the known signature', async () => {
    const binding = await mesh.binding('duck')
    verify(binding, 'duck')
    const { operator, encKey } = await mesh.binding('fox')
    for (const change of [{ operator }, { encKey }, { expiry: binding.expiry - 1 }]) {
      await expectCode('BAD_SIGNATURE', () => verify({ ...binding, ...change }, 'duck'))
    }
  })

  it('refuses a binding of another network', async () => {
    const binding = await mesh.binding('duck')
    const network = { ...TEST_NETWORK, chainId: 1 }
    const other = new BindingBook({ network, crypto: testCrypto, clock: mesh.clock })
    await expectCode('BAD_SIGNATURE', () => other.verifyPeer(binding, keyOf('duck')))
  })

  it('takes at most 24 h ahead (with 10 s for clocks) and nothing expired', async () => {
    const at = (seconds: number) => mesh.binding('duck', 'duck', mesh.inSeconds(seconds))
    const past = await at(0)
    await expectCode('BINDING_EXPIRED', () => verify(past, 'duck'))
    const long = await at(86_411)
    await expectCode('FIELD_OUT_OF_RANGE', () => verify(long, 'duck'))
    verify(await at(86_410), 'duck')
  })

  it('forgets a binding when it expires', async () => {
    const binding = await mesh.binding('duck', 'duck', mesh.inSeconds(10))
    verify(binding, 'duck')
    mesh.clock.set(mesh.clock.now() + 10_000)
    expect(book.peer(keyOf('duck'))).to.equal(undefined)
    expect(book.peersOf(binding.operator)).to.deep.equal([])
    await expectCode('BINDING_EXPIRED', () => verify(binding, 'duck'))
  })

  it('keeps the newest, whichever comes first', async () => {
    const older = await mesh.binding('duck', 'duck', mesh.inSeconds(100))
    const newer = await mesh.binding('duck', 'goose', mesh.inSeconds(200))
    verify(newer, 'duck')
    expect(verify(older, 'duck').binding).to.deep.equal(newer)
    expect(book.peersOf(older.operator)).to.deep.equal([])
    expect(book.peersOf(newer.operator)).to.deep.equal([newer])
  })

  it('keeps the three latest peers of an operator, in whatever order they come', async () => {
    const labels = ['a', 'b', 'c', 'd']
    const bindings = await Promise.all(
      labels.map((label, i) => mesh.binding(label, 'op', mesh.inSeconds(100 + i))),
    )
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [2, 0, 3, 1],
    ]) {
      const each = new BindingBook({ network: TEST_NETWORK, crypto: testCrypto, clock: mesh.clock })
      for (const i of order) {
        try {
          each.verifyPeer(bindings[i] ?? expect.fail(), keyOf(labels[i] ?? ''))
        } catch (error) {
          expect(error).to.include({ code: 'PEER_LIMIT' })
        }
      }
      const kept = each.peersOf(testSigner('op').address).map(({ peerKey }) => peerKey)
      expect(kept).to.deep.equal([keyOf('d'), keyOf('c'), keyOf('b')])
    }
  })

  it('lets a fourth peer in when one of the three expired', async () => {
    for (const label of ['a', 'b']) {
      verify(await mesh.binding(label, 'op', mesh.inSeconds(1_000)), label)
    }
    verify(await mesh.binding('c', 'op', mesh.inSeconds(5)), 'c')
    mesh.clock.set(mesh.clock.now() + 5_000)
    verify(await mesh.binding('d', 'op', mesh.inSeconds(500)), 'd')
    expect(book.peersOf(testSigner('op').address)).to.have.length(3)
  })

  it('stays within its bound, dropping the least recently used', async () => {
    for (let i = 0; i < 8; i++) verify(await mesh.binding(`p${String(i)}`), `p${String(i)}`)
    book.peer(keyOf('p0'))
    verify(await mesh.binding('p8'), 'p8')
    expect(book.peer(keyOf('p0'))).to.not.equal(undefined)
    expect(book.peer(keyOf('p1'))).to.equal(undefined)
    expect(book.peersOf(testSigner('p1').address)).to.deep.equal([])
  })

  it('verifies clients by the same rules', async () => {
    const components = { network: TEST_NETWORK, signer: testSigner('payer') }
    const fields = { peerKey: keyOf('duck'), expiry: mesh.inSeconds(60) }
    const binding = await signClientBinding(fields, components)
    expect(book.verifyClient(binding, keyOf('duck')).binding).to.deep.equal(binding)
    book.verifyClient(binding, keyOf('duck'))
    expect(recovered).to.equal(1)
    const payer = testSigner('thief').address
    await expectCode('BAD_SIGNATURE', () => book.verifyClient({ ...binding, payer }, keyOf('duck')))
    await expectCode('BINDING_MISMATCH', () => book.verifyClient(binding, keyOf('fox')))
    expect(book.client(keyOf('duck'))).to.deep.equal(binding)
    expect(book.peer(keyOf('duck'))).to.equal(undefined)
  })

  it('does not take a client binding for a peer binding', async () => {
    const components = { network: TEST_NETWORK, signer: testSigner('duck') }
    const fields = { peerKey: keyOf('duck'), expiry: mesh.inSeconds(60) }
    const client = await signClientBinding(fields, components)
    const { operator, encKey } = await mesh.binding('duck')
    const forged = { ...fields, operator, encKey, signature: client.signature }
    await expectCode('BAD_SIGNATURE', () => verify(forged, 'duck'))
  })
})
