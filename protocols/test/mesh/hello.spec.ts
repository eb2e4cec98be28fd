import { helloCodec } from '@duckmesh/proto'
import { expect } from 'chai'
import { signClientBinding } from '../../src/mesh/bindings.ts'
import { buildHello, verifyHello } from '../../src/mesh/hello.ts'
import { expectCode } from '../support/expect-code.ts'
import { MeshFixture } from '../support/mesh-fixtures.ts'
import { TEST_NETWORK, testPeerSigner, testSigner } from '../support/test-crypto.ts'
import type { HelloRole } from '../../src/mesh/hello.ts'
import type { Hello } from '@duckmesh/proto'

describe('hello', () => {
  let mesh: MeshFixture
  const { peerKey } = testPeerSigner('duck')

  beforeEach(() => {
    mesh = new MeshFixture()
  })

  const verify = (hello: Hello, expected: HelloRole = 'any', remoteKey = peerKey) =>
    verifyHello(hello, remoteKey, expected, { network: TEST_NETWORK, bindings: mesh.bindings })
  const clientBinding = () =>
    signClientBinding(
      { peerKey, expiry: mesh.inSeconds(60) },
      { network: TEST_NETWORK, signer: testSigner('payer') },
    )

  it('tells who the other side is', async () => {
    const peer = await mesh.binding('duck')
    const hello = buildHello(TEST_NETWORK, { peer, client: await clientBinding(), due: 5n })
    const verified = verify(helloCodec.decode(helloCodec.encode(hello)))
    expect(verified).to.include({ operator: peer.operator, encKey: peer.encKey })
    expect(verified.payer).to.equal(testSigner('payer').address)
    expect(verified.hello.due).to.equal(5n)
  })

  it('refuses another version or network', async () => {
    const hello = buildHello(TEST_NETWORK, { peer: await mesh.binding('duck') })
    await expectCode('VERSION_UNSUPPORTED', () => verify({ ...hello, version: 2 }))
    await expectCode('WRONG_NETWORK', () => verify({ ...hello, network: '1-5fbdb231' }))
  })

  it('wants the binding of the role', async () => {
    const bare = buildHello(TEST_NETWORK, {})
    const client = buildHello(TEST_NETWORK, { client: await clientBinding() })
    await expectCode('BINDING_UNKNOWN', () => verify(bare))
    await expectCode('BINDING_UNKNOWN', () => verify(client, 'peer'))
    expect(verify(bare, 'none')).to.deep.equal({ hello: bare })
    expect(verify(client, 'client').payer).to.equal(testSigner('payer').address)
  })

  it('refuses a hello with one good and one stolen binding', async () => {
    const stolen = await mesh.binding('fox')
    const hello = buildHello(TEST_NETWORK, { peer: stolen, client: await clientBinding() })
    await expectCode('BINDING_MISMATCH', () => verify(hello, 'client'))
  })

  it('takes the newest known binding when an older one is shown', async () => {
    await mesh.join('duck')
    const older = await mesh.binding('duck', 'goose', mesh.inSeconds(5))
    const verified = verify(buildHello(TEST_NETWORK, { peer: older }))
    expect(verified.operator).to.equal(testSigner('duck').address)
  })
})
