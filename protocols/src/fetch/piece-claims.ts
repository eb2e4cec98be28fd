/** Who tells which hashes for the pieces of a blob: holders are bound by what they told (F-20, F-21). */
import { bytesToHex } from '@duckmesh/proto'
import { askPieces, judge } from './ask-holder.ts'
import type { AskComponents } from './ask-holder.ts'
import { LEAVE_AFTER_FAILURES, PIECE_BYTES } from './constants.ts'
import type { Holder } from './holder-pool.ts'
import type { BlobRef, Sha256 } from './interface.ts'

/** A list of piece hashes, and who told it. */
export interface PieceList {
  readonly hashes: Uint8Array
  readonly claimants: Set<Holder>
}

export interface PieceClaimsComponents extends AskComponents {
  sha256: Sha256
}

export class PieceClaims {
  readonly #components: PieceClaimsComponents
  readonly #blob: BlobRef
  readonly #signal: AbortSignal
  /** By the hash of the list. */
  readonly #lists = new Map<string, PieceList>()
  readonly #asked = new Set<Holder>()
  #asking = 0

  constructor(components: PieceClaimsComponents, blob: BlobRef, signal: AbortSignal) {
    this.#components = components
    this.#blob = blob
    this.#signal = signal
  }

  /** Whether answers are still awaited. */
  get pending(): boolean {
    return this.#asking > 0
  }

  /** Lists with someone to ask now: the one that most of them tell first, whoever keeps failing left aside. */
  lists(): PieceList[] {
    const ready = this.#components.pool.ready(this.#blob.sha256)
    const count = ({ claimants }: PieceList, most: number): number =>
      ready.filter((holder) => claimants.has(holder) && holder.failures < most).length
    const all = [...this.#lists.values()].filter((list) => count(list, Infinity) > 0)
    return all.sort((a, b) => count(b, LEAVE_AFTER_FAILURES) - count(a, LEAVE_AFTER_FAILURES))
  }

  /** Asks everybody who is ready and was not asked; the pool tells when an answer came. */
  ask(): void {
    for (const holder of this.#components.pool.ready(this.#blob.sha256)) {
      if (this.#asked.has(holder)) continue
      this.#asked.add(holder)
      this.#asking++
      void this.#askOne(holder)
        .catch((error: unknown) => {
          // Asked again after its rest.
          this.#asked.delete(holder)
          if (!this.#signal.aborted) {
            judge(this.#components.pool, holder, error, this.#blob.sha256)
          }
        })
        .finally(() => {
          this.#asking--
          this.#components.pool.notify()
        })
    }
  }

  /** The blob is whole and wrong though each piece was as the list says: whoever told it, lied (F-22). */
  refute(list: PieceList): void {
    for (const holder of list.claimants) {
      this.#components.pool.blame(holder, 'Its list of pieces is not that of the blob.')
    }
    for (const [name, known] of this.#lists) if (known === list) this.#lists.delete(name)
  }

  async #askOne(holder: Holder): Promise<void> {
    const hashes = await this.#hashes(holder)
    const name = bytesToHex(await this.#components.sha256(hashes))
    const list = this.#lists.get(name) ?? { hashes, claimants: new Set<Holder>() }
    this.#lists.set(name, list)
    list.claimants.add(holder)
  }

  /** A blob of one piece is its own list: its hash is in the manifest. */
  async #hashes(holder: Holder): Promise<Uint8Array> {
    if (this.#blob.size > PIECE_BYTES) {
      return askPieces(this.#components, holder, this.#blob, this.#signal)
    }
    return Uint8Array.from(this.#blob.sha256.match(/../g) ?? [], (pair) =>
      Number.parseInt(pair, 16),
    )
  }
}
