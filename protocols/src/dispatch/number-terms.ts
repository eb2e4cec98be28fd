/** What both sides count and check of a job whose answer is numbers (docs/spec/number-models.md). Pure. */
import type { Chunk, NumberModel } from '@duckmesh/proto'

/** What the client knows of the answer before it comes (rule N-2). */
export type NumberTerms = Pick<NumberModel, 'task' | 'width'>

/** How far the length of an embedding may be from 1: far above what float32 rounds, far below what matters. */
const LENGTH_TOLERANCE = 1e-3

/** A number as an id: its 32 bits (rule N-3). */
export function numberIds(numbers: Float32Array): number[] {
  // A copy: the view needs four-byte alignment.
  return [...new Uint32Array(Float32Array.from(numbers).buffer)]
}

/** Ids as the numbers whose bits they are. */
export function numbersOf(ids: readonly number[]): Float32Array {
  return new Float32Array(Uint32Array.from(ids).buffer)
}

/**
 * What is wrong with a chunk that follows `before` in a segment, as a sentence, or null (rule N-5). Segments begin
 * with a text.
 */
export function checkNumberChunk(
  { task, width }: NumberTerms,
  before: readonly number[],
  { ids, textDelta }: Pick<Chunk, 'ids' | 'textDelta'>,
): string | null {
  if (textDelta !== '') return 'Numbers came with a text.'
  const open = before.length % width
  const numbers = numbersOf([...before.slice(before.length - open), ...ids])
  if (!numbers.every(Number.isFinite)) return 'A number is not finite.'
  if (task === 'classify') return null
  for (let at = 0; at + width <= numbers.length; at += width) {
    const length = Math.hypot(...numbers.subarray(at, at + width))
    if (Math.abs(length - 1) > LENGTH_TOLERANCE) return `An embedding has length ${length}, not 1.`
  }
  return null
}

/** Of what was delivered, what the next provider need not compute: whole texts, at most `most` ids (rule N-7). */
export function keptIds(width: number, ids: readonly number[], most: number): number[] {
  const room = Math.min(ids.length, most)
  return ids.slice(0, room - (room % width))
}
