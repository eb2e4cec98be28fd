import { malformed } from '../errors.ts'
import type { Field, UnionField, UnionFields } from './interface.ts'

/** A protobuf `oneof` of which one member must be set; `oneofGuard` sees to it that there is only one. */
export function union<U extends { kind: string }>(fields: UnionFields<U>): UnionField<U> {
  const kinds = Object.keys(fields) as U['kind'][]
  const fieldOf = (kind: U['kind']): Field<unknown> => fields[kind]
  return {
    kinds,
    fromWire(wire, path) {
      const message = wire as Record<string, unknown>
      const kind = kinds.find((name) => Object.hasOwn(message, name))
      if (kind === undefined) throw malformed(path, 'no known frame is set')
      const value = fieldOf(kind).fromWire(message[kind], `${path}.${kind}`)
      return { kind, [kind]: value } as unknown as U
    },
    toWire(value, path) {
      const { kind } = value
      if (!Object.hasOwn(fields, kind)) throw malformed(path, 'unknown kind of frame')
      const member = (value as unknown as Record<string, unknown>)[kind]
      return { [kind]: fieldOf(kind).toWire(member, `${path}.${kind}`) }
    },
  }
}
