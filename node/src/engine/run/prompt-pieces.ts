/** How prompts are cut and put together. */

/** Longest piece of a prompt fed in one tick, in tokens: what running answers wait for at most. */
export const PREFILL_CHUNK = 64

/** Prompts fed together differ by so many tokens at most: logits of all these positions are computed. */
export const MAX_SPREAD = 8

/**
 * Where the next piece of a prompt ends. Pieces end at multiples of the chunk; none but a prompt of one token is a single
 * token, because one token takes other kernels than several. Nor has one a token more than the chunk: kernels work on tiles
 * of 64 tokens, so its last token would be alone there. What would leave one token over ends one earlier.
 */
export function pieceEnd(start: number, total: number): number {
  if (total === 1) return total
  const end = Math.min(total, (Math.floor((start + 1) / PREFILL_CHUNK) + 1) * PREFILL_CHUNK)
  return total - end === 1 ? end - 1 : end
}

/**
 * Which prompts to feed in one run, padded to the longest of them, beginning with the first.
 * @param lengths tokens of whole prompts, in the order of their turns
 * @returns indices into lengths
 */
export function promptsTogether(lengths: readonly number[]): number[] {
  const [first = 0] = lengths
  const taken: number[] = []
  let [shortest, longest] = [first, first]
  lengths.forEach((length, index) => {
    const [low, high] = [Math.min(shortest, length), Math.max(longest, length)]
    const fits = (taken.length + 1) * high <= PREFILL_CHUNK && high - low <= MAX_SPREAD
    // One token takes other kernels than several, so it is not put beside longer ones.
    if (index > 0 && (!fits || low < 2)) return
    taken.push(index)
    shortest = low
    longest = high
  })
  return taken
}
