/** What holders may do to the answers they give. */
import type { Twist } from './fetch-world.ts'
import { sha256 } from './models.ts'
import type { TestModel } from './models.ts'

const MIB = 1024 * 1024

/** Other bytes in every block; the list of pieces stays true. */
export const wrongBlocks: Twist = (_, answer) => {
  if (answer.kind !== 'block') return answer
  const bytes = answer.block.bytes.map((byte) => byte ^ 1)
  return { kind: 'block', block: { ...answer.block, bytes } }
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
export const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 1)

/** A manifest of the size that `sizeAt` tells, in parts of `length` bytes. */
export function endless(sizeAt: (offset: number) => number, length = 256 * 1024): Twist {
  return (query, answer) => {
    if (query.kind !== 'manifest') return answer
    const bytes = new Uint8Array(length)
    return { kind: 'manifestPart', manifestPart: { id: 1, size: sizeAt(query.offset), bytes } }
  }
}

/** Answers of one kind are replaced. */
export function other<K extends 'manifestPart' | 'pieceHashes' | 'block'>(
  kind: K,
  change: (
    value: Extract<Parameters<Twist>[1], { kind: K }> extends Record<K, infer V> ? V : never,
  ) => object,
): Twist {
  return (_, answer) => {
    if (answer.kind !== kind) return answer
    const value = (answer as unknown as Record<K, never>)[kind]
    return { kind, [kind]: change(value) } as unknown as Parameters<Twist>[1]
  }
}

/** Serves another model's bytes of the same sizes under the names of the true one, with lists that fit them. */
export function forger(forged: TestModel): Twist {
  const bytesOf = (size: number): Uint8Array =>
    [...forged.blobs.values()].find((bytes) => bytes.length === size) ?? new Uint8Array()
  const sizes = new Map<string, number>()
  return (query, answer) => {
    if (query.kind === 'pieces' && answer.kind === 'pieceHashes') {
      const { size } = answer.pieceHashes
      sizes.set(query.sha256, size)
      const bytes = bytesOf(size)
      const hashes = Array.from({ length: Math.ceil(size / MIB) }, (_, i) =>
        sha256(bytes.subarray(i * MIB, (i + 1) * MIB)),
      )
      return { kind: 'pieceHashes', pieceHashes: { id: 1, size, hashes: Buffer.concat(hashes) } }
    }
    const size = query.kind === 'block' ? sizes.get(query.sha256) : undefined
    if (query.kind !== 'block' || size === undefined) return answer
    const bytes = bytesOf(size).slice(query.offset, query.offset + query.length)
    return { kind: 'block', block: { id: 1, bytes } }
  }
}
