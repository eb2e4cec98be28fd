/**
 * 20 000 hostile inputs: decode gives a value that survives another round trip, or throws ProtoError.
 *
 * The generator is seeded, so a failure names an input that can be built again.
 */
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'chai'
import { ProtoError } from '../../src/errors.ts'
import { hexToBytes } from '../../src/hex.ts'
import { CODECS } from '../../vectors/build.ts'
import { SAMPLES } from '../../vectors/samples.ts'
import { expectProtoError } from '../support/expect-error.ts'
import { codecOf } from '../support/tamper.ts'
import type { Codec } from '../../src/codec/interface.ts'

const SEED = 0x64756b
const INPUTS = 20_000
/** Bytes that the heap may keep after all inputs; a leak of one frame an input would be far above. */
const MAX_GROWTH_BYTES = 64 * 1024 * 1024

/** mulberry32: uniform in [0, 1). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const random = randomOf(SEED)
const below = (n: number): number => Math.floor(random() * n)
const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T
const randomBytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => below(256))

const codecs = [...CODECS.values()]
const frames = Object.entries(SAMPLES).flatMap(([name, values]) =>
  values.map((value: unknown) => codecOf(name).encode(value)),
)

function flipped(frame: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(frame)
  for (let i = 0; i <= below(4); i++) {
    const at = below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8))
  }
  return bytes
}

/** A piece taken out, doubled or replaced by a piece of another frame. */
function spliced(frame: Uint8Array): Uint8Array {
  const from = below(frame.length)
  const to = from + below(frame.length - from)
  const other = pick(frames)
  const insert = pick([new Uint8Array(), frame.subarray(from, to), other.subarray(0, below(80))])
  return Uint8Array.from([...frame.subarray(0, from), ...insert, ...frame.subarray(to)])
}

/** A length-delimited field that claims up to 4 GiB. */
const lengthBomb = (): Uint8Array =>
  Uint8Array.from([(1 + below(15)) * 8 + 2, 0xff, 0xff, 0xff, 0xff, below(16), ...randomBytes(9)])

/** Groups or submessages in each other. */
const nested = (): Uint8Array => {
  const tag = (1 + below(15)) * 8 + pick([2, 3])
  return new Uint8Array(2 * below(1500)).map((_, i) => (i % 2 === 0 || tag % 8 === 3 ? tag : 127))
}

const GENERATORS: readonly (() => Uint8Array)[] = [
  () => randomBytes(below(300)),
  () => flipped(pick(frames)),
  () => pick(frames).slice(0, below(400)),
  () => spliced(pick(frames)),
  lengthBomb,
  nested,
]

/** True when the input was accepted. */
function attack(codec: Codec<unknown>, input: Uint8Array): boolean {
  try {
    const value = codec.decode(input)
    if (!isDeepStrictEqual(codec.decode(codec.encode(value)), value)) {
      expect.fail(`${codec.name} accepted a value that does not survive a round trip`)
    }
    return true
  } catch (error) {
    if (error instanceof ProtoError) return false
    throw error
  }
}

describe('codecs: fuzz', () => {
  it(`${String(INPUTS)} inputs are decoded or refused, and leave no memory behind`, () => {
    const before = process.memoryUsage()
    let accepted = 0
    for (let i = 0; i < INPUTS; i++) {
      const input = pick(GENERATORS)()
      if (attack(pick(codecs), input)) accepted++
    }
    const after = process.memoryUsage()
    const used = (m: NodeJS.MemoryUsage): number => m.heapUsed + m.arrayBuffers
    expect(used(after) - used(before)).to.be.below(MAX_GROWTH_BYTES)
    // Inputs that are accepted show that the round trip behind `attack` is reached.
    expect(accepted).to.be.greaterThan(INPUTS / 1000)
  }).timeout(60_000)

  it('every truncation of every sample is refused or round-trips', () => {
    for (const [name, values] of Object.entries(SAMPLES)) {
      for (const value of values) {
        const bytes = codecOf(name).encode(value)
        for (let end = 0; end < bytes.length; end++) attack(codecOf(name), bytes.slice(0, end))
      }
    }
  })

  it('every single bit flip of every sample is refused or round-trips', () => {
    for (const [name, [value]] of Object.entries(SAMPLES)) {
      const bytes = codecOf(name).encode(value)
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const tampered = Uint8Array.from(bytes)
        tampered[bit >> 3] = (tampered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        attack(codecOf(name), tampered)
      }
    }
  }).timeout(60_000)
})

describe('codecs: bombs', () => {
  it('a length of 2 GiB in six bytes allocates nothing', () => {
    const before = process.memoryUsage().arrayBuffers
    for (const codec of codecs) {
      for (let tag = 0x0a; tag < 0x80; tag += 8) {
        expectProtoError(
          () => codec.decode(Uint8Array.of(tag, 255, 255, 255, 255, 7)),
          'MALFORMED_FRAME',
        )
      }
    }
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(1024 * 1024)
  })

  it('a frame full of one-byte ids is refused by its count', () => {
    const count = 200_000
    const varint = [(count & 127) | 128, ((count >> 7) & 127) | 128, count >> 14]
    const chunk = Uint8Array.from([0x22, ...varint, ...new Uint8Array(count)])
    const size = chunk.length
    const head = [0x32, (size & 127) | 128, ((size >> 7) & 127) | 128, size >> 14]
    const frame = new Uint8Array(head.length + size)
    frame.set(head)
    frame.set(chunk, head.length)
    expectProtoError(
      () => codecOf('jobFrame').decode(frame),
      'MALFORMED_FRAME',
      'jobFrame.chunk.jobId',
    )
  })

  it('a spec of 65 536 empty messages is refused by its count', () => {
    const spec = new Uint8Array(128 * 1024).map((_, i) => (i % 2 === 0 ? 0x0a : 0))
    expectProtoError(
      () => codecOf('jobSpec').decode(spec),
      'FIELD_OUT_OF_RANGE',
      'jobSpec.messages',
    )
  })

  it('groups nested 100 000 deep are refused without exhausting the stack', () => {
    const groups = new Uint8Array(100_000).fill(0x7b)
    expectProtoError(() => codecOf('jobFrame').decode(groups), 'MALFORMED_FRAME', 'jobFrame')
    expectProtoError(() => codecOf('jobSpec').decode(groups), 'MALFORMED_FRAME', 'jobSpec')
  })

  it('overlong varints and field number 0 are refused', () => {
    for (const hex of [
      '0x20ffffffffffffffffffff01',
      '0x0000',
      '0x07',
      '0x80808080808080808001',
    ] as const) {
      expectProtoError(() => codecOf('signedVoucher').decode(hexToBytes(hex)), 'MALFORMED_FRAME')
    }
  })
})
