/** What breaks a rule of a field, and the tests that try it on encode and decode. */
import * as limits from '../../src/limits.ts'
import { expectProtoError } from './expect-error.ts'
import { codecOf, tamperedBytes, tamperedValue } from './tamper.ts'
import type { ProtoErrorCode } from '../../src/errors.ts'

export interface Refusal {
  /** Codec and path of the field. */
  at: string
  why: string
  domain?: unknown
  wire?: unknown
  code: ProtoErrorCode
  /** Where decode puts the blame, when that is not `at`. */
  wireField?: string
}

export const MISSING = Symbol('missing')
export const bytes = (length: number): Uint8Array => new Uint8Array(length)
export const hex = (length: number): string => `0x${'00'.repeat(length)}`

/** Codec name and path within the message. */
function split(at: string): [string, string] {
  const dot = at.indexOf('.')
  return [at.slice(0, dot), at.slice(dot + 1)]
}

/** The same bad number in the domain and on the wire. */
export const range = (at: string, ...values: number[]): Refusal[] =>
  values.map((value) => ({
    at,
    why: String(value),
    domain: value,
    // What does not fit the wire type at all cannot be sent.
    ...(Number.isInteger(value) && value >= 0 && value <= limits.MAX_UINT32 ? { wire: value } : {}),
    code: 'FIELD_OUT_OF_RANGE',
  }))

export const doubles = (at: string, ...values: number[]): Refusal[] =>
  values.map((value) => ({
    at,
    why: String(value),
    domain: value,
    wire: value,
    code: 'FIELD_OUT_OF_RANGE',
  }))

export const fixed = (at: string, length: number): Refusal[] =>
  [0, length - 1, length + 1].map((wrong) => ({
    at,
    why: `${String(wrong)} bytes`,
    domain: hex(wrong),
    wire: bytes(wrong),
    code: 'MALFORMED_FRAME',
  }))

export const notHex = (at: string, length: number): Refusal[] =>
  [`0x${'AB'.repeat(length)}`, '00'.repeat(length), `0x${'zz'.repeat(length)}`, 5, null].map(
    (domain) => ({ at, why: `not lower-case hex`, domain, code: 'MALFORMED_FRAME' }),
  )

export const amounts = (at: string): Refusal[] => [
  { at, why: 'negative', domain: -1n, code: 'FIELD_OUT_OF_RANGE' },
  { at, why: 'above uint96', domain: 2n ** 96n, code: 'FIELD_OUT_OF_RANGE' },
  { at, why: 'a number', domain: 5, code: 'FIELD_OUT_OF_RANGE' },
  { at, why: 'absent', domain: MISSING, code: 'FIELD_OUT_OF_RANGE' },
  { at, why: 'absent', wire: MISSING, code: 'MALFORMED_FRAME' },
  { at, why: '11 bytes', wire: bytes(11), code: 'MALFORMED_FRAME' },
  { at, why: '13 bytes', wire: bytes(13), code: 'MALFORMED_FRAME' },
]

export const blobs = (at: string, ...lengths: number[]): Refusal[] =>
  lengths.map((length) => ({
    at,
    why: `${String(length)} bytes`,
    domain: bytes(length),
    wire: bytes(length),
    code: 'FIELD_OUT_OF_RANGE',
  }))

export const texts = (at: string, max: number, min = 0): Refusal[] => [
  ...[max + 1, ...(min > 0 ? [0] : [])].map((length): Refusal => {
    const value = 'a'.repeat(length)
    const why = `${String(length)} bytes`
    return { at, why, domain: value, wire: value, code: 'FIELD_OUT_OF_RANGE' }
  }),
  {
    at,
    why: 'few characters but too many bytes',
    domain: '€'.repeat(Math.floor(max / 3) + 1),
    wire: '€'.repeat(Math.floor(max / 3) + 1),
    code: 'FIELD_OUT_OF_RANGE',
  },
  // protobufjs writes half a surrogate pair as three bytes that are not UTF-8.
  { at, why: 'a lone surrogate', domain: 'a\ud800', code: 'MALFORMED_FRAME' },
  { at, why: 'bad UTF-8', wire: 'a\ud800', code: 'MALFORMED_FRAME', wireField: split(at)[0] },
  { at, why: 'no string', domain: 7, code: 'MALFORMED_FRAME' },
]

export const lists = (at: string, max: number, domain: unknown, wire: unknown): Refusal[] => [
  {
    at,
    why: `${String(max + 1)} entries`,
    domain: Array.from({ length: max + 1 }, () => domain),
    wire: Array.from({ length: max + 1 }, () => wire),
    code: 'FIELD_OUT_OF_RANGE',
  },
  { at, why: 'no array', domain: MISSING, code: 'MALFORMED_FRAME' },
]

export const absent = (at: string): Refusal => ({
  at,
  why: 'absent',
  domain: MISSING,
  wire: MISSING,
  code: 'MALFORMED_FRAME',
})

export const uint8 = (at: string): Refusal[] => range(at, -1, 256, 1.5, Number.NaN)
export const uint16 = (at: string): Refusal[] => range(at, -1, 65_536, 0.1)
export const uint32 = (at: string): Refusal[] => range(at, -1, 2 ** 32, 0.1)

/** A bigint in a uint64 would be written as 0 without a word. */
export const uint64 = (at: string): Refusal[] => [
  ...range(at, -1, 2 ** 53, 0.5, Number.POSITIVE_INFINITY),
  { at, why: 'above 2^53 - 1', wire: 2 ** 53, code: 'FIELD_OUT_OF_RANGE' },
  {
    at,
    why: 'the largest uint64',
    wire: { low: -1, high: -1, unsigned: true },
    code: 'FIELD_OUT_OF_RANGE',
  },
  { at, why: 'a bigint', domain: 5n, code: 'MALFORMED_FRAME' },
  { at, why: 'absent', domain: MISSING, code: 'MALFORMED_FRAME' },
]

export const boolean = (at: string): Refusal => ({
  at,
  why: 'no boolean',
  domain: 1,
  code: 'MALFORMED_FRAME',
})

/** Paths in errors write indices in brackets; a wrong kind is the frame's own fault. */
function errorField(at: string): string {
  return at.replace(/\.(\d+)/g, '[$1]').replace(/\.kind$/, '')
}

const given = (value: unknown): unknown => (value === MISSING ? undefined : value)

/** One test for each way in which a refusal can be met. */
export function testRefusals(refusals: readonly Refusal[]): void {
  for (const { at, why, code, wireField, ...bad } of refusals) {
    const [name, path] = split(at)
    if ('domain' in bad) {
      it(`encode refuses ${at}: ${why}`, () => {
        const value = tamperedValue(name, path, given(bad.domain))
        expectProtoError(() => codecOf(name).encode(value), code, errorField(at))
      })
    }
    if ('wire' in bad) {
      it(`decode refuses ${at}: ${why}`, () => {
        const bytes = tamperedBytes(name, path, given(bad.wire))
        expectProtoError(() => codecOf(name).decode(bytes), code, wireField ?? errorField(at))
      })
    }
  }
}
