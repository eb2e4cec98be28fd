/** One holder's answers, checked as far as each can be checked alone. */
import { limits } from '@duckmesh/proto'
import type { Hex } from '@duckmesh/proto'
import { DuckMeshError } from '../errors.ts'
import { isErrorCode } from '../error-codes.ts'
import { codedError } from '../mesh/index.ts'
import { BLOCK_BYTES, BUSY_PAUSE_MS, PIECE_BYTES } from './constants.ts'
import type { BlobRef, FetchAnswer, FetchPort, FetchQuery } from './interface.ts'
import type { Holder, HolderPool } from './holder-pool.ts'
import { HASH_BYTES, pieceCount, pieceLength } from './pieces.ts'

/** Codes that only a peer which breaks the protocol brings about. */
const BROKEN: ReadonlySet<string> = new Set([
  'HOLDER_LIED',
  'UNEXPECTED_FRAME',
  'FRAME_TOO_LARGE',
  'FIELD_OUT_OF_RANGE',
])

export interface AskComponents {
  port: FetchPort
  pool: HolderPool
  /** Called for each answer: the peer is alive. */
  onAnswer: () => void
}

export function lied(what: string): DuckMeshError {
  return new DuckMeshError('HOLDER_LIED', what)
}

/** The whole manifest as this holder tells it; nothing about it is checked but its length. */
export async function askManifest(
  { onAnswer, port }: AskComponents,
  holder: Holder,
  modelId: Hex,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let bytes = new Uint8Array()
  for (let offset = 0; ;) {
    const query: FetchQuery = { kind: 'manifest', modelId, offset }
    const answer = await asked(port, holder, query, signal)
    onAnswer()
    if (answer.kind !== 'manifestPart') throw lied('It answered another question.')
    const { bytes: part, size } = answer.manifestPart
    if (offset === 0) bytes = new Uint8Array(size)
    // Parts are as large as they may be: a few bytes at a time would never end.
    const length = Math.min(limits.MAX_BLOCK_BYTES, size - offset)
    if (size !== bytes.length || part.length !== length) throw lied('Its manifest has no end.')
    bytes.set(part, offset)
    offset += part.length
    if (offset === size) return bytes
  }
}

/** Hashes of all pieces of a blob, as this holder tells them. */
export async function askPieces(
  { onAnswer, port }: AskComponents,
  holder: Holder,
  blob: BlobRef,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const all = new Uint8Array(pieceCount(blob.size) * HASH_BYTES)
  for (let from = 0; from * HASH_BYTES < all.length;) {
    const query: FetchQuery = { kind: 'pieces', sha256: `0x${blob.sha256}`, from }
    const answer = await asked(port, holder, query, signal)
    onAnswer()
    if (answer.kind !== 'pieceHashes') throw lied('It answered another question.')
    const { hashes, size } = answer.pieceHashes
    if (size !== blob.size) throw lied('The blob has another size.')
    const length = Math.min(limits.MAX_PIECE_HASHES * HASH_BYTES, all.length - from * HASH_BYTES)
    if (hashes.length !== length) throw lied('It has another number of pieces.')
    all.set(hashes, from * HASH_BYTES)
    from += hashes.length / HASH_BYTES
  }
  return all
}

/** The bytes of one piece, in blocks: all at once of a fast holder, one after the other of a slow one (F-42). */
export async function askPiece(
  components: AskComponents,
  holder: Holder,
  blob: BlobRef,
  index: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const piece = new Uint8Array(pieceLength(blob.size, index))
  const block = async (at: number): Promise<void> => {
    const length = Math.min(BLOCK_BYTES, piece.length - at)
    const offset = index * PIECE_BYTES + at
    const query: FetchQuery = { kind: 'block', sha256: `0x${blob.sha256}`, offset, length }
    const answer = await asked(components.port, holder, query, signal)
    components.onAnswer()
    if (answer.kind !== 'block') throw lied('It answered another question.')
    if (answer.block.bytes.length !== length) throw lied('A block has another length.')
    piece.set(answer.block.bytes, at)
  }
  const starts = Array.from(
    { length: Math.ceil(piece.length / BLOCK_BYTES) },
    (_, i) => i * BLOCK_BYTES,
  )
  if (holder.slow) for (const at of starts) await block(at)
  else await Promise.all(starts.map(block))
  return piece
}

/** What a failure of a holder means for it: a lie is blamed, all else is forgiven for some time. */
export function judge(pool: HolderPool, holder: Holder, error: unknown, name: string): void {
  const coded = codedError(error, 'STREAM_CLOSED', 'The holder failed.')
  if (coded.code === 'NO_HOLDERS') pool.lacks(holder, name)
  else if (coded.code === 'PROVIDER_BUSY') pool.rest(holder, BUSY_PAUSE_MS)
  else if (BROKEN.has(coded.code)) pool.blame(holder, coded.message)
  else pool.failed(holder, coded)
}

async function asked(
  port: FetchPort,
  holder: Holder,
  query: FetchQuery,
  signal: AbortSignal,
): Promise<FetchAnswer> {
  const answer = await port.ask(holder.peer, query, signal)
  if (answer.kind !== 'refusal') return answer
  const { code } = answer.refusal
  const known = isErrorCode(code) && !BROKEN.has(code) ? code : 'NO_HOLDERS'
  throw new DuckMeshError(known, 'The holder refused.')
}
