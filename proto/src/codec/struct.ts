import { malformed, outOfRange } from '../errors.ts'
import type { Field, OptionalField, StructFields } from './interface.ts'

type AnyField = Field<unknown> | OptionalField<unknown>

function asRecord(value: unknown, path: string): Record<string, unknown> {
  if (value === undefined || value === null) throw malformed(path, 'is missing')
  if (typeof value !== 'object') throw malformed(path, 'expected an object')
  return value as Record<string, unknown>
}

/** Own properties only: the prototype of a generated message holds defaults for what was not on the wire. */
function onWire(message: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(message, key) ? (message[key] ?? undefined) : undefined
}

/** Generated classes give every repeated field a list of their own, also when none was on the wire. */
function isAbsent(field: AnyField, part: unknown): boolean {
  if (field.optional !== true) return false
  if (part === undefined) return true
  return field.absentWhenEmpty === true && Array.isArray(part) && part.length === 0
}

/** A required message: property names are those of the generated class. */
export function struct<T extends object>(fields: StructFields<T>): Field<T> {
  const entries = Object.entries<AnyField>(fields)
  return {
    fromWire(wire, path) {
      const message = asRecord(wire, path)
      const value: Record<string, unknown> = {}
      for (const [key, field] of entries) {
        const part = onWire(message, key)
        if (isAbsent(field, part)) continue
        value[key] = field.fromWire(part, `${path}.${key}`)
      }
      return value as T
    },
    toWire(value, path) {
      const domain = asRecord(value, path)
      const message: Record<string, unknown> = {}
      for (const [key, field] of entries) {
        if (isAbsent(field, domain[key])) continue
        message[key] = field.toWire(domain[key], `${path}.${key}`)
      }
      return message
    },
  }
}

/** The same field for a property that may be absent. */
export function optional<T>(field: Field<T>): OptionalField<T> {
  return {
    optional: true,
    fromWire: (wire, path) => field.fromWire(wire, path),
    toWire: (value, path) => field.toWire(value, path),
  }
}

/** A list that the domain type lacks when it is empty, as the wire does. */
export function optionalList<T>(field: Field<T>, max: number): OptionalField<T[]> {
  return { ...optional(list(field, max)), absentWhenEmpty: true }
}

/** At most `max` values; the count is checked before any of them. */
export function list<T>(field: Field<T>, max: number): Field<T[]> {
  const check = (value: unknown, path: string): readonly unknown[] => {
    if (!Array.isArray(value)) throw malformed(path, 'expected an array')
    if (value.length > max) {
      throw outOfRange(path, `expected at most ${String(max)} entries, got ${String(value.length)}`)
    }
    return value
  }
  return {
    fromWire: (wire, path) =>
      check(wire ?? [], path).map((item, i) => field.fromWire(item, `${path}[${String(i)}]`)),
    toWire: (value, path) =>
      check(value, path).map((item, i) => field.toWire(item as T, `${path}[${String(i)}]`)),
  }
}
