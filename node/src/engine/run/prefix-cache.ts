/** Remembers the keys and values of prompts, so that a prompt that begins like an earlier one starts there. */
import { createHash } from 'node:crypto'
import type { LanguageModel, SequenceCache } from './interface.ts'
import { PREFILL_CHUNK } from './prompt-pieces.ts'

/** Tokens of one block: what two prompts must share at least. */
export const BLOCK_TOKENS = 16

export interface PrefixCacheInit {
  /** Most bytes of keys and values; 0 turns the cache off. */
  readonly maxBytes: number
  readonly blockTokens?: number
}

/** Counters since start. */
export interface PrefixCacheStats {
  readonly bytes: number
  readonly hitTokens: number
  readonly missTokens: number
}

/**
 * Blocks of tokens under the hash of everything before and in them, least recently used first. Only
 * what a prefill computed is kept, and at least two tokens of a prompt are always fed anew: so a hit
 * leads to the bits that a miss leads to. The hash starts with the client's key, because the speed of
 * an answer must not tell one client what another has asked.
 */
export class PrefixCache<C extends SequenceCache> {
  readonly #model: LanguageModel<C>
  readonly #maxBytes: number
  readonly #blockTokens: number
  readonly #blocks = new Map<string, Float32Array>()
  #bytes = 0
  #hitTokens = 0
  #missTokens = 0

  constructor(model: LanguageModel<C>, { maxBytes, blockTokens = BLOCK_TOKENS }: PrefixCacheInit) {
    this.#model = model
    this.#maxBytes = maxBytes
    this.#blockTokens = blockTokens
  }

  get stats(): PrefixCacheStats {
    return { bytes: this.#bytes, hitTokens: this.#hitTokens, missTokens: this.#missTokens }
  }

  /** Fills an empty cache with the beginning of a prompt, as far as it is known. */
  restore(cache: C, client: string, ids: readonly number[]): void {
    if (this.#maxBytes === 0) return
    const usable = Math.floor(Math.max(0, ids.length - 2) / this.#blockTokens)
    const known: string[] = []
    for (const hash of this.#hashes(client, ids, usable)) {
      const values = this.#blocks.get(hash)
      if (values === undefined) break
      this.#model.importTokens(cache, values, this.#blockTokens)
      known.push(hash)
    }
    this.#touch(known)
    this.#hitTokens += cache.length
    this.#missTokens += ids.length - cache.length
  }

  /** Remembers a prompt that was just fed as a whole, by prefill alone. */
  keep(cache: C, client: string, ids: readonly number[]): void {
    if (this.#maxBytes === 0) return
    // The last piece but one ended a token early then, and is no piece like others.
    const length = ids.length % PREFILL_CHUNK === 1 ? ids.length - 2 : ids.length
    const hashes = [...this.#hashes(client, ids, Math.floor(length / this.#blockTokens))]
    hashes.forEach((hash, block) => {
      if (this.#blocks.has(hash)) return
      const values = this.#model.exportTokens(cache, block * this.#blockTokens, this.#blockTokens)
      this.#blocks.set(hash, values)
      this.#bytes += values.byteLength
    })
    this.#touch(hashes)
    this.#trim()
  }

  /** A block is of no use without those before it: so the first becomes the most recently used. */
  #touch(hashes: readonly string[]): void {
    for (const hash of [...hashes].reverse()) {
      const values = this.#blocks.get(hash)
      if (values === undefined) continue
      this.#blocks.delete(hash)
      this.#blocks.set(hash, values)
    }
  }

  #trim(): void {
    for (const [hash, values] of this.#blocks) {
      if (this.#bytes <= this.#maxBytes) return
      this.#blocks.delete(hash)
      this.#bytes -= values.byteLength
    }
  }

  /** hash of block n = sha256(hash of block n − 1 ‖ ids of block n). */
  *#hashes(client: string, ids: readonly number[], blocks: number): Generator<string, void> {
    let hash = createHash('sha256').update(client).digest('base64')
    for (let block = 0; block < blocks; block++) {
      const start = block * this.#blockTokens
      const own = Uint32Array.from(ids.slice(start, start + this.#blockTokens))
      hash = createHash('sha256').update(hash).update(own).digest('base64')
      yield hash
    }
  }
}
