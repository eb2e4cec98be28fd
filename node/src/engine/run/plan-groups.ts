/** Which sequences are decoded in one batch. */

/**
 * Splits rows into batches, longest first. All rows of a batch pay for the capacity of its longest, so
 * a row joins only while the capacity wasted so far costs less than reading the weights once more.
 * All rows grow by one token per tick, so the plan holds until a row joins or leaves.
 * @param lengths tokens held by each row
 * @param maxWaste most wasted tokens of capacity in one batch
 * @returns indices into lengths, by batch
 */
export function planGroups(lengths: readonly number[], maxWaste: number): number[][] {
  const order = lengths.map((_, index) => index)
  order.sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0) || a - b)
  const groups: number[][] = []
  let longest = 0
  let waste = Infinity
  for (const index of order) {
    const length = lengths[index] ?? 0
    waste += longest - length
    if (waste > maxWaste) {
      groups.push([])
      longest = length
      waste = 0
    }
    groups.at(-1)?.push(index)
  }
  return groups
}
