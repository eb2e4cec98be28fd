import { capsFrameCodec } from '@duckmesh/proto'
import { expect } from 'chai'
import { buildHello } from '../../../src/mesh/hello.ts'
import { frameStream } from '../../../src/mesh/wire/frame-stream.ts'
import { acceptSession, openSession } from '../../../src/mesh/wire/session.ts'
import { expectCode } from '../../support/expect-code.ts'
import { testPeerId, testStreams, until } from '../../support/hosts.ts'
import { MeshFixture } from '../../support/mesh-fixtures.ts'
import { TEST_NETWORK } from '../../support/test-crypto.ts'
import type { SessionComponents } from '../../../src/mesh/wire/session.ts'
import type { FrameStream } from '../../../src/mesh/interface.ts'
import type { CapsFrame, Hello } from '@duckmesh/proto'
import type { Stream } from '@libp2p/interface'

describe('session', () => {
  let mesh: MeshFixture
  let components: SessionComponents
  let dialler: FrameStream<CapsFrame>
  let listener: FrameStream<CapsFrame>
  let wires: [Stream, Stream]

  beforeEach(async () => {
    mesh = new MeshFixture()
    components = { network: TEST_NETWORK, bindings: mesh.bindings, clock: mesh.clock }
    wires = await testStreams()
    const framed = async (stream: Stream, remote: string): Promise<FrameStream<CapsFrame>> =>
      frameStream({
        stream,
        remotePeer: await testPeerId(remote),
        codec: capsFrameCodec,
        clock: mesh.clock,
      })
    dialler = await framed(wires[0], 'listener')
    listener = await framed(wires[1], 'dialler')
  })

  const helloOf = async (label: string): Promise<Hello> =>
    buildHello(TEST_NETWORK, { peer: await mesh.binding(label) })
  const request: CapsFrame = { kind: 'request', request: { id: 1, withRecord: false } }

  it('verifies both sides; the answer may depend on who asks', async () => {
    const answer = await helloOf('listener')
    const accepting = acceptSession(
      listener,
      (remote) => ({ ...answer, due: remote.operator === undefined ? 0n : 77n }),
      components,
      { expect: 'peer' },
    )
    const opened = await openSession(dialler, await helloOf('dialler'), components, {
      expect: 'peer',
    })
    const accepted = await accepting
    expect(opened.remote.hello.due).to.equal(77n)
    expect(opened.remote.operator).to.equal((await mesh.binding('listener')).operator)
    expect(accepted.remote.operator).to.equal((await mesh.binding('dialler')).operator)
    await opened.stream.send(request)
    expect(await accepted.stream[Symbol.asyncIterator]().next()).to.deep.include({ value: request })
    expect(mesh.clock.pending).to.equal(0)
  })

  const refusals: [
    name: string,
    code: 'VERSION_UNSUPPORTED' | 'WRONG_NETWORK' | 'BINDING_MISMATCH' | 'BINDING_UNKNOWN',
    change: (hello: Hello) => Hello | Promise<Hello>,
  ][] = [
    ['another version', 'VERSION_UNSUPPORTED', (hello) => ({ ...hello, version: 2 })],
    ['another chain', 'WRONG_NETWORK', (hello) => ({ ...hello, network: '1-5fbdb231' })],
    ['the binding of another peer', 'BINDING_MISMATCH', () => helloOf('fox')],
    ['no binding', 'BINDING_UNKNOWN', () => buildHello(TEST_NETWORK, {})],
  ]
  /** A listener of another network or version shows it by a hello without a binding, then resets. */
  const FOUND_BY_DIALLER = {
    WRONG_NETWORK: 'WRONG_NETWORK',
    VERSION_UNSUPPORTED: 'BINDING_UNKNOWN',
    BINDING_MISMATCH: 'STREAM_CLOSED',
    BINDING_UNKNOWN: 'STREAM_CLOSED',
  } as const
  for (const [name, code, change] of refusals) {
    it(`refuses a hello with ${name}: ${code}, and resets the stream`, async () => {
      let asked = false
      const accepting = expectCode(code, () =>
        acceptSession(
          listener,
          () => {
            asked = true
            return helloOf('listener')
          },
          components,
          { expect: 'peer' },
        ),
      )
      const hello = await change(await helloOf('dialler'))
      // The dialler judges by its own network; one of a later version would see the version first.
      const network = { ...TEST_NETWORK, name: hello.network }
      await expectCode(FOUND_BY_DIALLER[code], () =>
        openSession(dialler, hello, { ...components, network }, { expect: 'peer' }),
      )
      await accepting
      expect(asked).to.equal(false)
      expect(listener.closed).to.equal(true)
    })

    it(`the dialler refuses an answer with ${name}: ${code}`, async () => {
      const answer = await change(await helloOf('listener'))
      const accepting = acceptSession(listener, () => answer, components, { expect: 'peer' })
      await expectCode(code, async () =>
        openSession(dialler, await helloOf('dialler'), components, { expect: 'peer' }),
      )
      await accepting
      await until(() => listener.closed)
    })
  }

  it('refuses any other first frame', async () => {
    await dialler.send(request)
    await expectCode('UNEXPECTED_FRAME', () =>
      acceptSession(listener, () => helloOf('listener'), components, { expect: 'none' }),
    )
  })

  it('refuses bytes that are no frame', async () => {
    wires[0].send(Uint8Array.of(3, 9, 9, 9))
    await expectCode('MALFORMED_FRAME', () =>
      acceptSession(listener, () => helloOf('listener'), components, { expect: 'none' }),
    )
    await until(() => dialler.closed)
  })

  it('gives up with TIMED_OUT when no hello comes', async () => {
    const failed = expectCode('TIMED_OUT', async () =>
      openSession(dialler, await helloOf('dialler'), components, {
        expect: 'peer',
        timeoutMs: 500,
      }),
    )
    await until(() => mesh.clock.pending === 1)
    await mesh.clock.advance(499)
    expect(dialler.closed).to.equal(false)
    await mesh.clock.advance(1)
    await failed
    expect(dialler.closed).to.equal(true)
  })

  it('gives up with CANCELLED when its signal aborts', async () => {
    const controller = new AbortController()
    const failed = expectCode('CANCELLED', () =>
      acceptSession(listener, () => helloOf('listener'), components, {
        expect: 'none',
        signal: controller.signal,
      }),
    )
    controller.abort()
    await failed
    expect(listener.closed).to.equal(true)
  })

  it('says STREAM_CLOSED when the other side leaves before its hello', async () => {
    await wires[1].close()
    await expectCode('STREAM_CLOSED', async () =>
      openSession(dialler, await helloOf('dialler'), components, { expect: 'peer' }),
    )
  })
})
