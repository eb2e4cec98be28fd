import protobuf from 'protobufjs/minimal.js'
import { ProtoError, malformed, tooLarge } from '../errors.ts'
import { oneofGuard } from './oneof-guard.ts'
import type { Codec, Field, UnionField, WireMessage } from './interface.ts'

type Guard = (name: string, bytes: Uint8Array) => void

/** A plain view also of a Buffer: protobufjs then reads, and later copies, the same way everywhere. */
function plainView(name: string, bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw malformed(name, 'expected bytes')
  if (bytes.length > maxBytes) throw tooLarge(name, bytes.length, maxBytes)
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Runs `step`; protobufjs throws plain errors with the offset of what it could not read. */
function guarded<R>(name: string, what: string, step: () => R): R {
  try {
    return step()
  } catch (error) {
    if (error instanceof ProtoError) throw error
    throw malformed(name, what, error)
  }
}

function parse(message: WireMessage, bytes: Uint8Array): object {
  const reader = protobuf.Reader.create(bytes)
  reader.discardUnknown = true
  return message.decode(reader as never)
}

const NOT_THIS_MESSAGE = 'the bytes are not this message; the sender should update'
const NOT_THIS_SHAPE = 'the value does not have the shape of this message'

/** Builds the strict codec of one generated message class. */
export function createCodec<T>(
  name: string,
  maxBytes: number,
  message: WireMessage,
  fields: Field<T>,
  guard?: Guard,
): Codec<T> {
  return {
    name,
    maxBytes,
    encode(value) {
      const bytes = guarded(name, NOT_THIS_SHAPE, () =>
        message.encode(fields.toWire(value, name) as object).finish(),
      )
      if (bytes.length > maxBytes) throw tooLarge(name, bytes.length, maxBytes)
      // Copied out of the writer's pool, so that the result owns its memory.
      return Uint8Array.from(bytes)
    },
    decode(bytes) {
      const view = plainView(name, bytes, maxBytes)
      return guarded(name, NOT_THIS_MESSAGE, () => {
        guard?.(name, view)
        return fields.fromWire(parse(message, view), name)
      })
    },
  }
}

/** The codec of a message that is one `oneof`. */
export function createFrameCodec<T>(
  name: string,
  maxBytes: number,
  message: WireMessage,
  fields: UnionField<T>,
): Codec<T> {
  return createCodec(name, maxBytes, message, fields, oneofGuard(message, fields.kinds))
}
