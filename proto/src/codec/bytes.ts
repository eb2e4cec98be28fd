import { amountToBytes, bytesToAmount } from '../amount.ts'
import { malformed, outOfRange } from '../errors.ts'
import { bytesToHex, hexToBytes } from '../hex.ts'
import type { Hex } from '../types.ts'
import type { Field } from './interface.ts'

function asBytes(value: unknown, path: string): Uint8Array {
  if (!(value instanceof Uint8Array)) throw malformed(path, 'expected bytes')
  return value
}

/** Bytes on the wire: empty and absent are one in proto3. */
function wireBytes(wire: unknown, path: string): Uint8Array {
  return wire === undefined ? new Uint8Array() : asBytes(wire, path)
}

/** Exactly `length` bytes, lower-case hex in the domain. */
export function fixedHex(length: number): Field<Hex> {
  return {
    fromWire(wire, path) {
      const bytes = wireBytes(wire, path)
      if (bytes.length !== length) {
        throw malformed(path, `expected ${String(length)} bytes, got ${String(bytes.length)}`)
      }
      return bytesToHex(bytes)
    },
    toWire: (value, path) => hexToBytes(value, length, path),
  }
}

export const address: Field<Hex> = fixedHex(20)
export const bytes32: Field<Hex> = fixedHex(32)
/** r ‖ s ‖ v of secp256k1. */
export const signature: Field<Hex> = fixedHex(65)

/** min to max bytes; the decoded value is a copy, so a frame buffer may be reused. */
export function blob(min: number, max: number): Field<Uint8Array> {
  const check = (bytes: Uint8Array, path: string): Uint8Array => {
    if (bytes.length < min || bytes.length > max) {
      throw outOfRange(
        path,
        `expected ${String(min)} to ${String(max)} bytes, got ${String(bytes.length)}`,
      )
    }
    return bytes
  }
  return {
    fromWire: (wire, path) => check(wireBytes(wire, path), path).slice(),
    toWire: (value, path) => check(asBytes(value, path), path),
  }
}

/** Wei in exactly 12 bytes; zero is twelve zero bytes, never absent. */
export const amount: Field<bigint> = {
  fromWire: (wire, path) => bytesToAmount(wireBytes(wire, path), path),
  toWire: (value, path) => amountToBytes(value, path),
}
