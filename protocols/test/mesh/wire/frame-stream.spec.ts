import { capsFrameCodec } from '@duckmesh/proto'
import { expect } from 'chai'
import fc from 'fast-check'
import * as lp from 'it-length-prefixed'
import { drained } from '../../../src/mesh/wire/drained.ts'
import { frameStream } from '../../../src/mesh/wire/frame-stream.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { expectCode } from '../../support/expect-code.ts'
import { stopHosts, testHost, testPeerId, testStreams, until } from '../../support/hosts.ts'
import { testPeerSigner } from '../../support/test-crypto.ts'
import type { FrameStream } from '../../../src/mesh/interface.ts'
import type { CapsFrame, Codec } from '@duckmesh/proto'
import type { Stream } from '@libp2p/interface'

/** Frames that are plain bytes, for tests of size and flow. */
const rawCodec: Codec<Uint8Array> = {
  name: 'raw',
  maxBytes: 65_536,
  encode: (value) => value,
  decode: (bytes) => bytes.slice(),
}

const request = (id: number): CapsFrame => ({ kind: 'request', request: { id, withRecord: false } })

async function take<T>(stream: FrameStream<T>, count: number): Promise<T[]> {
  const frames: T[] = []
  for await (const frame of stream) {
    frames.push(frame)
    if (frames.length === count) break
  }
  return frames
}

describe('frame stream', () => {
  let clock: FakeClock

  beforeEach(() => {
    clock = new FakeClock()
  })

  afterEach(stopHosts)

  async function framed<T>(stream: Stream, codec: Codec<T>): Promise<FrameStream<T>> {
    const remotePeer = await testPeerId('remote')
    return frameStream({ stream, remotePeer, codec, clock })
  }

  it('carries frames in order and tells whose they are', async () => {
    const [local, remote] = await testStreams()
    const near = await framed(local, capsFrameCodec)
    const far = await framed(remote, capsFrameCodec)
    for (let id = 1; id <= 20; id++) await near.send(request(id))
    expect(await take(far, 20)).to.deep.equal(Array.from({ length: 20 }, (_, i) => request(i + 1)))
    expect(far.remoteKey).to.equal(testPeerSigner('remote').peerKey)
  })

  it('lets one loop take the first frames and another the rest', async () => {
    const [local, remote] = await testStreams()
    const near = await framed(local, capsFrameCodec)
    const far = await framed(remote, capsFrameCodec)
    for (const id of [1, 2, 3]) await near.send(request(id))
    expect(await take(far, 1)).to.deep.equal([request(1)])
    expect(await take(far, 2)).to.deep.equal([request(2), request(3)])
    expect(far.closed).to.equal(false)
  })

  it('keeps frames that came before anybody reads', async () => {
    const [local, remote] = await testStreams()
    const far = await framed(remote, rawCodec)
    local.send(lp.encode.single(new Uint8Array([1])))
    await local.close()
    await until(() => remote.remoteWriteStatus === 'closed')
    expect(await take(far, 5)).to.deep.equal([new Uint8Array([1])])
  })

  it('ends when the other side closes, and refuses to send after closing', async () => {
    const [local, remote] = await testStreams()
    const near = await framed(local, capsFrameCodec)
    const far = await framed(remote, capsFrameCodec)
    const rest = take(far, 9)
    await near.send(request(1))
    await Promise.all([near.close(), near.close()])
    expect(await rest).to.deep.equal([request(1)])
    expect(near.closed).to.equal(true)
    await expectCode('STREAM_CLOSED', () => near.send(request(2)))
    await far.close()
    await until(() => local.status === 'closed')
  })

  const broken: [name: string, code: 'MALFORMED_FRAME' | 'FRAME_TOO_LARGE', bytes: number[]][] = [
    ['a frame that is no message', 'MALFORMED_FRAME', [2, 0xff, 0xff]],
    ['an empty frame', 'MALFORMED_FRAME', [0]],
    ['a length above the cap', 'FRAME_TOO_LARGE', [0x81, 0x80, 0x01]],
    ['a length that never ends', 'MALFORMED_FRAME', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['a length of 2^31', 'FRAME_TOO_LARGE', [0x80, 0x80, 0x80, 0x80, 0x08]],
  ]
  for (const [name, code, bytes] of broken) {
    it(`aborts with ${code} on ${name}`, async () => {
      const [local, remote] = await testStreams()
      const far = await framed(remote, capsFrameCodec)
      local.send(Uint8Array.from(bytes))
      await expectCode(code, () => take(far, 1))
      await until(() => local.status === 'reset')
      expect(far.closed).to.equal(true)
    })
  }

  it('refuses a large length before its bytes are buffered', async () => {
    const [local, remote] = await testStreams()
    const far = await framed(remote, rawCodec)
    // 65 537 announced, nothing else sent.
    local.send(Uint8Array.of(0x81, 0x80, 0x04))
    await expectCode('FRAME_TOO_LARGE', () => take(far, 1))
  })

  it('aborts with MALFORMED_FRAME when the stream ends inside a frame', async () => {
    const [local, remote] = await testStreams()
    const far = await framed(remote, rawCodec)
    local.send(Uint8Array.of(5, 1, 2))
    await local.close()
    await expectCode('MALFORMED_FRAME', () => take(far, 1))
  })

  it('gives the frames before the broken one', async () => {
    const [local, remote] = await testStreams()
    const far = await framed(remote, capsFrameCodec)
    const good = capsFrameCodec.encode(request(1))
    local.send(Uint8Array.from([good.length, ...good, 1, 0xff]))
    expect(await take(far, 1)).to.deep.equal([request(1)])
    await expectCode('MALFORMED_FRAME', () => take(far, 1))
  })

  it('refuses to send what its own codec refuses', async () => {
    const [local] = await testStreams()
    const near = await framed(local, capsFrameCodec)
    await expectCode('FIELD_OUT_OF_RANGE', () => near.send(request(-1)))
    expect(near.closed).to.equal(false)
  })

  it('ends with the reason of an abort, without what was unread', async () => {
    const [local, remote] = await testStreams()
    const near = await framed(local, rawCodec)
    const far = await framed(remote, rawCodec)
    await near.send(new Uint8Array([1]))
    await until(() => remote.readBufferLength === 0)
    const reason = new Error('enough')
    far.abort(reason)
    const error = await expectCode('STREAM_CLOSED', () => take(far, 1))
    expect(error.cause).to.equal(reason)
    await expectCode('STREAM_CLOSED', () => take(near, 1))
  })

  it('survives any bytes: frames or a coded error, nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const [local, remote] = await testStreams()
        const far = await framed(remote, capsFrameCodec)
        local.send(bytes)
        await local.close()
        try {
          await take(far, 300)
        } catch (error) {
          expect(['MALFORMED_FRAME', 'FRAME_TOO_LARGE', 'FIELD_OUT_OF_RANGE']).to.include(
            (error as { code: string }).code,
          )
        }
      }),
      { numRuns: 100 },
    )
  })

  describe('over tcp, noise and yamux', () => {
    const FRAME = 65_536
    const COUNT = 200

    async function connected(): Promise<[Stream, Stream]> {
      const [a, b] = await Promise.all([testHost('a'), testHost('b')])
      const inbound = Promise.withResolvers<Stream>()
      await b.handle('/test/1', (stream) => {
        inbound.resolve(stream)
      })
      const outbound = await a.dialProtocol(b.getMultiaddrs(), '/test/1')
      outbound.send(lp.encode.single(new Uint8Array(1)))
      return [outbound, await inbound.promise]
    }

    it('holds a sender back while nobody reads, and loses nothing', async () => {
      const [local, remote] = await connected()
      const near = await framed(local, rawCodec)
      const far = await framed(remote, rawCodec)
      let sent = 0
      const sending = (async () => {
        for (let i = 0; i < COUNT; i++) {
          await near.send(new Uint8Array(FRAME).fill(i % 251))
          sent++
        }
        await near.close()
      })()
      await until(() => local.writableNeedsDrain && remote.readStatus === 'paused')
      // 12.8 MB want to be sent; windows and queues hold 5 MB at most.
      expect(sent).to.be.lessThan(80)
      expect(local.writeBufferLength).to.be.at.most(2 * FRAME)
      const frames = await take(far, COUNT + 2)
      await sending
      expect(sent).to.equal(COUNT)
      expect(frames.slice(1).map((frame) => frame[FRAME - 1])).to.deep.equal(
        Array.from({ length: COUNT }, (_, i) => i % 251),
      )
    })

    it('rejects a waiting send when the remote resets', async () => {
      const [local, remote] = await connected()
      const near = await framed(local, rawCodec)
      const far = await framed(remote, rawCodec)
      const sending = expectCode('STREAM_CLOSED', async () => {
        for (;;) await near.send(new Uint8Array(FRAME))
      })
      await until(() => local.writableNeedsDrain && remote.readStatus === 'paused')
      far.abort(new Error('no'))
      await sending
      await until(() => local.status === 'reset')
    })

    it('never waits for a dead stream to drain', async () => {
      const [local] = await connected()
      while (local.send(new Uint8Array(FRAME)));
      local.abort(new Error('gone'))
      expect(local.writableNeedsDrain).to.equal(true)
      const outcome = await drained(local).then(
        () => 'drained',
        () => 'rejected',
      )
      expect(outcome).to.equal('rejected')
    })

    it('resets instead of closing when the remote never reads', async () => {
      const [local] = await connected()
      const near = await framed(local, rawCodec)
      const sends: Promise<unknown>[] = []
      while (!local.writableNeedsDrain) {
        sends.push(near.send(new Uint8Array(FRAME)).catch(() => undefined))
      }
      const closing = near.close()
      await clock.advance(5_000)
      await closing
      await Promise.all(sends)
      expect(local.status).to.equal('aborted')
    })
  })
})
