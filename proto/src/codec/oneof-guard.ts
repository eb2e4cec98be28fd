import protobuf from 'protobufjs/minimal.js'
import { malformed } from '../errors.ts'
import type { WireMessage } from './interface.ts'

/** Tag of a member as the generated code writes it: an empty submessage is its tag and a length of 0. */
function tagOf(message: WireMessage, kind: string): number {
  return protobuf.Reader.create(message.encode({ [kind]: {} }).finish()).tag()
}

/**
 * Checks that a `oneof` member stands on the wire exactly once. protobufjs lets the last one win and merges a
 * member that comes twice, so two readers could see different frames in the same bytes.
 */
export function oneofGuard(
  message: WireMessage,
  kinds: readonly string[],
): (name: string, bytes: Uint8Array) => void {
  const tags = new Set(kinds.map((kind) => tagOf(message, kind)))
  return (name, bytes) => {
    const reader = protobuf.Reader.create(bytes)
    let members = 0
    while (reader.pos < reader.len) {
      const tag = reader.tag()
      if (tags.has(tag)) members++
      reader.skipType(tag & 7, 0, tag >>> 3)
    }
    if (members > 1) throw malformed(name, 'more than one frame is set; send one at a time')
  }
}
