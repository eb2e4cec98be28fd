import { z } from 'zod'
import { EngineError } from '../errors.ts'

/** Longest header that is read, in bytes; real ones have some kilobytes. */
export const MAX_HEADER_BYTES: number = 16 * 1024 * 1024

/** Bytes per element of every dtype that the format defines and this reader knows. */
const DTYPE_BYTES: ReadonlyMap<string, number> = new Map([
  ['F64', 8],
  ['F32', 4],
  ['F16', 2],
  ['BF16', 2],
  ['I64', 8],
  ['I32', 4],
  ['I16', 2],
  ['I8', 1],
  ['U8', 1],
  ['BOOL', 1],
])

const size = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(size).max(8),
  data_offsets: z.tuple([size, size]),
})
const headerSchema = z.record(z.string(), z.unknown())

/** A tensor as stored: row-major, little-endian; data is a view, not a copy. */
export interface StoredTensor {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

interface Entry extends Omit<StoredTensor, 'data'> {
  readonly begin: number
  readonly end: number
}

/**
 * Reads a .safetensors file that nobody vouches for: lengths, dtypes, shapes and offsets are checked
 * against each other and against the file before a byte of data is handed out.
 * Throws MODEL_CORRUPT. Format: 8-byte little-endian header length, JSON header, data without holes.
 */
export function parseSafetensors(file: Uint8Array): ReadonlyMap<string, StoredTensor> {
  const headerBytes = readHeaderLength(file)
  const data = file.subarray(8 + headerBytes)
  const entries = readEntries(parseHeader(file.subarray(8, 8 + headerBytes)))
  checkLayout(entries, data.length)
  return new Map(
    [...entries].map(([name, { dtype, shape, begin, end }]) => [
      name,
      { dtype, shape, data: data.subarray(begin, end) },
    ]),
  )
}

function readHeaderLength(file: Uint8Array): number {
  if (file.length < 8) throw corrupt('the file is shorter than its length field')
  const length = new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true)
  if (length > BigInt(MAX_HEADER_BYTES)) throw corrupt('the header length is out of bounds')
  if (8n + length > BigInt(file.length)) throw corrupt('the file ends inside its header')
  return Number(length)
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw corrupt('the header is not JSON', cause)
  }
  const header = headerSchema.safeParse(parsed)
  if (!header.success) throw corrupt('the header is not an object', header.error)
  return header.data
}

function readEntries(header: Record<string, unknown>): Map<string, Entry> {
  const entries = new Map<string, Entry>()
  for (const [name, raw] of Object.entries(header)) {
    if (name !== '__metadata__') entries.set(name, readEntry(raw))
  }
  return entries
}

function readEntry(raw: unknown): Entry {
  const entry = entrySchema.safeParse(raw)
  if (!entry.success) throw corrupt('a tensor entry is malformed', entry.error)
  const { dtype, shape, data_offsets: offsets } = entry.data
  const bytesPerElement = DTYPE_BYTES.get(dtype)
  if (bytesPerElement === undefined) throw corrupt('a tensor has an unknown dtype')
  const bytes = shape.reduce((product, dim) => product * dim, bytesPerElement)
  // Beyond 2^53 the product is inexact, but then it cannot equal a length inside the file either.
  if (offsets[1] - offsets[0] !== bytes) throw corrupt('a tensor has the wrong number of bytes')
  return { dtype, shape, begin: offsets[0], end: offsets[1] }
}

/** Tensors must cover the data exactly, without overlap or hole: the format demands it. */
function checkLayout(entries: Map<string, Entry>, dataBytes: number): void {
  const sorted = [...entries.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)
  let position = 0
  for (const { begin, end } of sorted) {
    if (begin !== position) throw corrupt('tensors overlap or leave a hole')
    position = end
  }
  if (position > dataBytes) throw corrupt('the file ends inside its tensors')
  if (position < dataBytes) throw corrupt('the file is longer than its tensors')
}

function corrupt(reason: string, cause?: unknown): EngineError {
  const message = `The safetensors file is corrupt: ${reason}. Copy or clone the model again.`
  return new EngineError('MODEL_CORRUPT', message, { reason }, cause)
}
