/** Lists of piece hashes that a server has computed from its own blobs (F-34). */
import { MAX_LIST_CACHE_BYTES, PIECE_BYTES } from './constants.ts'
import type { BlobSource, Sha256 } from './interface.ts'
import { HASH_BYTES, pieceCount, pieceLength } from './pieces.ts'

export interface PieceListsComponents {
  source: Pick<BlobSource, 'read'>
  sha256: Sha256
}

interface Kept {
  hashes: Promise<Uint8Array>
  bytes: number
}

/** One blob at a time is hashed, whoever asks; the lists used last are kept. */
export class PieceLists {
  readonly #components: PieceListsComponents
  readonly #maxBytes: number
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>()
  #bytes = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(components: PieceListsComponents, maxBytes: number = MAX_LIST_CACHE_BYTES) {
    this.#components = components
    this.#maxBytes = maxBytes
  }

  /** Hashes of all pieces of a blob of this size. Rejects as the source does. */
  of(sha256: string, size: number): Promise<Uint8Array> {
    const kept = this.#kept.get(sha256) ?? this.#start(sha256, size)
    this.#forget(sha256, kept)
    this.#kept.set(sha256, kept)
    this.#bytes += kept.bytes
    for (const [oldest, other] of this.#kept) {
      if (this.#bytes <= this.#maxBytes || other === kept) break
      this.#forget(oldest, other)
    }
    return kept.hashes
  }

  #forget(sha256: string, kept: Kept): void {
    if (this.#kept.get(sha256) !== kept) return
    this.#kept.delete(sha256)
    this.#bytes -= kept.bytes
  }

  #start(sha256: string, size: number): Kept {
    const hashes = this.#last.then(() => this.#compute(sha256, size))
    const kept = { hashes, bytes: pieceCount(size) * HASH_BYTES }
    this.#last = hashes.catch(() => {
      // The next caller makes the source try again.
      this.#forget(sha256, kept)
    })
    return kept
  }

  async #compute(sha256: string, size: number): Promise<Uint8Array> {
    const { sha256: hash, source } = this.#components
    const hashes = new Uint8Array(pieceCount(size) * HASH_BYTES)
    for (let index = 0; index < pieceCount(size); index++) {
      const piece = await source.read(sha256, index * PIECE_BYTES, pieceLength(size, index))
      hashes.set(await hash(piece), index * HASH_BYTES)
    }
    return hashes
  }
}
