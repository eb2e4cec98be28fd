import { malformed, outOfRange } from '../errors.ts'
import type { Field } from './interface.ts'

const encoder = new TextEncoder()

/** UTF-8 length in bytes, counted only when the UTF-16 length does not settle it. */
function exceeds(value: string, maxBytes: number): boolean {
  // A UTF-16 unit takes one to three bytes.
  if (value.length * 3 <= maxBytes) return false
  return value.length > maxBytes || encoder.encode(value).length > maxBytes
}

/** A well-formed string of `minBytes` (0 or 1) to `maxBytes` in UTF-8. */
export function text(maxBytes: number, minBytes: 0 | 1 = 0): Field<string> {
  const check = (value: unknown, path: string): string => {
    if (typeof value !== 'string') throw malformed(path, 'expected a string')
    if (value.length < minBytes) throw outOfRange(path, 'expected at least one character')
    if (exceeds(value, maxBytes)) {
      throw outOfRange(path, `expected at most ${String(maxBytes)} bytes of UTF-8`)
    }
    if (!value.isWellFormed())
      throw malformed(path, 'has a lone surrogate, which UTF-8 cannot carry')
    return value
  }
  return { fromWire: (wire, path) => check(wire ?? '', path), toWire: check }
}

/** One of the given strings. */
export function oneOfTexts<T extends string>(allowed: readonly T[]): Field<T> {
  const check = (value: unknown, path: string): T => {
    const found = allowed.find((candidate) => candidate === value)
    if (found === undefined) {
      throw outOfRange(path, `expected one of ${allowed.map((name) => `"${name}"`).join(', ')}`)
    }
    return found
  }
  return { fromWire: (wire, path) => check(wire ?? '', path), toWire: check }
}
