/** JSON mode: leaves only those tokens that keep the text the beginning of a JSON object. */
import { JSON_START, nextJsonState } from './json-state.ts'
import type { JsonState } from './json-state.ts'

/** Tokens of a vocabulary in the order of their bytes. */
export class TokenOrder {
  readonly ids: readonly number[]
  readonly bytes: readonly Uint8Array[]
  /** How many bytes a token shares with the one before it. */
  readonly shared: readonly number[]

  /** @param bytes by token id; null takes no part */
  constructor(bytes: readonly (Uint8Array | null)[]) {
    const tokens = bytes
      .flatMap((each, id) => (each === null || each.length === 0 ? [] : [{ id, bytes: each }]))
      .sort((a, b) => Buffer.compare(a.bytes, b.bytes) || a.id - b.id)
    this.ids = tokens.map(({ id }) => id)
    this.bytes = tokens.map((token) => token.bytes)
    this.shared = tokens.map((token, i) => sharedLength(token.bytes, tokens[i - 1]?.bytes))
  }
}

/**
 * One answer in JSON mode. Which tokens are left depends on the tokens drawn so far alone, so whoever
 * checks an answer finds the same ones; the others' logits become -∞, which takes them out of sampler
 * rule Y-2 on. A token that ends the sequence is left only behind a whole object, where nothing else is.
 */
export class JsonGuide {
  readonly #order: TokenOrder
  readonly #tokenBytes: readonly (Uint8Array | null)[]
  readonly #eosTokenIds: readonly number[]
  #state: JsonState | null = JSON_START

  constructor(
    tokenBytes: readonly (Uint8Array | null)[],
    order: TokenOrder,
    eosTokenIds: readonly number[],
  ) {
    this.#tokenBytes = tokenBytes
    this.#order = order
    this.#eosTokenIds = eosTokenIds
  }

  /** A copy of the logits in which only what may follow is finite. */
  mask(logits: Float32Array): Float32Array {
    const masked = new Float32Array(logits.length).fill(-Infinity)
    if (this.#state?.mode === 'done') {
      for (const id of this.#eosTokenIds) masked[id] = logits[id] ?? -Infinity
      return masked
    }
    for (const id of this.#allowed()) masked[id] = logits[id] ?? -Infinity
    return masked
  }

  /** A token was drawn, or comes from a prefix that another provider drew. */
  push(id: number): void {
    for (const byte of this.#tokenBytes[id] ?? []) {
      this.#state = this.#state === null ? null : nextJsonState(this.#state, byte)
    }
  }

  /** Walks the tokens in byte order and reads a common beginning only once. */
  *#allowed(): Generator<number, void> {
    const { bytes, ids, shared } = this.#order
    // states[n] is the state after n bytes of the token at hand; it ends where reading failed.
    const states: JsonState[] = this.#state === null ? [] : [this.#state]
    for (const [i, token] of bytes.entries()) {
      const known = shared[i] ?? 0
      if (states.length <= known) continue
      states.length = known + 1
      for (let n = known; n < token.length; n++) {
        const state = states[n]
        const next = state === undefined ? null : nextJsonState(state, token[n] ?? 0)
        if (next === null) break
        states.push(next)
      }
      if (states.length === token.length + 1) yield ids[i] ?? 0
    }
  }
}

function sharedLength(a: Uint8Array, b: Uint8Array = new Uint8Array(0)): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i
  return length
}
