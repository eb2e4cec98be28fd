/** Prices are wei per this many tokens. */
const TOKENS_PER_PRICE = 1_000n

/**
 * Price of a step in wei: ceil((priceIn·tokensIn + priceOut·tokensOut) / 1000) (K-8, SCHEMAS "Money of a job").
 *
 * @param priceIn wei per 1 000 prompt tokens
 * @param priceOut wei per 1 000 generated tokens
 */
export function stepPrice(
  priceIn: bigint,
  priceOut: bigint,
  tokensIn: number,
  tokensOut: number,
): bigint {
  const total = priceIn * BigInt(tokensIn) + priceOut * BigInt(tokensOut)
  return (total + TOKENS_PER_PRICE - 1n) / TOKENS_PER_PRICE
}
