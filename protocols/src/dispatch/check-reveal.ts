/** Client, redundant mode: does a reveal open every commitment of its member (rule R-9)? Pure. */
import { TokenHasher, hexToBytes } from '@duckmesh/proto'
import type { Hex, Reveal } from '@duckmesh/proto'

/** What one receipt committed to: the root over the salt and the first `tokens` ids. */
export interface Commitment {
  root: Hex
  tokens: number
}

/** Returns null when it is right, else the sentence that says what is wrong. */
export function checkReveal(
  commitments: readonly Commitment[],
  reveal: Pick<Reveal, 'salt' | 'ids'>,
): string | null {
  const { ids, salt } = reveal
  const last = commitments.at(-1)
  if (ids.length !== (last?.tokens ?? 0)) {
    return `The reveal has ${ids.length} tokens, the receipts ${last?.tokens ?? 0}.`
  }
  const hasher = new TokenHasher(hexToBytes(salt, 32))
  let hashed = 0
  for (const [seq, { root, tokens }] of commitments.entries()) {
    const here = hasher.update(ids.slice(hashed, tokens)).digest()
    if (here !== root) return `The reveal does not open the commitment of receipt ${seq}.`
    hashed = tokens
  }
  return null
}
