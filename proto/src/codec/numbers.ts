import { malformed, outOfRange } from '../errors.ts'
import { MAX_UINT16, MAX_UINT32, MAX_UINT8 } from '../limits.ts'
import type { Field } from './interface.ts'

/** An integer of [min, max]; a bigint is refused, because protobufjs would silently write 0 for it. */
export function integer(min: number, max: number): Field<number> {
  const check = (value: unknown, path: string): number => {
    if (typeof value !== 'number') throw malformed(path, 'expected a number')
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw outOfRange(path, `expected an integer from ${String(min)} to ${String(max)}`)
    }
    // proto3 does not write a zero; -0 would come back as 0.
    return value === 0 ? 0 : value
  }
  return { fromWire: (wire, path) => check(wire ?? 0, path), toWire: check }
}

export const uint8: Field<number> = integer(0, MAX_UINT8)
export const uint16: Field<number> = integer(0, MAX_UINT16)
export const uint32: Field<number> = integer(0, MAX_UINT32)
/** uint64 on the wire, but only what a JavaScript number holds exactly. */
export const safeUint: Field<number> = integer(0, Number.MAX_SAFE_INTEGER)

/** A finite double for which `holds` is true; `rule` says it in words. */
export function double(rule: string, holds: (value: number) => boolean): Field<number> {
  const check = (value: unknown, path: string): number => {
    if (typeof value !== 'number') throw malformed(path, 'expected a number')
    if (!Number.isFinite(value) || !holds(value)) throw outOfRange(path, `expected ${rule}`)
    return value === 0 ? 0 : value
  }
  return { fromWire: (wire, path) => check(wire ?? 0, path), toWire: check }
}

export const flag: Field<boolean> = {
  fromWire: (wire, path) => checkFlag(wire ?? false, path),
  toWire: checkFlag,
}

function checkFlag(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw malformed(path, 'expected a boolean')
  return value
}

/** Names for the numbers of a protobuf enum; a number without a name is refused. */
export function enumeration<T extends string>(numbers: Readonly<Record<T, number>>): Field<T> {
  const names = new Map(Object.entries<number>(numbers).map(([name, value]) => [value, name as T]))
  return {
    fromWire(wire, path) {
      const name = names.get((wire ?? 0) as number)
      if (name === undefined)
        throw outOfRange(path, 'unknown enum value; update if the sender is newer')
      return name
    },
    toWire(value, path) {
      if (!Object.hasOwn(numbers, value)) throw outOfRange(path, 'unknown name of an enum value')
      return numbers[value]
    },
  }
}
