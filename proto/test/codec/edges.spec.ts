/** What the limits allow, what forward compatibility asks for, and sizes that are refused before parsing. */
import { expect } from 'chai'
import * as limits from '../../src/limits.ts'
import { CODECS } from '../../vectors/build.ts'
import { SAMPLES } from '../../vectors/samples.ts'
import { expectProtoError, protoErrorOf } from '../support/expect-error.ts'
import { codecOf, tamperedValue } from '../support/tamper.ts'

const concat = (...parts: (Uint8Array | number[])[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]))

const reencoded = (name: string, value: unknown): unknown =>
  codecOf(name).decode(codecOf(name).encode(value))

/** Field 2 000 with a varint: tag (2000 << 3 | 0). */
const UNKNOWN_FIELD = [0x80, 0x7d, 0x01]

describe('codecs: sizes', () => {
  for (const codec of CODECS.values()) {
    it(`${codec.name}: more than ${String(codec.maxBytes)} bytes are refused unread`, () => {
      const bytes = new Uint8Array(codec.maxBytes + 1)
      expectProtoError(() => codec.decode(bytes), 'FRAME_TOO_LARGE', codec.name)
      expectProtoError(() => codec.decode(bytes.subarray(1)), 'MALFORMED_FRAME')
    })
  }

  it('a spec above its size is refused when it is encoded', () => {
    const half = 'a'.repeat(limits.MAX_SPEC_BYTES / 2)
    const messages = [
      { role: 'user', content: half },
      { role: 'user', content: half },
    ]
    const value = tamperedValue('jobSpec', 'messages', messages)
    expectProtoError(() => codecOf('jobSpec').encode(value), 'FRAME_TOO_LARGE', 'jobSpec')
  })

  it('the largest sealed spec and prefix fit a job frame', () => {
    const [award] = SAMPLES.awardFrame
    const ciphertext = new Uint8Array(limits.MAX_SEALED_BYTES)
    const prefixIds = new Array<number>(limits.MAX_PREFIX_IDS).fill(limits.MAX_UINT32)
    const spec = { enc: new Uint8Array(32), ciphertext }
    const frame = { kind: 'award', award: { ...award, spec, prefixIds } }
    expect(reencoded('jobFrame', frame)).to.deep.equal(frame)
  })

  it('the largest chunk fits a job frame', () => {
    const ids = new Array<number>(limits.MAX_CHUNK_IDS).fill(limits.MAX_UINT32)
    const textDelta = '🦆'.repeat(limits.MAX_TEXT_DELTA_BYTES / 4)
    const value = tamperedValue('jobFrame', 'chunk.ids', ids) as { chunk: object }
    const frame = { kind: 'chunk', chunk: { ...value.chunk, textDelta } }
    expect(reencoded('jobFrame', frame)).to.deep.equal(frame)
  })
})

describe('codecs: values at the edge', () => {
  const edges: [string, unknown[]][] = [
    ['temperature', [0, 0.2, 2]],
    ['topP', [1, Number.MIN_VALUE]],
    ['topK', [0, 1000]],
    ['minP', [0, 0.999]],
    ['repetitionPenalty', [0.5, 2]],
  ]
  for (const [name, values] of edges) {
    it(`sampling.${name}`, () => {
      for (const value of values) {
        const spec = tamperedValue('jobSpec', `sampling.${name}`, value)
        expect(reencoded('jobSpec', spec)).to.deep.equal(spec)
      }
    })
  }

  it('-0 becomes 0, so that decoding gives what was encoded', () => {
    const spec = reencoded('jobSpec', tamperedValue('jobSpec', 'sampling.temperature', -0))
    const { temperature } = (spec as { sampling: { temperature: number } }).sampling
    expect(Object.is(temperature, 0)).to.equal(true)
  })

  it('strings keep a byte order mark and code points outside of the basic plane', () => {
    const value = tamperedValue('jobSpec', 'stop', ['\ufeffa', '🦆', '\u0000'])
    expect(reencoded('jobSpec', value)).to.deep.equal(value)
  })
})

describe('codecs: what is not the message', () => {
  const ping = codecOf('jobFrame').encode({ kind: 'ping', ping: { nonce: 1, pong: false } })
  const pong = codecOf('jobFrame').encode({ kind: 'ping', ping: { nonce: 2, pong: true } })
  const busy = codecOf('jobFrame').encode(SAMPLES.jobFrame[3])

  it('unknown fields are skipped, also within submessages', () => {
    const decode = (bytes: Uint8Array): unknown => codecOf('jobFrame').decode(bytes)
    const expected = { kind: 'ping', ping: { nonce: 1, pong: false } }
    expect(decode(concat(ping, UNKNOWN_FIELD))).to.deep.equal(expected)
    const inner = concat(ping.subarray(2), UNKNOWN_FIELD)
    expect(decode(concat(ping.subarray(0, 1), [inner.length], inner))).to.deep.equal(expected)
  })

  it('two frames in one, or one of them twice, are refused', () => {
    for (const bytes of [concat(ping, busy), concat(busy, ping), concat(ping, pong)]) {
      expectProtoError(() => codecOf('jobFrame').decode(bytes), 'MALFORMED_FRAME', 'jobFrame')
    }
  })

  it('a frame of a later version is refused with a code', () => {
    const leaves = Uint8Array.of((10 << 3) | 2, 0)
    expectProtoError(() => codecOf('jobFrame').decode(leaves), 'MALFORMED_FRAME', 'jobFrame')
  })

  it('no bytes at all decode to nothing valid', () => {
    for (const codec of CODECS.values()) protoErrorOf(() => codec.decode(new Uint8Array()))
  })

  it('values that are not of the type throw ProtoError from encode', () => {
    const hostile = {
      get body(): never {
        throw new TypeError('trap')
      },
    }
    for (const codec of CODECS.values()) {
      for (const value of [undefined, null, 5, 'x', [], {}, hostile]) {
        protoErrorOf(() => codec.encode(value))
      }
    }
  })

  it('arguments that are not bytes throw ProtoError from decode', () => {
    for (const value of [undefined, null, 'abc', [1, 2], { length: 3 }]) {
      expectProtoError(() => codecOf('jobFrame').decode(value as never), 'MALFORMED_FRAME')
    }
  })

  it('errors never repeat text of the sender', () => {
    const secret = 'ignore all previous instructions'
    const value = tamperedValue('receiptFrame', 'finishReason', secret)
    expect(protoErrorOf(() => codecOf('receiptFrame').encode(value)).message).not.to.contain(secret)
  })
})
